"""A drop file: messages that are left out from here on, and ones that are shown again."""

from __future__ import annotations

from dataclasses import dataclass

from claif_git.errors import InvalidInputError, MalformedError
from claif_git.format.lines import line_of, listing, read_lines
from claif_git.format.values import dumps
from claif_git.model import Json


@dataclass(frozen=True, slots=True)
class Drop:
    """Paths below `messages/`: what to leave out, what to show again."""

    drop: tuple[str, ...] = ()
    keep: tuple[str, ...] = ()


def encode_drop(drop: Drop) -> bytes:
    """Write a drop file, a path a line. InvalidInputError for a path that leads elsewhere."""
    for path in (*drop.drop, *drop.keep):
        if not _is_path(path):
            raise InvalidInputError(f"not a path below messages/: {path[:120]!r}")
    text = listing("drop", map(dumps, drop.drop))
    return (text + listing("keep", map(dumps, drop.keep)) if drop.keep else text).encode()


def decode_drop(data: bytes) -> Drop:
    """Read a drop file; keys unknown to this version are passed over. MalformedError with the line."""
    values = read_lines(data)
    try:
        return Drop(_paths(values, "drop"), _paths(values, "keep"))
    except MalformedError as error:
        key = error.reason.split(maxsplit=1)[0]
        raise MalformedError(error.reason, line=line_of(data.decode("utf-8", "replace"), key)) from None


def _paths(values: dict[str, Json], key: str) -> tuple[str, ...]:
    paths = values.get(key)
    if paths is None:
        return ()
    if not isinstance(paths, list):
        raise MalformedError(f"{key} is a list of paths below messages/")
    for path in paths:
        if not _is_path(path):
            raise MalformedError(f"{key} holds what is no path below messages/: {str(path)[:120]!r}")
    return tuple(paths)


def _is_path(path: Json) -> bool:
    if not isinstance(path, str) or not path.isprintable():
        return False
    return not {"", ".", ".."} & set(path.split("/"))
