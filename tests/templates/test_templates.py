from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from claif_git.errors import ClaifGitError, InvalidInputError
from claif_git.templates import BUILT_IN, SessionTemplate

RESEARCH = {
    "name": "research",
    "system_message": "You are a research assistant specializing in academic literature.",
    "default_metadata": {"field": "computer_science", "output_format": "academic"},
    "suggested_parameters": {"temperature": 0.3, "max_tokens": 2000},
}


def test_coding_analysis_and_creative_are_built_in() -> None:
    assert list(BUILT_IN) == ["coding", "analysis", "creative"]


@pytest.mark.parametrize("name", list(BUILT_IN))
def test_a_built_in_template_passes_its_own_check_and_says_something(name: str) -> None:
    template = BUILT_IN[name]
    assert SessionTemplate.from_data(name, template.to_data()) == template
    assert len(template.system_message) > 200
    assert template.default_metadata
    assert template.suggested_parameters


def test_a_template_comes_back_from_its_data() -> None:
    template = SessionTemplate.from_data("research", RESEARCH)
    assert template.to_data() == RESEARCH
    assert SessionTemplate.from_data("research", json.loads(json.dumps(template.to_data()))) == template


def test_every_key_may_be_left_out_or_none() -> None:
    assert SessionTemplate.from_data("bare", {}) == SessionTemplate("bare")
    assert SessionTemplate.from_data("bare", dict.fromkeys(RESEARCH)) == SessionTemplate("bare")


def test_the_name_it_is_registered_under_overrules_the_one_in_the_data() -> None:
    assert SessionTemplate.from_data("papers", RESEARCH).to_data()["name"] == "papers"


def test_changing_what_went_in_or_came_out_changes_no_template() -> None:
    given_data: dict[str, Any] = {"default_metadata": {"tags": ["a"]}}
    template = SessionTemplate.from_data("mine", given_data)
    given_data["default_metadata"]["tags"].append("b")
    template.to_data()["default_metadata"]["tags"].append("c")
    assert template.default_metadata == {"tags": ["a"]}


def test_unknown_parameters_are_kept_for_the_model_to_judge() -> None:
    data = {
        "suggested_parameters": {
            "model": "m",
            "stop_sequences": ["END"],
            "thinking": {"type": "adaptive"},
            "temperature": None,
        }
    }
    assert SessionTemplate.from_data("new", data).suggested_parameters == data["suggested_parameters"]


@pytest.mark.parametrize("name", ["", "a b", "../up", "a/b", ".hidden", "-flag", "x" * 65, "ä", "a\n", None, 3])
def test_a_name_that_cannot_be_a_file_is_refused(name: Any) -> None:
    with pytest.raises(InvalidInputError, match="name"):
        SessionTemplate.from_data(name, {})


@pytest.mark.parametrize(
    ("data", "says"),
    [
        (["system_message"], "mapping"),
        ({"system_prompt": "x"}, "unknown key 'system_prompt'"),
        ({"system_message": ["x"]}, "system_message is text"),
        ({"default_metadata": "x"}, "default_metadata is a mapping"),
        ({"default_metadata": {"x": object()}}, "not JSON data"),
        ({"default_metadata": {1: "x"}}, "key 1"),
        ({"suggested_parameters": []}, "suggested_parameters is a mapping"),
        ({"suggested_parameters": {"temperature": 2}}, "temperature is a number from 0 to 1"),
        ({"suggested_parameters": {"temperature": True}}, "temperature"),
        ({"suggested_parameters": {"top_p": "0.5"}}, "top_p"),
        ({"suggested_parameters": {"max_tokens": 0}}, "max_tokens is a whole number from 1"),
        ({"suggested_parameters": {"top_k": -1}}, "top_k"),
        ({"suggested_parameters": {"max_tokens": 10.5}}, "max_tokens"),
        ({"suggested_parameters": {"model": ""}}, "model"),
        ({"suggested_parameters": {"stop_sequences": "END"}}, "stop_sequences"),
        ({"suggested_parameters": {"stop_sequences": [""]}}, "stop_sequences"),
    ],
)
def test_what_is_wrong_with_a_template_is_said(data: Any, says: str) -> None:
    with pytest.raises(InvalidInputError, match=says):
        SessionTemplate.from_data("mine", data)


_json = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner, max_size=3),
    max_leaves=8,
)
_keys = st.sampled_from([*RESEARCH, "other"])


@given(name=st.text(max_size=70) | st.just("mine"), data=st.dictionaries(_keys, _json, max_size=4) | _json)
def test_any_data_gives_a_template_that_comes_back_or_an_error_of_ours(name: str, data: Any) -> None:
    try:
        template = SessionTemplate.from_data(name, data)
    except ClaifGitError:
        return
    assert SessionTemplate.from_data(name, template.to_data()) == template
