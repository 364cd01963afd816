"""The strict YAML reader, for what a person wrote or edited.

Less than YAML: at most 1 MiB, one mapping, no alias, anchor, tag or key that stands twice, and no deeper than what we
write ourselves. Keys are the text that stands there (`on:` is "on"), dates likewise; other values are YAML 1.1's.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, date, datetime
from typing import Any, cast

import yaml

from claif_git.errors import InvalidInputError, MalformedError
from claif_git.format.values import MAX_DEPTH, check, check_key, unescape
from claif_git.model import Json

MAX_BYTES = 1 << 20
MAX_NUMBER = 5000
"""Characters of a number. YAML's base 60 (`1:30:00`) takes time by the square of them."""
_Loader: Any = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
_TIMESTAMP = "tag:yaml.org,2002:timestamp"
_MERGE = "tag:yaml.org,2002:merge"
_READABLE = frozenset(f"tag:yaml.org,2002:{name}" for name in ("null", "bool", "int", "float"))


def read(text: str, *, first_line: int = 1) -> dict[str, Json]:
    """Read a mapping. MalformedError, with the line (the text begins in `first_line`), if it breaks the rules."""
    if len(text) > MAX_BYTES or len(text.encode("utf-8", "replace")) > MAX_BYTES:
        raise MalformedError("more than 1 MiB of YAML", line=first_line)
    try:
        return _read(text, first_line)
    except yaml.YAMLError as error:
        raise MalformedError(f"not YAML: {_reason(error)}", line=_line(error, text, first_line)) from None
    except (ValueError, OverflowError, RecursionError) as error:
        raise MalformedError(f"not readable: {str(error)[:200]}", line=first_line) from None


def moment(text: str) -> datetime:
    """Read any of YAML's forms of a moment. InvalidInputError if it is none."""
    node = yaml.ScalarNode(_TIMESTAMP, text.strip())
    if not yaml.constructor.SafeConstructor.timestamp_regexp.match(node.value):
        raise InvalidInputError(f"not a moment: {text[:60]!r}")
    try:
        value: date = yaml.constructor.SafeConstructor().construct_yaml_timestamp(node)
    except (ValueError, OverflowError):
        raise InvalidInputError(f"not a moment: {text[:60]!r}") from None
    if isinstance(value, datetime):
        return value if value.tzinfo else value.replace(tzinfo=UTC)
    return datetime(value.year, value.month, value.day, tzinfo=UTC)


def _read(text: str, first_line: int) -> dict[str, Json]:
    _refuse(text, first_line)
    loader = _Loader(text)
    try:
        node = loader.get_single_node()
        if node is None:
            return {}
        if not isinstance(node, yaml.MappingNode):
            raise MalformedError("not a mapping of keys to values", line=first_line)
        value = cast("dict[str, Json]", _built(node, loader, first_line))
    finally:
        loader.dispose()
    for item in value.values():
        check(item, MAX_DEPTH + isinstance(item, list))
    return value


def _refuse(text: str, first_line: int) -> None:
    """Go through the events first: composing nodes would follow aliases and recurse as deep as the text says."""
    depth = 0
    events: Iterator[Any] = yaml.parse(text, Loader=_Loader)
    for event in events:
        line = first_line + event.start_mark.line
        if isinstance(event, yaml.AliasEvent) or getattr(event, "anchor", None) is not None:
            raise MalformedError("aliases and anchors are not allowed", line=line)
        if getattr(event, "tag", None) is not None:
            raise MalformedError("tags are not allowed", line=line)
        if isinstance(event, yaml.CollectionStartEvent):
            depth += 1
            if depth > MAX_DEPTH + 2:
                raise MalformedError("nested too deep", line=line)
        elif isinstance(event, yaml.CollectionEndEvent):
            depth -= 1


def _built(node: Any, loader: Any, first_line: int) -> Json:
    if isinstance(node, yaml.MappingNode):
        mapping: dict[str, Json] = {}
        for key_node, value_node in node.value:
            key = _key(key_node, first_line)
            if key in mapping:
                raise MalformedError(f"the key {key!r} stands twice", line=first_line + key_node.start_mark.line)
            mapping[key] = _built(value_node, loader, first_line)
        return mapping
    if isinstance(node, yaml.SequenceNode):
        return [_built(item, loader, first_line) for item in node.value]
    return _scalar(node, loader, first_line)


def _key(node: Any, first_line: int) -> str:
    line = first_line + node.start_mark.line
    if not isinstance(node, yaml.ScalarNode) or node.tag == _MERGE:
        raise MalformedError("a key is text", line=line)
    key = unescape(node.value)
    try:
        check_key(key)
    except InvalidInputError as error:
        raise MalformedError(error.message, line=line) from None
    return key


def _scalar(node: Any, loader: Any, first_line: int) -> Json:
    if node.tag not in _READABLE:
        return unescape(node.value)
    if len(node.value) > MAX_NUMBER:
        raise MalformedError("a number that is too long", line=first_line + node.start_mark.line)
    try:
        value = loader.construct_object(node)
        check(value)
    except (ValueError, OverflowError) as error:
        raise MalformedError(str(error)[:200], line=first_line + node.start_mark.line) from None
    return value


def _reason(error: yaml.YAMLError) -> str:
    problem = getattr(error, "problem", None) or getattr(error, "reason", None) or str(error)
    return str(problem).replace("\n", " ")[:200]


def _line(error: yaml.YAMLError, text: str, first_line: int) -> int:
    mark = getattr(error, "problem_mark", None)
    if mark is not None:
        return first_line + int(mark.line)
    position = getattr(error, "position", None)
    return first_line + text.count("\n", 0, position) if isinstance(position, int) else first_line
