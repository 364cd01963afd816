"""Where a store or a bundle may be made: at a path, never at what was meant as an address."""

from __future__ import annotations

import os
import re
from pathlib import Path

from claif_git.errors import InvalidInputError, is_like_address

_URL = re.compile(r"://|(?:\A|/)(?:file|ssh|git|https?|ftps?):/", re.IGNORECASE)  # with one '/' once it was a Path


def check_place(path: str | os.PathLike[str]) -> None:
    """Raise InvalidInputError if an address stands where a path does: no file or folder gets a password for a name.

    What is there may be called as it is.
    """
    text = os.fspath(path)
    if _URL.search(text):
        raise InvalidInputError("an address stands where a path of this machine does", hint="a path holds no '://'")
    place = Path(text).absolute()
    missing = [part.name for part in (place, *place.parents) if not os.path.lexists(part)]
    if is_like_address("/".join(reversed(missing))):
        raise InvalidInputError(
            "an address stands where a path of this machine does",
            hint="what is made gets no name with a ':' and an '@'",
        )
