"""Reading bundle files: the head, which looks like an empty list of refs where it was cut off, and the pack."""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import BinaryIO

from claif_git.errors import RemoteError
from claif_git.git.kinds import Oid
from claif_git.git.transport.address import Address

_SIGNATURES = (b"# v2 git bundle\n", b"# v3 git bundle\n")
_LONGEST = 1 << 16
_LINE = re.compile(rb"@[^\n]*\n|-?([0-9a-f]{40})(?: ([^\n]*))?\n")
_PACK = b"PACK"


@contextmanager
def opened_bundle(address: Address) -> Iterator[tuple[dict[str, Oid], BinaryIO]]:
    """Give a bundle's branches and the file, at the beginning of its pack.

    RemoteError for a file that is no bundle, that ends within its head, or that holds no branch.
    """
    try:
        with Path(address.path).open("rb") as file:
            if file.readline(_LONGEST) not in _SIGNATURES:
                raise RemoteError(f"{address} is no bundle file")
            refs = _refs(file, address)
            start = file.tell()
            if file.read(len(_PACK)) != _PACK:
                raise RemoteError(f"{address} is cut off, or damaged")
            file.seek(start)
            yield refs, file
    except OSError as error:
        raise RemoteError(f"cannot read {address}: {error.strerror}") from error


def _refs(file: BinaryIO, address: Address) -> dict[str, Oid]:
    refs: dict[str, Oid] = {}
    while (line := file.readline(_LONGEST)) != b"\n":
        found = _LINE.fullmatch(line)
        if not found:
            raise RemoteError(f"{address} is cut off, or damaged")
        if found[2] and found[2].startswith(b"refs/") and not line.startswith(b"-"):
            refs[found[2].decode("utf-8", "surrogateescape")] = found[1].decode("ascii")
    if not refs:
        raise RemoteError(f"{address} holds no branch")
    return refs
