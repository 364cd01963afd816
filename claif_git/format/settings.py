"""A setting as a file: one `key: value` line, so that two people who change different settings never meet."""

from __future__ import annotations

import hashlib
import re
import unicodedata

from claif_git.errors import MalformedError
from claif_git.format.lines import line, read_lines
from claif_git.model import Json

_NOT_SLUG = re.compile(r"[^a-z0-9]+")
_SLUG_LENGTH = 40


def encode_setting(key: str, value: Json) -> bytes:
    """Write a setting. One that is gone holds None. InvalidInputError for a key over 200 characters, deep nesting."""
    return line(key, value).encode()


def decode_setting(data: bytes) -> tuple[str, Json]:
    """Read a setting: its key and value. MalformedError for anything but one key."""
    values = read_lines(data)
    if len(values) != 1:
        raise MalformedError(f"a setting is one key and its value, not {len(values)} keys", line=1)
    return next(iter(values.items()))


def metadata_file(key: str) -> str:
    """Name the file of a metadata key: `<slug>-<hash8 of the key>.yaml`."""
    ascii_key = unicodedata.normalize("NFKD", key[:1000]).encode("ascii", "ignore").decode().lower()
    slug = _NOT_SLUG.sub("-", ascii_key).strip("-")[:_SLUG_LENGTH].rstrip("-") or "key"
    return f"{slug}-{hashlib.sha256(key.encode('utf-8', 'surrogatepass')).hexdigest()[:8]}.yaml"
