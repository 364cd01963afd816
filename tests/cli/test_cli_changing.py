"""Undo and its kin from the command line, in a real store."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from cli_fakes import claif
from support.people import git

from claif_git import Message, SessionManager


@pytest.fixture
def session() -> str:
    with SessionManager() as manager:
        made = manager.create_session("A talk")
        for text in ("a", "b", "c"):
            manager.add_message(made, Message("user", text))  # type: ignore[arg-type]
        return made


def texts(session: str) -> list[str]:
    with SessionManager() as manager:
        return [message.text for message in manager.get_session(session).messages]


def test_undo_and_redo_say_what_they_did(session: str) -> None:
    ran = claif("undo")
    assert (ran.code, ran.out, ran.err) == (0, "", f"undid “user: c” in {session}\n")
    assert claif("undo", session[:8]).err == f"undid “user: b” in {session}\n"
    assert texts(session) == ["a"]
    assert claif("redo").code == 0
    assert texts(session) == ["a", "b"]


def test_nothing_to_redo_is_one_line(session: str) -> None:
    ran = claif("redo", session)
    assert ran.code == 2
    assert ran.err.startswith("error: nothing to redo\n")


def test_the_operation_log_lists_turns_and_what_no_commit_tells(session: str) -> None:
    claif("session", "delete", session, "--force")
    claif("undo")
    lines = claif("op", "log").out.splitlines()
    verbs = [line.split("\t")[2] for line in lines]
    assert sorted(verbs) == ["delete", "message", "message", "message", "session", "undo"]
    assert len(json.loads(claif("op", "log", "--json", "--limit", "2").out)) == 2


def test_reset_prints_the_commit_that_it_made(session: str) -> None:
    ran = claif("reset", session, "--to", f"{session}~2")
    assert ran.code == 0
    with SessionManager() as manager:
        assert manager.get_session(session).tip == ran.out.strip()
    assert texts(session) == ["a"]


def test_a_message_is_edited_in_the_editor(session: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("GIT_EDITOR", "sed -i s/b/better/")
    ran = claif("edit", f"{session}#1")
    assert ran.code == 0
    assert texts(session) == ["a", "better", "c"]
    monkeypatch.setenv("GIT_EDITOR", "true")
    assert claif("edit", f"{session}#1").err == "nothing changed\n"
    assert claif("edit", f"{session}#0", "--content", "A").code == 0
    assert texts(session) == ["A", "better", "c"]


def test_a_file_that_is_left_empty_changes_nothing(session: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("GIT_EDITOR", "truncate -s 0")
    ran = claif("edit", f"{session}#1")
    assert (ran.code, ran.err.splitlines()[0]) == (1, "error: the text was left empty: nothing was changed")
    assert f"claif-git drop {session}#1" in ran.err
    assert texts(session) == ["a", "b", "c"]
    assert claif("edit", f"{session}#1", "--content", "").code == 0
    assert texts(session) == ["a", "", "c"]


@pytest.mark.parametrize("verb", ["edit", "drop"])
def test_a_point_in_history_is_no_message(session: str, verb: str) -> None:
    ran = claif(verb, f"{session}~1", *(["--content", "x"] if verb == "edit" else []))
    assert ran.code == 2
    assert "write ID#N" in ran.err
    assert texts(session) == ["a", "b", "c"]


def test_what_was_undone_and_is_asked_for_again_says_how_to_have_it(session: str, tmp_path: Path) -> None:
    other = claif("branch", session, "--at", "0").out.strip()
    claif("say", other, "d")
    claif("merge", other, "--into", session)
    claif("undo")
    assert f"undone since; to bring it back: claif-git redo {session}" in claif("merge", other, "--into", session).err
    file = tmp_path / "x.json"
    file.write_text('[{"role": "user", "content": "imported"}]')
    imported = claif("import", str(file)).out.split("\t")[0]
    assert claif("undo").err == f"undid “import of {imported}”; it is in the trash\n"
    again = claif("import", str(file))
    assert again.out.split("\t")[3] == "deleted\n"
    assert f"claif-git redo {imported}, or claif-git session restore {imported}" in again.err


def test_the_operation_log_says_how_many_sessions_an_import_brought() -> None:
    fixture = Path(__file__).parents[2] / "fixtures" / "claude-code-session.jsonl"
    count = len(claif("import", str(fixture)).out.splitlines())
    (line,) = claif("op", "log").out.splitlines()
    assert line.split("\t")[2:] == ["import", f"{count} sessions", f"import: {count} sessions"]
    assert claif("undo").err == f"undid “import of {count} sessions”\n"


def test_blocks_cannot_be_edited_as_text(session: str) -> None:
    with SessionManager() as manager:
        manager.add_message(session, Message("user", [{"type": "text", "text": "x"}]))  # type: ignore[arg-type]
    ran = claif("edit", f"{session}#3", "--content", "y")
    assert ran.code == 2
    assert "cannot be edited as text" in ran.err


def test_messages_are_dropped(session: str) -> None:
    assert claif("drop", f"{session}#0", f"{session}#-1", "--dry-run").err == f"would drop 2 messages of {session}\n"
    assert texts(session) == ["a", "b", "c"]
    assert claif("drop", f"{session}#0", f"{session}#-1").code == 0
    assert texts(session) == ["b"]
    assert claif("drop", session).code == 2


def test_messages_are_picked_into_another_session(session: str) -> None:
    other = claif("session", "create", "--title", "Other").out.strip()
    ran = claif("cherry-pick", f"{session}#2", f"{session}#0", "--into", other)
    assert (ran.code, ran.err) == (0, f"picked 2 messages into {other}\n")
    assert texts(other) == ["c", "a"]
    assert claif("cherry-pick", f"{session}#2", f"{other}#0", "--into", other).code == 2


def test_a_purge_is_told_before_and_final_after(session: str) -> None:
    fork = claif("branch", session, "--at", "0").out.strip()
    told = claif("session", "purge", session, "--dry-run").err
    assert f"refs/heads/{session}" in told
    assert f"{fork} shares turns with it" in told
    assert texts(session) == ["a", "b", "c"]
    assert claif("session", "purge", session, "--force").err.endswith(f"purged {session}\n")
    assert claif("session", "show", session).code == 3
    assert claif("session", "restore", session).code == 3
    assert texts(fork) == ["a"]


def test_a_purge_names_what_holds_copies_and_what_takes_those_away(session: str) -> None:
    fork = claif("branch", session).out.strip()
    claif("session", "delete", fork, "--force")
    with SessionManager() as manager:
        git(manager.path, "tag", "kept", session)
    ran = claif("session", "purge", session, "--force")
    assert f"refs/claif/trash/{fork} holds turns of it, and keeps them" in ran.err
    assert f"to remove those too: claif-git session purge {fork}\n" in ran.err
    assert "to remove it: git tag -d kept\n" in ran.err
    assert ran.err.endswith("note: some of what it held can still be read in this store\n")
    with SessionManager() as manager:
        git(manager.path, "tag", "-d", "kept")
    assert claif("session", "purge", fork, "--force").err.endswith(f"purged {fork}\n")


def test_a_purge_names_what_was_picked_out_of_it_and_worktrees(session: str, tmp_path: Path) -> None:
    other = claif("session", "create", "--title", "Other").out.strip()
    assert claif("cherry-pick", f"{session}#0", "--into", other).code == 0
    with SessionManager() as manager:
        git(manager.path, "worktree", "add", "--detach", str(tmp_path / "wt"), session)
    told = claif("session", "purge", session, "--force").err
    assert f"note: {other} holds turns copied from it, and keeps them\n" in told
    assert "note: worktrees/wt/HEAD holds turns of it, and keeps them; to remove it: git worktree remove wt\n" in told


def test_a_session_gets_a_title_and_metadata(session: str) -> None:
    assert claif("session", "set", session, "--title", "New", "--metadata", "rating=5").code == 0
    with SessionManager() as manager:
        read = manager.get_session(session)
    assert (read.title, read.metadata) == ("New", {"rating": 5})
    assert claif("session", "set", session, "--title", "", "--metadata", "rating=null").code == 0
    with SessionManager() as manager:
        read = manager.get_session(session)
    assert (read.title, read.metadata) == (None, {})
    assert claif("session", "set", session).code == 2


def test_something_is_said_without_a_model(session: str) -> None:
    ran = claif("say", session, "Pasted.", "--role", "assistant", "--model", "some-model")
    assert (ran.code, ran.out) == (0, "#3\n")
    assert texts(session) == ["a", "b", "c", "Pasted."]
    assert claif("say", session, "x", "--role", "nobody").code == 2
