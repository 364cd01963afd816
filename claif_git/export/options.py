"""What an export can be told, and what each format does when it is told nothing."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from claif_git.errors import InvalidInputError


def settle(export_format: str, defaults: Mapping[str, Any], given: Mapping[str, object]) -> dict[str, Any]:
    """Lay the options given over the format's defaults.

    InvalidInputError for an option that the format does not take (it lists those that it takes), or of another type.
    """
    unknown = [name for name in given if name not in defaults]
    if unknown:
        raise InvalidInputError(
            f"the export format {export_format!r} does not take {_listed(unknown)}; it takes {_listed(defaults)}"
        )
    for name, value in given.items():
        if type(value) is not type(defaults[name]):
            wanted = "True or False" if isinstance(defaults[name], bool) else "a name"
            raise InvalidInputError(f"the export option {name} is {wanted}, not {value!r}")
    return {**defaults, **given}


def _listed(names: Iterable[str]) -> str:
    return ", ".join(sorted(names)) or "no options"
