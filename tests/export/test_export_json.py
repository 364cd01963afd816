from __future__ import annotations

import json
from pathlib import Path

import pytest
from export_samples import SESSIONS, TOOL_ROUND, said, session
from export_schema import problems
from hypothesis import given, settings
from hypothesis import strategies as st

from claif_git.export import export
from claif_git.format.interchange import message_from_data

SCHEMA = json.loads((Path(__file__).parents[2] / "docs/export-schema.json").read_text(encoding="utf-8"))


def exported(made, **options):
    return json.loads(export(made, "json", **options))


def test_pretty_printing_is_a_choice_that_changes_no_value():
    made = session(*TOOL_ROUND)
    pretty, compact = export(made, "json"), export(made, "json", pretty_print=False)
    assert pretty.startswith('{\n  "format"')
    assert compact.startswith('{"format":')
    assert compact.count("\n") == 1
    assert json.loads(pretty) == json.loads(compact)


def test_nothing_is_left_out_unless_wanted():
    made = session(*TOOL_ROUND, metadata={"a": 1})
    assert exported(made)["session"]["metadata"] == {"a": 1}
    bare = exported(made, include_metadata=False, include_timestamps=False, include_tokens=False)
    assert not {"metadata", "created_at", "updated_at"} & set(bare["session"])
    assert not any({"metadata", "timestamp", "tokens"} & set(message) for message in bare["messages"])
    assert list(problems(bare, SCHEMA, SCHEMA)) == []


@settings(max_examples=100)
@given(SESSIONS, st.booleans(), st.booleans(), st.booleans(), st.booleans())
def test_every_export_keeps_to_the_published_schema(made, pretty, metadata, timestamps, tokens):
    data = exported(
        made, pretty_print=pretty, include_metadata=metadata, include_timestamps=timestamps, include_tokens=tokens
    )
    assert list(problems(data, SCHEMA, SCHEMA)) == []


@settings(max_examples=100)
@given(SESSIONS)
def test_messages_read_back_as_they_were(made):
    read = [message_from_data(message) for message in exported(made)["messages"]]
    assert [(message.role, message.content, message.metadata, message.tokens, message.model) for message in read] == [
        (message.role, joined(message.content), joined(message.metadata), message.tokens, joined(message.model))
        for message in made.messages
    ]


def joined(value):
    """Two halves of a surrogate pair side by side are, to JSON, the character that they make."""
    return json.loads(json.dumps(value))


@pytest.mark.parametrize(
    "spoil",
    [
        lambda data: data.update(format="claif-git/2"),
        lambda data: data.update(more=1),
        lambda data: data.pop("session"),
        lambda data: data["session"].pop("order"),
        lambda data: data["session"].update(title=5),
        lambda data: data["messages"].append("text"),
        lambda data: data["messages"][0].update(role="tool"),
        lambda data: data["messages"][0].update(timestamp="2026-11-24"),
        lambda data: data["messages"][0].update(tokens=-1),
        lambda data: data["messages"][0].update(tokens=True),
        lambda data: data["messages"][0].update(model=""),
        lambda data: data["messages"][0].update(content=["text"]),
    ],
)
def test_the_schema_refuses_what_is_no_export(spoil):
    data = exported(session(said("user", "a")))
    spoil(data)
    assert list(problems(data, SCHEMA, SCHEMA))
