"""Turns in a real store, as people will take them."""

from __future__ import annotations

import subprocess

import pytest
from support.messages_api import KEY, Reply

from claif_git import ClaudeClient, Message, MessageRole, SessionManager
from claif_git.chat import attach, take_turn
from claif_git.errors import ModelError

THOUGHT = {"type": "thinking", "thinking": "hm, well", "signature": "c2lnbmVk"}
CALL = {"type": "tool_use", "id": "toolu_1", "name": "read_file", "input": {"path": "a.py", "lines": [1, 2.0]}}


@pytest.fixture
def manager(tmp_path):
    with SessionManager(tmp_path / "store", durability="relaxed") as opened:
        yield opened


def test_with_claude_client(api, monkeypatch):
    monkeypatch.setenv("ANTHROPIC_API_KEY", KEY)
    monkeypatch.setenv("ANTHROPIC_BASE_URL", api.url)

    class SessionAwareClient:
        def __init__(self):
            self.client = ClaudeClient()
            self.session_mgr = SessionManager()

        def chat_with_session(self, content: str, session_id: str | None = None):
            if not session_id:
                session_id = self.session_mgr.create_session()
            session = self.session_mgr.get_session(session_id)
            messages = [{"role": msg.role.value, "content": msg.content} for msg in session.messages]
            messages.append({"role": "user", "content": content})
            response = self.client.chat.completions.create(model="claude-3-5-sonnet-20241022", messages=messages)
            self.session_mgr.add_message(session_id, Message(role=MessageRole.USER, content=content))
            assistant_content = response.choices[0].message.content
            self.session_mgr.add_message(
                session_id,
                Message(
                    role=MessageRole.ASSISTANT,
                    content=assistant_content,
                    metadata={"tokens": response.usage.total_tokens},
                ),
            )
            return assistant_content, session_id

    client = SessionAwareClient()
    response, session_id = client.chat_with_session("Hello!")
    response2, _ = client.chat_with_session("How are you?", session_id)
    messages = client.session_mgr.get_session(session_id).messages
    client.session_mgr.close()
    client.client.close()
    assert [message.content for message in messages] == ["Hello!", response, "How are you?", response2]
    assert [message.metadata.get("tokens") for message in messages][1] == sum(api.usages[0].values())


def test_a_client_without_a_manager_opens_the_default_store_and_closes_it(api):
    with ClaudeClient(KEY, api.url) as client:
        _, session_id = client.chat_with_session("Hello!")
        client.chat_with_session("And?", session_id)
    with SessionManager() as manager:
        assert len(manager.get_messages(session_id)) == 4
    client.close()


def test_a_manager_that_was_given_stays_open(api, manager):
    with ClaudeClient(KEY, api.url, session_manager=manager) as client:
        _, session_id = client.chat_with_session("Hello!")
    assert len(manager.get_messages(session_id)) == 2


def test_a_turn_is_two_commits_by_the_person_and_the_model(api, manager, client):
    session_id = manager.create_session()
    take_turn(manager, session_id, "Hello!", client=client, model="claude-x")
    shown = subprocess.run(
        ["git", "-C", manager.path, "log", "-2", "--format=%an: %s", session_id],
        capture_output=True, text=True, check=True,
    )  # fmt: skip
    assert shown.stdout.splitlines() == [
        "claude-x: assistant: Hello! What are we working on?",
        "Ada Example: user: Hello!",
    ]
    assert len(api.requests) == 1


def test_blocks_come_back_from_the_store_as_the_api_gave_them(api, manager, client, tmp_path):
    (tmp_path / "a.pdf").write_bytes(b"%PDF-1.7 \x00\xff")
    (tmp_path / "a.py").write_text("x = 1\n", encoding="utf-8")
    blocks = [THOUGHT, {"type": "text", "text": "One\n\ntwo"}, CALL]
    api.script.append(Reply(blocks, "tool_use"))
    session_id = manager.create_session(template="coding")
    asked = [*attach([tmp_path / "a.pdf", tmp_path / "a.py"]), {"type": "text", "text": "What is this?"}]
    take_turn(manager, session_id, asked, client=client)
    take_turn(manager, session_id, "Go on", client=client)
    question, answer = manager.get_messages(session_id)[1:3]
    assert (question.content, answer.content) == (asked, blocks)
    assert [block["type"] for block in api.requests[1]["messages"][1]["content"]] == ["text", "tool_use"]


def test_a_broken_answer_is_kept_marked_and_a_failed_one_can_be_retried(api, manager, client):
    session_id = manager.create_session()
    api.script.extend([Reply("one two", cut_after=0), "three", Reply("four five", error_after=1)])
    with pytest.raises(ModelError, match="no answer"):
        take_turn(manager, session_id, "Hello!", client=client)
    take_turn(manager, session_id, None, client=client)
    with pytest.raises(ModelError, match="529"):
        take_turn(manager, session_id, "And?", client=client)
    messages = manager.get_messages(session_id)
    assert [message.content for message in messages] == ["Hello!", "three", "And?", "four"]
    assert [message.metadata for message in messages] == [{}, {}, {}, {"interrupted": True}]


def test_a_branch_reads_its_parents_history_from_the_prompt_cache(api, manager, client):
    session_id = manager.create_session()
    for number in range(5):
        take_turn(manager, session_id, f"Question {number}: " + "what about this? " * 20, client=client)
    branch_id = manager.branch_session(session_id)
    take_turn(manager, branch_id, "On the other hand", client=client)
    usage = api.usages[-1]
    assert usage["cache_read_input_tokens"] > 0.8 * (sum(usage.values()) - usage["output_tokens"])


def said(manager, session):
    return [(str(message.role), message.content) for message in manager.get_session(session).messages]


def test_a_retry_leaves_out_nothing_but_what_broke_off_whatever_else_was_changed_meanwhile(api, manager):
    session = manager.create_session()
    api.script.extend(["A1", Reply("one two three", cut_after=2)])
    take_turn(manager, session, "Q1", client=ClaudeClient(KEY, api.url))
    with pytest.raises(ModelError):
        take_turn(manager, session, "Q2", client=ClaudeClient(KEY, api.url))

    def answer(_):
        with SessionManager(manager.path) as other:
            other.drop_messages(session, [0])
            other.add_message(session, Message(MessageRole.USER, "meanwhile"))
        return "Whole."

    api.answer = answer
    take_turn(manager, session, None, client=ClaudeClient(KEY, api.url))
    assert said(manager, session) == [
        ("assistant", "A1"),
        ("user", "Q2"),
        ("user", "meanwhile"),
        ("assistant", "Whole."),
    ]


def test_a_retry_keeps_what_broke_off_where_somebody_wrote_it_to_an_end_meanwhile(api, manager):
    session = manager.create_session()
    api.script.append(Reply("one two three", cut_after=2))
    with pytest.raises(ModelError):
        take_turn(manager, session, "Q", client=ClaudeClient(KEY, api.url))

    def answer(_):
        with SessionManager(manager.path) as other:
            other.edit_message(session, 1, "one two, by hand")
        return "Whole."

    api.answer = answer
    take_turn(manager, session, None, client=ClaudeClient(KEY, api.url))
    assert said(manager, session) == [("user", "Q"), ("assistant", "one two, by hand"), ("assistant", "Whole.")]
