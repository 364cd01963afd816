"""The `.gitattributes` of a branch that came from elsewhere: git obeys it at every checkout, so it is read first."""

from __future__ import annotations

import re

from claif_git.format import layout

_HARMLESS = re.compile(
    r"-text|-diff|diff(?:=[A-Za-z0-9_-]{1,40})?|-merge|-filter|-ident|!?whitespace|-whitespace"
    r"|-?linguist-[a-z-]{1,40}(?:=[A-Za-z0-9_-]{1,40})?",
    re.ASCII,
)
_LONGEST_LINE = 1024


def is_harmless(data: bytes) -> bool:
    """Say whether attributes leave content as it is and run nothing: ours, or ones that concern how it is shown."""
    if data == layout.ATTRIBUTES:
        return True
    if len(data) > 1 << 16:
        return False
    return all(_is_harmless_line(line) for line in data.decode("utf-8", "replace").splitlines())


def _is_harmless_line(line: str) -> bool:
    if len(line) > _LONGEST_LINE or not line.isprintable():
        return False
    words = line.split()
    if not words or words[0].startswith("#"):
        return True
    return not words[0].startswith(("[", '"')) and all(_HARMLESS.fullmatch(word) for word in words[1:])
