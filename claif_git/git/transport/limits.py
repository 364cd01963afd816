"""How much is taken from a remote: settings whose defaults no conversation ever meets."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass, fields

from claif_git.errors import InvalidInputError

_UNITS = {"": 1, "k": 1 << 10, "m": 1 << 20, "g": 1 << 30}
_SIZE = re.compile(r"\s*(\d{1,15})\s*([kmg]?)\s*", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Limits:
    """The limits, each a key of the store's git config: `claif.maxPackSize` and so on. Sizes are bytes.

    max_silence   seconds for which a remote may say nothing in the middle of an exchange; 0: for ever
    """

    max_pack_size: int = 4 << 30
    max_object_size: int = 256 << 20
    max_tree_depth: int = 48
    max_files: int = 2_000_000
    max_refs: int = 100_000
    max_silence: int = 60

    @staticmethod
    def of(config_get: Callable[[str], str | None]) -> Limits:
        """Read the limits that a store sets (`10m` is ten mebibytes). InvalidInputError for what is no number."""
        found: dict[str, int] = {}
        for field in fields(Limits):
            key = "claif." + _camel(field.name)
            value = config_get(key)
            if value is None:
                continue
            number = _SIZE.fullmatch(value)
            if not number:
                raise InvalidInputError(f"{key} is a number, with k, m or g if you like, not {value!r}")
            found[field.name] = int(number[1]) * _UNITS[number[2].lower()]
        return Limits(**found)


def _camel(name: str) -> str:
    first, *rest = name.split("_")
    return first + "".join(word.capitalize() for word in rest)
