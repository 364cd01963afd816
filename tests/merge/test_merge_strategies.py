"""Merging sessions: three strategies, into the primary or anew, and what the result says of it."""

from __future__ import annotations

import threading
from collections.abc import Iterator, Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from support.people import git
from support.talks import say, talk, texts, texts_afresh

from claif_git import MergeResult, Message, SessionManager
from claif_git.errors import InvalidInputError, UnknownNameError
from claif_git.merge.sessions import Choice
from claif_git.session import branching

NOON = datetime(2026, 5, 5, 12, tzinfo=UTC)


@pytest.fixture
def manager(tmp_path: Path) -> Iterator[SessionManager]:
    with SessionManager(tmp_path / "store", author="Ada <ada@example.org>", durability="relaxed") as opened:
        yield opened


def forked(manager: SessionManager, ours: Sequence[str], theirs: Sequence[str]) -> tuple[str, str]:
    """Make a session of two messages, and a branch; then say what each has past the fork."""
    session = talk(manager, "q", "a", title="Ours")
    branch = manager.branch_session(session, 1, "Theirs")
    say(manager, session, *ours)
    say(manager, branch, *theirs)
    return session, branch


def test_a_new_session_has_both_as_parents_and_leaves_both_as_they_were(manager: SessionManager) -> None:
    session, branch = forked(manager, ["1", "2"], ["x", "y"])
    tips = [git(manager.path, "rev-parse", name) for name in (session, branch)]
    merged = manager.merge_sessions(session, branch)
    assert texts(manager, merged) == ["q", "a", "1", "2", "x", "y"] == texts_afresh(manager.path, merged)
    assert git(manager.path, "rev-parse", f"{merged}^1", f"{merged}^2").split() == tips
    assert [git(manager.path, "rev-parse", name) for name in (session, branch)] == tips
    assert manager.get_session(merged).title == "Ours + Theirs"
    assert manager.get_session(manager.merge_sessions(session, branch, title="T")).title == "T"
    assert isinstance(merged, MergeResult)
    assert (merged.outcome, merged.commit) == ("merged", git(manager.path, "rev-parse", merged))
    assert [texts(manager, merged)[4:], list(merged.dropped), list(merged.conflicts)] == [["x", "y"], [], []]
    assert len(merged.added) == 2


def test_into_the_primary_moves_it_and_the_secondary_stays(manager: SessionManager) -> None:
    session, branch = forked(manager, ["1", "2"], ["x", "y"])
    result = manager.merge_sessions(session, branch, into_primary=True)
    assert (result, result.outcome) == (session, "merged")
    assert texts(manager, session) == ["q", "a", "1", "2", "x", "y"]
    assert texts(manager, branch) == ["q", "a", "x", "y"]
    assert manager.get_session(session).title == "Ours"
    assert git(manager.path, "log", "-1", "--format=%s", session) == f"merge: {branch} (smart)"


def test_what_the_primary_contains_is_a_no_op(manager: SessionManager) -> None:
    session, branch = forked(manager, ["1", "2"], ["x", "y"])
    manager.merge_sessions(session, branch, into_primary=True)
    tip = git(manager.path, "rev-parse", session)
    for strategy in ("smart", "chronological", "manual"):
        again = manager.merge_sessions(session, branch, strategy, picks=[], into_primary=True)
        assert (again.outcome, again.commit, again.added) == ("up-to-date", tip, ())


def test_a_secondary_that_is_ahead_is_fast_forwarded_to_and_names_only_what_is_new(manager: SessionManager) -> None:
    session, branch = forked(manager, [], ["x", "y"])
    result = manager.merge_sessions(session, branch, into_primary=True)
    assert result.outcome == "fast-forward"
    assert git(manager.path, "rev-parse", session) == git(manager.path, "rev-parse", branch) == result.commit
    assert texts(manager, session) == ["q", "a", "x", "y"]
    assert manager.get_session(session).title == "Ours"
    shown = {message.origin.path: message.text for message in manager.get_messages(session) if message.origin}
    assert [shown[path] for path in result.added] == ["x", "y"]
    say(manager, session, "3")
    assert texts_afresh(manager.path, session) == ["q", "a", "x", "y", "3"]


def test_unrelated_sessions_merge(manager: SessionManager) -> None:
    one, other = talk(manager, "1", "2"), talk(manager, "3", "4")
    assert sorted(texts(manager, manager.merge_sessions(one, other))) == ["1", "2", "3", "4"]
    manager.merge_sessions(one, other, into_primary=True)
    assert texts(manager, one) == ["1", "2", "3", "4"]
    git(manager.path, "fsck", "--strict")


