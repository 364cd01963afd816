"""A pull is taken back in one step."""

from __future__ import annotations

from pathlib import Path

from claif_git import Message, SessionManager, clone


def test_a_pull_is_undone_in_one_step(tmp_path: Path) -> None:
    with SessionManager(tmp_path / "ann") as ann:
        session = ann.create_session("A talk")
        ann.add_message(session, Message("user", "a"))
        with clone(str(ann.path), tmp_path / "bob") as bob:
            for text in ("b", "c"):
                ann.add_message(session, Message("user", text))
            bob.add_message(session, Message("user", "bob's"))
            bob.pull()
            assert {message.text for message in bob.get_session(session).messages} == {"a", "b", "c", "bob's"}
            bob.undo()
            assert [message.text for message in bob.get_session(session).messages] == ["a", "bob's"]
            bob.redo()
            assert len(bob.get_session(session).messages) == 4


def test_a_pull_says_what_both_sides_had_changed(tmp_path: Path) -> None:
    with SessionManager(tmp_path / "ann") as ann:
        session = ann.create_session("A talk")
        with clone(str(ann.path), tmp_path / "bob") as bob:
            ann.update_title(session, "Ann's")
            bob.update_title(session, "Bob's")
            (pulled,) = bob.pull().sessions
            assert pulled.detail == 'both changed title: kept "Bob\'s", not "Ann\'s"'
            assert bob.get_session(session).title == "Bob's"
