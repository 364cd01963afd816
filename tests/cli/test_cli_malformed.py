"""A file that cannot be read is named, and hides no other message."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from cli_fakes import claif
from support.people import git

from claif_git import Message, SessionManager
from claif_git.errors import InvalidInputError, MalformedError


@pytest.fixture
def session(tmp_path: Path) -> str:
    with SessionManager() as manager:
        made = manager.create_session("A talk")
        for text in ("first", "second", "third"):
            manager.add_message(made, Message("user", text))  # type: ignore[arg-type]
        work = tmp_path / "work"
        git(tmp_path, "clone", "-q", "-b", made, str(manager.path), str(work))
        broken = next(file for file in work.rglob("*.md") if "second" in file.read_text("utf-8"))
        broken.write_text("no front matter\n", encoding="utf-8")
        git(work, "commit", "-q", "-a", "-m", "break it")
        git(work, "push", "-q", "origin", f"HEAD:{made}")
        return made


def test_the_others_are_shown_with_their_numbers(session: str) -> None:
    ran = claif("session", "show", session)
    assert ran.code == 1
    assert "#0" in ran.out
    assert "first" in ran.out
    assert "#2" in ran.out
    assert "third" in ran.out
    assert f"error: {session}:messages/" in ran.err


def test_one_that_can_be_read_is_shown_alone(session: str) -> None:
    ran = claif("session", "show", session, "--message", "2", "--raw")
    assert (ran.code, ran.out.strip()) == (0, "third")
    ran = claif("session", "show", session, "--message", "1")
    assert ran.code == 1
    assert ran.err.startswith(f"error: {session}:messages/")


def test_it_says_how_to_mend_it_by_its_number(session: str) -> None:
    for command in (("session", "show"), ("session", "stats"), ("session", "export"), ("session", "show", "--json")):
        ran = claif(*command, session)
        assert ran.code == 1
        assert ran.err.splitlines()[1] == (
            f"hint: to mend it: claif-git edit {session}#1; to leave it out: claif-git drop {session}#1"
        )


@pytest.mark.parametrize("wanted", ["markdown", "json", "html", "a-template"])
def test_the_others_are_exported(session: str, wanted: str) -> None:
    with SessionManager() as manager:
        manager.register_export_template(
            "a-template", "{% for m in session.messages %}{{ m.index }} {{ m.text }}\n{% endfor %}"
        )
    ran = claif("session", "export", session, "--format", wanted)
    assert ran.code == 1
    assert "first" in ran.out
    assert "third" in ran.out
    assert ran.err.count("error:") == 1
    assert f"error: {session}:messages/" in ran.err
    if wanted == "a-template":
        assert ran.out == "0 first\n2 third\n"
    with pytest.raises(MalformedError), SessionManager() as manager:
        manager.export_session(session, wanted)


def test_the_others_are_counted_under_their_numbers(session: str) -> None:
    ran = claif("session", "stats", session, "--flow", "--json")
    assert ran.code == 1
    assert ran.err.count("error:") == 1
    stats = json.loads(ran.out)
    assert stats["message_count"] == 2
    assert [turn["index"] for turn in stats["flow"]["turn_lengths"]] == [0, 2]
    for verb in ("get_session_stats", "analyze_conversation_flow"):
        with pytest.raises(MalformedError), SessionManager() as manager:
            getattr(manager, verb)(session)


def test_another_message_can_be_edited(session: str) -> None:
    assert claif("edit", f"{session}#2", "--content", "the third").code == 0
    assert claif("session", "show", session, "--message", "2", "--raw").out == "the third\n"


def test_its_whole_file_is_mended_in_the_editor(session: str, monkeypatch: pytest.MonkeyPatch) -> None:
    header = r"---\nrole: user\ntimestamp: 2026-11-24T21:32:05Z\n---\n"
    monkeypatch.setenv("EDITOR", f"sed -i '1s/^/{header}/'")
    ran = claif("edit", f"{session}#1")
    assert (ran.code, ran.err) == (0, f"mended message 1; to take it back: claif-git undo {session}\n")
    shown = claif("session", "show", session)
    assert (shown.code, shown.err) == (0, "")
    assert claif("session", "show", session, "--message", "1", "--raw").out == "no front matter\n"
    assert claif("undo", session).code == 0
    assert claif("session", "show", session).code == 1


@pytest.mark.parametrize(
    ("editor", "said"),
    [
        ("true", "nothing changed\n"),
        ("sed -i s/no/still/", "error: {session}:messages/"),
        ("truncate -s 0", "error: the text was left empty: nothing was changed\n"),
    ],
)
def test_a_file_that_still_cannot_be_read_stays_as_it_was(
    session: str, monkeypatch: pytest.MonkeyPatch, editor: str, said: str
) -> None:
    before = claif("session", "show", session)
    monkeypatch.setenv("EDITOR", editor)
    ran = claif("edit", f"{session}#1")
    assert ran.err.startswith(said.format(session=session))
    assert ("\nhint: nothing was changed; a file begins with" in ran.err) is ("{session}" in said)
    assert claif("session", "show", session) == before


def test_it_takes_no_new_text_alone(session: str) -> None:
    ran = claif("edit", f"{session}#1", "--content", "x")
    assert ran.code == 2
    assert f"hint: to have the whole file in an editor: claif-git edit {session}#1" in ran.err


def test_a_message_that_can_be_read_is_never_written_over_by_mending(session: str) -> None:
    with SessionManager() as manager, pytest.raises(InvalidInputError, match="nothing to mend"):
        manager.mend_message(session, 2, manager.message_file(session, 0))


def test_what_stands_in_its_place_by_then_is_not_written_over(session: str) -> None:
    with SessionManager() as manager:
        opened = manager.message_file(session, 1)
        with pytest.raises(InvalidInputError, match="is another now"):
            manager.mend_message(session, 1, "---\nrole: user\ntimestamp: 2026-11-24T21:32:05Z\n---\n", was="other")
        assert manager.message_file(session, 1) == opened


def test_line_ends_stay_as_they_are_in_the_editor(monkeypatch: pytest.MonkeyPatch) -> None:
    with SessionManager() as manager:
        made = manager.create_session("Ends")
        manager.add_message(made, Message("user", "one\r\ntwo\rthree\n"))  # type: ignore[arg-type]
    monkeypatch.setenv("EDITOR", "true")
    assert claif("edit", f"{made}#0").err == "nothing changed\n"
    monkeypatch.setenv("EDITOR", "sed -i s/two/2/")
    assert claif("edit", f"{made}#0").code == 0
    with SessionManager() as manager:
        assert manager.get_messages(made)[0].content == "one\r\n2\rthree\n"


def test_nothing_is_asked_before_it_is_mended(session: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ANTHROPIC_API_KEY", "sk-ant-a-key")
    monkeypatch.setenv("ANTHROPIC_BASE_URL", "http://127.0.0.1:9")
    before = claif("session", "show", session)
    ran = claif("ask", "and now?", "--session", session)
    assert ran.code == 1
    assert ran.err.startswith(f"error: {session}:messages/")
    assert f"hint: to mend it: claif-git edit {session}#1" in ran.err
    assert claif("session", "show", session) == before