def test_a_session_cannot_be_merged_with_itself_nor_by_an_unknown_strategy(manager: SessionManager) -> None:
    session, branch = forked(manager, ["1"], ["x"])
    with pytest.raises(InvalidInputError):
        manager.merge_sessions(session, session)
    with pytest.raises(UnknownNameError, match="chronological, manual, smart"):
        manager.merge_sessions(session, branch, "clever")
    with pytest.raises(FileNotFoundError):
        manager.merge_sessions(session, "nothing")


# smart: what both sides said stands once


@pytest.mark.parametrize("ours_first", [True, False])
def test_an_exchange_said_on_both_sides_stands_once_whichever_is_primary(
    manager: SessionManager, *, ours_first: bool
) -> None:
    session, branch = forked(manager, ["same q", "same a", "1", "2"], ["x", "y", "same q", "same a"])
    pair = (session, branch) if ours_first else (branch, session)
    merged = manager.merge_sessions(*pair)
    assert texts(manager, merged) == ["q", "a", "same q", "same a", "1", "2", "x", "y"]
    assert len(merged.dropped) == 2
    added = ["x", "y"] if ours_first else ["same q", "same a", "1", "2"]
    assert len(merged.added) == (2 if ours_first else 4), added


def test_exchanges_are_counted_not_confused(manager: SessionManager) -> None:
    session, branch = forked(manager, ["s", "t", "s", "t", "s", "t"], ["s", "t"])
    assert texts(manager, manager.merge_sessions(session, branch))[2:] == ["s", "t"] * 3
    assert texts(manager, manager.merge_sessions(branch, session))[2:] == ["s", "t"] * 3


def test_an_answer_that_differs_keeps_both_exchanges_whole(manager: SessionManager) -> None:
    session, branch = forked(manager, ["same q", "one answer"], ["same q", "another"])
    shown = texts(manager, manager.merge_sessions(session, branch))
    assert shown[2:] == ["same q", "one answer", "same q", "another"]


def test_an_answer_without_a_question_past_the_fork_stays(manager: SessionManager) -> None:
    session = talk(manager, "q")
    branch = manager.branch_session(session)
    for side in (session, branch):
        say(manager, side, "same answer", start="assistant")
    assert texts(manager, manager.merge_sessions(session, branch)) == ["q", "same answer", "same answer"]


def tool_turns(number: int, result: str) -> list[Message]:
    call = f"toolu_{number}"
    return [
        Message("user", "list"),
        Message("assistant", [{"type": "tool_use", "id": call, "name": "ls", "input": {}}]),
        Message("user", [{"type": "tool_result", "tool_use_id": call, "content": result}]),
        Message("assistant", "done"),
    ]


def test_a_tools_result_belongs_to_its_exchange(manager: SessionManager) -> None:
    session, branch = forked(manager, [], [])
    for side, result in ((session, "same"), (branch, "same"), (session, "one"), (branch, "other")):
        for message in tool_turns(7, result):
            manager.add_message(side, message)
    merged = manager.merge_sessions(session, branch)
    read = manager.get_messages(merged)[2:]
    results = [m.content[0]["content"] for m in read if isinstance(m.content, list) and m.role == "user"]
    assert results == ["same", "one", "other"]
    assert len(read) == 12


# chronological


def test_chronological_is_the_same_set_by_time(manager: SessionManager) -> None:
    session, branch = forked(manager, [], [])
    start = datetime.now(UTC) + timedelta(hours=1)
    for at in range(4):
        manager.add_message((session, branch)[at % 2], Message("user", str(at), start + timedelta(minutes=at)))
    assert texts(manager, manager.merge_sessions(session, branch, "chronological")) == ["q", "a", "0", "1", "2", "3"]
    assert texts(manager, manager.merge_sessions(session, branch)) == ["q", "a", "0", "2", "1", "3"]
    manager.merge_sessions(session, branch, "chronological", into_primary=True)
    assert texts(manager, session) == ["q", "a", "0", "1", "2", "3"]
    say(manager, session, "4")
    assert texts_afresh(manager.path, session) == ["q", "a", "0", "1", "2", "3", "4"]
    assert texts(manager, branch) == ["q", "a", "1", "3"]


