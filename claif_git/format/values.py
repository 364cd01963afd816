"""Values as text that `json` and any YAML 1.1 reader read alike.

JSON in one line, narrowed: floats carry a `.` and a signed exponent, what YAML refuses raw is written as a JSON escape,
keys are short enough for YAML's simple keys. A lone surrogate, which YAML cannot say at all, is U+001A and its four hex
digits; a U+001A of the text's own is escaped the same way.
"""

from __future__ import annotations

import json
import math
import re
from typing import Any

from claif_git.errors import InvalidInputError
from claif_git.model import Json
from claif_git.model.blocks import MAX_INT_DIGITS

MAX_DEPTH = 64
"""Lists and mappings within each other, in front matter. Other readers may stop soon after."""
MAX_KEY = 200
ANY_KEY = 1 << 62
_MAX_WRITTEN_KEY = 1000  # libyaml gives up on a key of more than 1,024 characters as written
_INT_LIMIT = 10**MAX_INT_DIGITS

_ESCAPABLE = re.compile("[\x1a\ud800-\udfff]")
_ESCAPED = re.compile("\x1a(001a|d[89a-f][0-9a-f]{2})")
_SURROGATE = re.compile("[\ud800-\udfff]")
_NOT_IN_YAML = re.compile("[\x7f-\x9f\u2028\u2029\ufeff\ufffe\uffff]")
_EXPONENT = re.compile(r"[0-9]e[+-][0-9]")
_STRING_OR_EXPONENT = re.compile(r'"[^"\\]*(?:\\.[^"\\]*)*"|(-?[0-9]+)(\.[0-9]+)?(e[+-][0-9]+)')
_OUR_FLOAT = re.compile(r"-?[0-9]+\.[0-9]+(?:e[+-][0-9]+)?")

_BARE_KEY = re.compile(r"[a-z][a-z0-9_]*")
_YAML_WORDS = frozenset({"y", "n", "yes", "no", "on", "off", "true", "false", "null"})

_encode = json.JSONEncoder(ensure_ascii=False, allow_nan=False, separators=(",", ":")).encode


def escape(text: str) -> str:
    """Write lone surrogates, and U+001A itself, as U+001A and four hex digits."""
    return _ESCAPABLE.sub(lambda match: f"\x1a{ord(match[0]):04x}", text)


def unescape(text: str) -> str:
    """Undo `escape`. A U+001A that starts no escape stays as it is."""
    return _ESCAPED.sub(lambda match: chr(int(match[1], 16)), text) if "\x1a" in text else text


def dumps(value: Json, *, max_depth: int = MAX_DEPTH, max_key: int = MAX_KEY) -> str:
    """Write plain JSON data as one line. InvalidInputError for deep nesting, a long key, NaN, what is no JSON."""
    text = _json(value)
    if len(text) > MAX_KEY // 2 or text.count("[") + text.count("{") > max_depth:
        check(value, max_depth, max_key)
    if "\\u001a" in text or _SURROGATE.search(text):
        text = _json(_mapped(value, escape))
    text = _yaml_safe(text)
    return _STRING_OR_EXPONENT.sub(_pointed, text) if _EXPONENT.search(text) else text


def dump_key(key: str) -> str:
    """Write a key at the start of a line: bare where no YAML reader can take it for anything but text."""
    if _BARE_KEY.fullmatch(key) and key not in _YAML_WORDS and len(key) <= MAX_KEY:
        return key
    check_key(key)
    return dumps(key)


def loads(text: str, *, max_depth: int = MAX_DEPTH, max_key: int = MAX_KEY) -> Json:
    """Read what `dumps` wrote. ValueError for what it would not have written: NaN, a key twice, deep nesting."""
    try:
        value = _parsed(text)
        if "\\u001" in text:
            value = _mapped(value, unescape)
        if len(text) > MAX_KEY or text.count("[") + text.count("{") > max_depth:
            check(value, max_depth, max_key)
    except RecursionError:
        raise ValueError("nested too deep") from None
    return value


