"""What goes into message files, with a liking for what breaks them."""

from __future__ import annotations

import base64
import json
from datetime import UTC, datetime

from hypothesis import strategies as st

from claif_git.model import Message

YAML_LOOKING = [
    *("no", "yes", "y", "N", "on", "off", "true", "null", "~", "", "<<", "=", "user", "12:30:45", "2026-01-01"),
    *("2026-11-24T21:32:05.123456Z", "1_000", "0x1F", "017", "0b1", "1e5", "1.5", "-0", ".inf", ".nan", "NaN", "- x"),
    *("a: b", "# x", "&a", "*a", "!!str x", "[", "{", "|", ">", "%YAML", "@", "`", "'", '"', "? x", "---", "..."),
]
NASTY = [
    *YAML_LOOKING,
    *("\n---\n", "---\n", "\r\n", "\r", "\n", "\n\n\n", "\ufeff", "\0", "\x1a", "\x1ad83d", "\x1a001a", "\x1b[31m"),
    *("\x7f", "\x80", "\x85", "\xa0", "\u2028", "\u2029", "\ufffe", "\uffff", "\U0001f600", "\U0010ffff", "\t", "\\"),
    *("\ud83d", "\ude00", "\ud83d\ude00", "\udfff", "\\u001a", "\\ud83d", "<!-- 1f3a:1 -->\n", "<!-- ", ' "1e+5" '),
    *("x" * 81, " " * 90, "\u3042" * 80, "\x1a" * 81),
]
chars = st.characters()
texts = st.one_of(
    st.sampled_from(NASTY),
    st.lists(st.sampled_from(NASTY), max_size=5).map("".join),
    st.text(chars, max_size=6),
)
integers = st.one_of(st.integers(), st.sampled_from([0, 1, -1, 2**63, 2**64, 10**30, -(10**400)]))
floats = st.one_of(
    st.floats(allow_nan=False, allow_infinity=False), st.sampled_from([0.0, -0.0, 1.0, 1e300, 1e-7, 1e16, 5e-324])
)
leaves = st.one_of(st.none(), st.booleans(), integers, floats, texts)
keys = st.one_of(st.sampled_from([*NASTY, "data", "type", "a"]), st.text(chars, max_size=4))


def nested(leaf, key):
    """Give values up to three levels deep. By hand: `st.recursive` is several times slower."""
    value = leaf
    for _ in range(2):
        value = st.one_of(leaf, st.lists(value, max_size=3), st.dictionaries(key, value, max_size=3))
    return value


values = nested(leaves, keys)
mappings = st.dictionaries(keys, st.one_of(leaves, values), max_size=3)


@st.composite
def sources(draw):
    payload = draw(st.one_of(st.binary(max_size=20), st.binary(min_size=90, max_size=140)))
    data = base64.b64encode(payload).decode()
    spoilt = draw(st.sampled_from([data, data, data, f"{data}\n", data.rstrip("="), f"{data[:-1]}!"]))
    media = draw(st.one_of(st.sampled_from(["image/png", "application/pdf", "x/y", None, 1]), texts))
    kind = draw(st.sampled_from(["base64", "base64", "text"]))
    return {"type": kind, "media_type": media, "data": spoilt}


block_keys = st.one_of(
    keys,
    st.sampled_from(["$part", "$attachment", "$json", "$$part", "$$$json", "$ref", "$", "$partial"]),
    st.sampled_from(["k" * 201, "k" * 2000, "\ud83d" * 150, "\x85" * 180]),
)
block_values = nested(st.one_of(leaves, sources()), block_keys)
blocks = st.one_of(
    st.builds(lambda text: {"type": "text", "text": text}, texts),
    st.builds(lambda source: {"type": "image", "source": source}, sources()),
    st.builds(
        lambda inner: {"type": "tool_result", "tool_use_id": "t", "content": inner},
        st.lists(block_values, max_size=3),
    ),
    st.builds(lambda given: {"type": "tool_use", "id": "t", "name": "bash", "input": given}, block_values),
    st.builds(lambda number, text: {"$part": number, "x": text}, st.integers(0, 3), texts),
    st.builds(lambda number: {"$json": number}, st.integers(0, 3)),
    st.dictionaries(block_keys, block_values, max_size=4),
)
moments = st.one_of(
    st.just(datetime(2026, 11, 24, 21, 32, 5, tzinfo=UTC)),
    st.datetimes(datetime(1970, 1, 1), datetime(9989, 12, 31), timezones=st.just(UTC)),  # noqa: DTZ001 - bounds are naive
)
names = st.one_of(st.none(), texts.filter(bool))
tokens = st.one_of(st.none(), st.integers(min_value=0), mappings)
extras = mappings.map(lambda extra: {f"x{key}": value for key, value in extra.items()})
roles = st.sampled_from(["system", "user", "assistant"])


def messages(content):
    """Give messages that say little beside their content."""
    return st.builds(Message, roles, content, moments, st.one_of(st.just({}), st.just({"file": "utils.py"})))


def headed(content):
    """Give messages whose every field is drawn."""
    more = {"model": names, "copied_from": names, "extra": extras}
    return st.builds(Message, roles, content, moments, mappings, tokens, names, **more)


def exactly(value):
    """Give text that is the same only for values that are the same to the last type, sign and key order."""
    return json.dumps(value, ensure_ascii=False, allow_nan=False).encode("utf-8", "surrogatepass")


def facts(message):
    """Give all that a message says, to be compared exactly."""
    told = (message.metadata, message.tokens, message.id, message.model, message.copied_from, message.extra)
    return exactly([str(message.role), message.timestamp.isoformat(), message.content, *told])