def test_a_secondary_that_is_ahead_is_ordered_by_time_too(manager: SessionManager) -> None:
    session, branch = forked(manager, [], ["x"])
    result = manager.merge_sessions(session, branch, "chronological", into_primary=True)
    assert result.outcome == "fast-forward"
    assert manager.get_session(session).order == "chronological"
    assert texts(manager, session) == ["q", "a", "x"]


# manual


def test_without_a_choice_a_manual_merge_is_an_error_that_says_so(manager: SessionManager) -> None:
    session, branch = forked(manager, ["1"], ["x"])
    with pytest.raises(InvalidInputError, match="resolver= or picks="):
        manager.merge_sessions(session, branch, "manual")
    assert len(manager.list_sessions()) == 2


@pytest.mark.parametrize("into_primary", [True, False])
def test_picks_are_what_stays(manager: SessionManager, *, into_primary: bool) -> None:
    session, branch = forked(manager, ["1", "2"], ["w", "x", "y", "z"])
    merged = manager.merge_sessions(session, branch, "manual", picks=[2, 5], into_primary=into_primary)
    assert texts(manager, merged) == ["q", "a", "1", "2", "w", "z"] == texts_afresh(manager.path, merged)
    assert (len(merged.added), len(merged.dropped)) == (2, 2)


def test_no_picks_take_nothing(manager: SessionManager) -> None:
    session, branch = forked(manager, ["1"], ["x", "y"])
    merged = manager.merge_sessions(session, branch, "manual", picks=[])
    assert texts(manager, merged) == ["q", "a", "1"]


def test_a_resolver_sees_the_secondarys_messages_past_the_fork_and_keeps_some(manager: SessionManager) -> None:
    session, branch = forked(manager, ["1"], ["x", "y", "z"])
    seen: list[str] = []

    def resolver(messages: list[Message]) -> list[Message]:
        seen[:] = [message.text for message in messages]
        return [message for message in messages if message.text != "y"]

    merged = manager.merge_sessions(session, branch, "manual", resolver=resolver)
    assert seen == ["x", "y", "z"]
    assert texts(manager, merged) == ["q", "a", "1", "x", "z"]


@pytest.mark.parametrize("by_picks", [True, False])
def test_another_order_is_made_of_copies_at_the_end(manager: SessionManager, *, by_picks: bool) -> None:
    session, branch = forked(manager, ["1"], ["x", "y", "z"])
    options: dict[str, Any] = {"picks": [4, 2]} if by_picks else {"resolver": lambda found: [found[2], found[0]]}
    merged = manager.merge_sessions(session, branch, "manual", into_primary=True, **options)
    read = manager.get_messages(session)
    assert [message.text for message in read] == ["q", "a", "1", "z", "x"]
    theirs = {m.text: m.origin.path for m in manager.get_messages(branch) if m.origin}
    assert [message.copied_from for message in read[3:]] == [theirs["z"], theirs["x"]]
    assert merged.dropped == (theirs["y"],)


ANSWERS: dict[str, Any] = {
    "a stranger": lambda _: [Message("user", "new")],
    "no message": lambda _: ["x"],
    "one twice": lambda found: [found[0], found[0]],
    "a changed one": lambda found: [replace(found[0], content="changed")],
    "one changed in place": lambda found: [setattr(found[0], "content", "changed") or found[0]],
}


@pytest.mark.parametrize("answer", ANSWERS)
def test_an_answer_that_holds_what_was_not_asked_about_is_refused(manager: SessionManager, answer: str) -> None:
    session, branch = forked(manager, ["1"], ["x", "y"])
    with pytest.raises(InvalidInputError):
        manager.merge_sessions(session, branch, "manual", resolver=ANSWERS[answer], into_primary=True)
    assert texts(manager, session) == ["q", "a", "1"]


@pytest.mark.parametrize("picks", [[0], [99], [-1], [2, 2], ["2"], [True], [None]])
def test_a_pick_that_is_not_past_the_fork_is_refused(manager: SessionManager, picks: Any) -> None:
    session, branch = forked(manager, ["1"], ["x", "y"])
    with pytest.raises(InvalidInputError):
        manager.merge_sessions(session, branch, "manual", picks=picks)


