from __future__ import annotations

import pytest
import yaml
from format_strategies import YAML_LOOKING, exactly, keys, mappings, texts, values
from hypothesis import example, given, settings
from hypothesis import strategies as st

from claif_git.errors import InvalidInputError
from claif_git.format.lines import scan
from claif_git.format.values import dump_key, dumps, escape, loads, unescape


@settings(max_examples=1000)
@given(values)
@example({"a": [1, 1.0, -0.0, 1e300, 1e-7, 1e16, True, None]})
@example('1e+5 \\u001a \\\\ " 1e-7')
@example({"\ud83d\ude00": "\U0001f600"})
@example(10**3999)
def test_values_come_back_to_the_last_sign_and_type(value):
    text = dumps(value)
    assert exactly(loads(text)) == exactly(value)
    assert "\n" not in text
    text.encode()


@given(mappings)
def test_order_of_keys_is_kept(mapping):
    backwards = dict(reversed(mapping.items()))
    assert list(loads(dumps(backwards))) == list(backwards)


@settings(max_examples=500)
@given(
    st.lists(st.sampled_from(["\x1a", "\x1a001a", "\ud83d", "\ude00", "d83d", "001a", "x"]), max_size=8).map("".join)
)
def test_escape_can_always_be_undone(text):
    assert unescape(escape(text)) == text
    escape(text).encode()


def test_a_stray_escape_character_is_left_alone():
    assert unescape("\x1a \x1ad8 \x1a0041 \x1a") == "\x1a \x1ad8 \x1a0041 \x1a"


@pytest.mark.parametrize("text", YAML_LOOKING)
def test_strings_that_look_like_yaml_stay_strings(text):
    front = f"{dump_key(text)}: {dumps(text)}\nx: {dumps({text: [text]})}\n"
    expected = {text: text, "x": {text: [text]}}
    assert yaml.load(front, Loader=yaml.CSafeLoader) == expected
    assert scan(front) == expected


@given(
    st.one_of(keys, st.from_regex(r"[a-z][a-z0-9_]{0,8}", fullmatch=True), st.sampled_from(["y", "no", "null", "off"]))
)
def test_keys_are_text_for_every_reader(key):
    front = f"{dump_key(key)}: 1\n"
    assert scan(front) == {key: 1}
    assert [unescape(name) for name in yaml.load(front, Loader=yaml.CSafeLoader)] == [key]
    assert dump_key(key).startswith('"') or key not in {"y", "n", "yes", "no", "on", "off", "true", "false", "null"}


@pytest.mark.parametrize(
    ("number", "text"),
    [(1e300, "1.0e+300"), (1e-7, "1.0e-07"), (1.5e-9, "1.5e-09"), (-0.0, "-0.0"), (1.0, "1.0"), (-1e22, "-1.0e+22")],
)
def test_floats_are_written_as_yaml_reads_them(number, text):
    assert dumps(number) == text
    assert exactly(yaml.load(f"x: {text}", Loader=yaml.CSafeLoader)) == exactly({"x": number})


@pytest.mark.parametrize("key", ["k" * 200, "\ud83d" * 100, "\ufeff" * 160])
def test_the_longest_keys_are_read_by_both(key):
    front = f"x: {dumps({key: 1})}\n{dump_key(key)}: 2\n"
    assert scan(front) == {"x": {key: 1}, key: 2}
    assert len(yaml.load(front, Loader=yaml.CSafeLoader)) == 2


@pytest.mark.parametrize("key", ["k" * 201, "\ud83d" * 101, "\ufeff" * 170])
def test_longer_keys_are_refused(key):
    for refused in (lambda: dumps({key: 1}), lambda: dumps([{"a": {key: 1}}]), lambda: dump_key(key)):
        with pytest.raises(InvalidInputError, match="a key of more than"):
            refused()


def test_nesting_is_bounded():
    text = "[" * 64 + "]" * 64
    assert dumps(loads(text)) == text
    with pytest.raises(InvalidInputError, match="nested too deep"):
        dumps([loads(text)])
    with pytest.raises(ValueError, match="nested too deep"):
        loads(f"[{text}]")
    with pytest.raises(ValueError, match="nested too deep"):
        loads("[" * 100_000)


def test_nesting_too_deep_to_be_changed_is_an_error_of_ours():
    value = "\ud83d"
    for _ in range(600):
        value = [value]
    with pytest.raises(InvalidInputError, match="nested too deep"):
        dumps(value)
    with pytest.raises(ValueError, match="nested too deep"):
        loads("[" * 600 + '"\\u001ad83d"' + "]" * 600)


@pytest.mark.parametrize(
    "text",
    [
        "NaN",
        "-Infinity",
        "1e5",
        "1.5e5",
        "1e999",
        "1.0e+999",
        '{"a":1,"a":2}',
        '"\t"',
        "",
        "1 2",
        "'a'",
        "1" * 5000,
        "1" * 4100,
    ],
)
def test_what_we_would_not_have_written_is_no_value(text):
    with pytest.raises(ValueError):  # noqa: PT011 - json's own words differ
        loads(text)


@pytest.mark.parametrize("value", [float("nan"), 1j, b"x", {1}, 10**4000, [float("inf")]])
def test_what_json_cannot_hold_is_refused(value):
    with pytest.raises(InvalidInputError):
        dumps(value)


@given(texts)
def test_scanning_any_text_gives_a_mapping_or_nothing(text):
    assert scan(text) is None or isinstance(scan(text), dict)


@pytest.mark.parametrize(
    "text",
    [
        *("a: 1", "a:1\n", "a : 1\n", "A: 1\n", "a: 1\na: 2\n", "\n", "# x\n", "a:\n", "a:\nb: 1\n", "a:\n  - 1\n"),
        *("- 1\n", "a: x\n", "a:\n- x\n", '"a" 1\n', '"a": 1\n"a": 2\n', "1: 2\n", "a: |\n x\n", "a: user \n"),
        *(
            "a: 2026-01-01\n",
            "a" * 201 + ": 1\n",
            '"' + "a" * 201 + '": 1\n',
            "true\n",
            "1: 1\n",
            '"a": 1\r\n',
            'a: "\x85"\n',
            'a: "\x7f"\n',
        ),
    ],
)
def test_lines_that_are_not_ours_are_left_to_the_yaml_reader(text):
    assert scan(text) is None