def load_key(line: str) -> tuple[str, int]:
    """Read a quoted key at the start of a line; give it and where it ends. ValueError if there is none."""
    key, end = _decoder.raw_decode(line)
    if not isinstance(key, str):
        raise ValueError("a key is text")  # noqa: TRY004 - one exception for every line that is not ours
    key = unescape(key)
    check_key(key)
    return key, end


def check(value: Json, max_depth: int = MAX_DEPTH, max_key: int = MAX_KEY) -> None:
    """Hold `value` to the limits of the format: InvalidInputError for depth, keys' length, size of integers."""
    if isinstance(value, (dict, list)):
        if max_depth <= 0:
            raise InvalidInputError("nested too deep")
        if isinstance(value, dict):
            for key in value:
                check_key(key, max_key)
        for item in value.values() if isinstance(value, dict) else value:
            check(item, max_depth - 1, max_key)
    elif isinstance(value, int) and not -_INT_LIMIT < value < _INT_LIMIT:
        raise InvalidInputError(f"an integer of more than {MAX_INT_DIGITS} digits")
    elif isinstance(value, float) and not math.isfinite(value):
        raise InvalidInputError(f"{value} is not a number that JSON has")


def check_key(key: str, max_key: int = MAX_KEY) -> None:
    """Hold a key to `max_key` characters, and to what YAML takes for a key once it is written."""
    written = len(_yaml_safe(_encode(escape(key)))) if max_key // 2 < len(key) <= max_key else 0
    if len(key) > max_key or written > _MAX_WRITTEN_KEY:
        raise InvalidInputError(f"a key of more than {MAX_KEY} characters: {key[:40]!r}")


def unlike_in_yaml(text: str) -> bool:
    """Tell whether YAML refuses a character that stands in `text`, or takes it for a line break where JSON does not."""
    return "\r" in text or (("\x7f" in text or not text.isascii()) and _NOT_IN_YAML.search(text) is not None)


def _json(value: Json) -> str:
    try:
        return _encode(value)
    except (TypeError, ValueError, RecursionError) as error:
        raise InvalidInputError(f"not JSON data: {error}") from error


def _yaml_safe(text: str) -> str:
    """Escape what YAML refuses or takes for a line break. Such characters occur inside JSON's strings only."""
    return (
        _NOT_IN_YAML.sub(lambda match: f"\\u{ord(match[0]):04x}", text)
        if not text.isascii() or "\x7f" in text
        else text
    )


def _pointed(match: re.Match[str]) -> str:
    """Give `1e+300` the point without which YAML 1.1 takes it for text."""
    digits, fraction, exponent = match.groups()
    return match[0] if digits is None else f"{digits}{fraction or '.0'}{exponent}"


def _mapped(value: Json, change: Any) -> Json:
    if isinstance(value, str):
        return change(value)
    if isinstance(value, dict):
        return {change(key): _mapped(item, change) for key, item in value.items()}
    if isinstance(value, list):
        return [_mapped(item, change) for item in value]
    return value


def _mapping(pairs: list[tuple[str, Json]]) -> dict[str, Json]:
    mapping = dict(pairs)
    if len(mapping) != len(pairs):
        raise ValueError("a key stands twice")
    return mapping


def _float(text: str) -> float:
    value = float(text)
    if not _OUR_FLOAT.fullmatch(text) or not math.isfinite(value):
        raise ValueError(f"not a number as we write it: {text[:40]}")
    return value


def _constant(name: str) -> float:
    raise ValueError(f"{name} is not JSON")


_decoder = json.JSONDecoder(object_pairs_hook=_mapping, parse_float=_float, parse_constant=_constant)
_scan = _decoder.scan_once  # type: ignore[attr-defined]  # what `decode` calls, less its two looks for blanks


def _parsed(text: str) -> Json:
    try:
        value, end = _scan(text, 0)
    except StopIteration:  # no value, or blanks before it
        return _decoder.decode(text)
    return value if end == len(text) else _decoder.decode(text)  # blanks after it, or more than one value