def test_an_error_in_a_resolver_is_the_callers_and_changes_nothing(manager: SessionManager) -> None:
    session, branch = forked(manager, ["1"], ["x"])
    with pytest.raises(ZeroDivisionError):
        manager.merge_sessions(session, branch, "manual", resolver=lambda _: 1 // 0, into_primary=True)  # type: ignore[arg-type, return-value]
    assert texts(manager, session) == ["q", "a", "1"]


def test_a_resolver_that_takes_its_time_holds_nobody_up(manager: SessionManager) -> None:
    session, branch = forked(manager, ["1"], ["x", "y"])

    def resolver(messages: list[Message]) -> list[Message]:
        done = threading.Thread(target=say, args=(manager, session, "from a thread"))
        done.start()
        done.join(60)
        with SessionManager(manager.path) as other:
            say(other, session, "from elsewhere")
            other.merge_sessions(session, branch, "manual", picks=[2], into_primary=True)
        say(manager, session, "from within")
        return messages

    result = manager.merge_sessions(session, branch, "manual", resolver=resolver, into_primary=True)
    assert result.outcome == "up-to-date"
    assert texts(manager, session)[2:] == ["1", "from a thread", "from elsewhere", "x", "from within"]


# conflicts


def test_what_both_sides_changed_is_listed_with_both_versions_and_the_primarys_stands(manager: SessionManager) -> None:
    for primary_first in (True, False):
        session = talk(manager, "q", "a")
        branch = manager.branch_session(session)
        manager.update_message_metadata(session, 0, {"rating": 1, "mine": True})
        manager.update_message_metadata(branch, 0, {"rating": 2, "yours": True})
        pair = (session, branch) if primary_first else (branch, session)
        merged = manager.merge_sessions(*pair)
        (conflict,) = merged.conflicts
        first = 1 if primary_first else 2
        assert (conflict.key, conflict.ours, conflict.theirs) == ("metadata.rating", first, 3 - first)
        assert conflict.path.startswith("messages/")
        metadata = manager.get_messages(merged)[0].metadata
        assert metadata == {"rating": first, "mine": True, "yours": True}


def test_a_message_edited_on_one_side_and_dropped_on_the_other_stays_dropped(manager: SessionManager) -> None:
    session, branch = forked(manager, [], ["x"])
    manager.update_session_messages(session, manager.get_messages(session)[1:])
    manager.update_message_metadata(branch, 0, {"edited": 1})
    merged = manager.merge_sessions(session, branch)
    assert texts(manager, merged) == ["a", "x"]
    assert merged.conflicts == ()


def test_merging_merges_again_and_again_settles(manager: SessionManager) -> None:
    session, branch = forked(manager, ["same", "thing", "1"], ["x", "same", "thing"])
    for strategy in ("smart", "chronological", "smart"):
        manager.merge_sessions(session, branch, strategy, into_primary=True)
        manager.merge_sessions(branch, session, strategy, into_primary=True)
        say(manager, branch, "more", "and more")
    manager.merge_sessions(session, branch, into_primary=True)
    manager.merge_sessions(branch, session, into_primary=True)
    assert sorted(texts(manager, session)) == sorted(texts(manager, branch))
    assert texts_afresh(manager.path, session) == texts(manager, session)
    git(manager.path, "fsck", "--strict")


def test_a_merge_that_loses_a_race_is_made_again_on_the_new_tip(
    manager: SessionManager, monkeypatch: pytest.MonkeyPatch
) -> None:
    session, branch = forked(manager, ["1"], ["x"])
    merge_into = branching.merge_into
    raced: list[str] = []

    def slowly(*args: Any) -> Any:
        if not raced:
            raced.append("theirs")
            # Only git, which knows no queue, can come in between.
            tree = git(manager.path, "rev-parse", f"{session}^{{tree}}")
            commit = git(manager.path, "commit-tree", tree, "-p", session, "-m", "by hand")
            git(manager.path, "update-ref", f"refs/heads/{session}", commit)
        return merge_into(*args)

    monkeypatch.setattr(branching, "merge_into", slowly)
    manager.merge_sessions(session, branch, into_primary=True)
    assert "by hand" in git(manager.path, "log", "--format=%s", session)
    assert texts(manager, session) == ["q", "a", "1", "x"]


def test_a_union_leaves_nothing_out(manager: SessionManager) -> None:
    session, branch = forked(manager, ["same q", "same a"], ["same q", "same a"])
    working = manager._working
    working.join(session, manager._store.head(session), git(manager.path, "rev-parse", branch))
    assert texts(manager, session)[2:] == ["same q", "same a"] * 2
    assert Choice().strategy is None
