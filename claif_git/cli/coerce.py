"""Turns words into str, int, bool and Path without pydantic.

typer 0.29 builds a pydantic adapter for each parameter, for which a command that runs pays some 70 ms. Its parameters
ask an object with a `coerce` method, made on first use; this puts a plain one in that place. A typer that works in
another way is left alone: it is then right all the same, and as slow as it is.
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import typer


def _number(word: str) -> int:
    return int(word)


_CONVERTERS: dict[object, Callable[[str], Any]] = {str: str, int: _number, Path: Path, bool: bool}
_MANY: dict[object, Callable[[str], Any]] = {list[str]: str, list[int]: _number, list[Path]: Path}


class Plain:
    """What typer asks to turn the words of one parameter into its value."""

    def __init__(self, convert: Callable[[str], Any], *, many: bool, least: float | None) -> None:
        self._convert, self._many, self._least = convert, many, least

    def coerce(self, value: Any, param: Any, ctx: Any) -> Any:
        """Give the value; `typer.BadParameter` if the words make none."""
        if value is None:
            return () if self._many else None
        words = value if self._many else [value]
        values = [self._one(word, param, ctx) for word in words]
        return values if self._many else values[0]

    def _one(self, word: Any, param: Any, ctx: Any) -> Any:
        try:
            value = self._convert(word)
        except ValueError:
            raise typer.BadParameter(f"{word!r} is not a whole number.", ctx=ctx, param=param) from None
        if self._least is not None and value < self._least:
            raise typer.BadParameter(f"{value} is less than {self._least}.", ctx=ctx, param=param)
        return value


def cheaply(param: Any) -> Any:
    """Give a typer parameter, to be read by `Plain` if it is of one of our few types."""
    descriptor = getattr(param, "type_descriptor", None)
    if descriptor is None or getattr(param, "_runtime_param", param) is not None:
        return param
    annotation = descriptor.annotation
    many = annotation in _MANY
    convert = _MANY.get(annotation) if many else _CONVERTERS.get(annotation)
    if convert is not None:
        least = getattr(descriptor.parameter_info, "min", None)
        param._runtime_param = Plain(convert, many=many, least=least)  # noqa: SLF001 - what this module is for
    return param
