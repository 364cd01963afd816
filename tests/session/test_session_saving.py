"""When turns are saved: at once, by an interval, when told to, at close, at exit, after a crash."""

from __future__ import annotations

import gc
import logging
import subprocess
import sys
import threading
import weakref
from typing import Any

import pytest
from support.people import git
from support.talks import run_python, say, talk, texts, texts_afresh

from claif_git import Message, SessionManager
from claif_git.errors import InvalidInputError, SessionNotFoundError, StoreError
from claif_git.session import saving


def refs(manager: SessionManager, prefix: str) -> list[str]:
    return git(manager.path, "for-each-ref", "--format=%(refname)", prefix).splitlines()


def test_without_autosave_only_this_manager_sees_its_turns_until_they_are_saved(manager: SessionManager) -> None:
    session = talk(manager, "0")
    manager.configure_autosave(enabled=False)
    say(manager, session, "1", "2")
    manager.update_title(session, "Draft title")
    assert texts(manager, session) == ["0", "1", "2"]
    assert manager.get_session(session).title == "Draft title"
    assert texts_afresh(manager.path, session) == ["0"]
    manager.save_session(session)
    assert texts_afresh(manager.path, session) == ["0", "1", "2"]
    assert manager.drafts() == []
    assert refs(manager, "refs/claif/drafts") == []
    manager.save_session(session)


def test_saving_what_has_nothing_unsaved_does_nothing(manager: SessionManager) -> None:
    session = talk(manager, "0")
    tip = git(manager.path, "rev-parse", session)
    manager.save_session(session)
    assert git(manager.path, "rev-parse", session) == tip
    with pytest.raises(SessionNotFoundError):
        manager.save_session("nothing")


def test_a_draft_is_united_with_what_others_add_meanwhile(manager: SessionManager) -> None:
    session = talk(manager, "0")
    manager.configure_autosave(enabled=False)
    say(manager, session, "1")
    with SessionManager(manager.path) as other:
        say(other, session, "theirs")
        other.update_metadata(session, {"theirs": True})
    say(manager, session, "2")
    assert sorted(texts(manager, session)) == ["0", "1", "2", "theirs"]
    assert manager.get_session(session).metadata == {"theirs": True}
    seen = texts(manager, session)
    manager.save_session(session)
    assert texts_afresh(manager.path, session) == seen
    git(manager.path, "fsck", "--strict")


def test_every_verb_works_on_a_draft(manager: SessionManager) -> None:
    session = talk(manager, "0")
    manager.configure_autosave(enabled=False)
    say(manager, session, "1", "2", "3")
    manager.update_message_metadata(session, -1, {"a": 1})
    manager.update_session_messages(session, manager.get_session(session).messages[1:])
    branch = manager.branch_session(session, 1)
    say(manager, branch, "4")
    assert texts(manager, branch) == ["1", "2", "4"]
    assert [found.text for found in manager.get_messages(session)] == ["1", "2", "3"]
    merged = manager.merge_sessions(session, branch, into_primary=True)
    assert merged == session
    assert sorted(texts(manager, session)) == ["1", "2", "3", "4"]
    assert texts_afresh(manager.path, session) == ["0"]
    manager.configure_autosave()
    assert sorted(texts_afresh(manager.path, session)) == ["1", "2", "3", "4"]
    assert texts_afresh(manager.path, branch) == ["1", "2", "4"]
    git(manager.path, "fsck", "--strict")


def test_turning_autosave_on_again_saves_what_waited(manager: SessionManager) -> None:
    session = talk(manager, "0")
    manager.configure_autosave(enabled=False)
    say(manager, session, "1")
    manager.configure_autosave(enabled=True)
    assert texts_afresh(manager.path, session) == ["0", "1"]
    say(manager, session, "2")
    assert texts_afresh(manager.path, session) == ["0", "1", "2"]


def test_closing_saves_what_an_interval_waits_for(manager: SessionManager) -> None:
    session = talk(manager, "0")
    with SessionManager(manager.path) as timed:
        timed.configure_autosave(interval=3600)
        say(timed, session, "1")
        assert texts(manager, session) == ["0"]
        draft = manager.drafts()[0]
        assert (draft.session_id, draft.alive) == (session, True)
    assert texts(manager, session) == ["0", "1"]
    assert manager.drafts() == []


def test_an_interval_saves_by_itself_again_and_again(manager: SessionManager) -> None:
    session = talk(manager, "0")
    saved = threading.Event()
    working = manager._working
    save = working.save

    def saving_one(session_id: str) -> bool:
        done = save(session_id)
        saved.set()
        return done

    working.save = saving_one  # type: ignore[method-assign]
    manager.configure_autosave(interval=0.01)
    for text in ("1", "2"):
        say(manager, session, text)
        assert saved.wait(30)
        saved.clear()
    with working.lock:
        assert texts(manager, session) == ["0", "1", "2"]
    manager.configure_autosave()
    assert texts_afresh(manager.path, session) == ["0", "1", "2"]


def test_a_timer_that_fired_just_when_it_was_stopped_does_nothing(manager: SessionManager) -> None:
    session = talk(manager, "0")
    manager.configure_autosave(interval=3600)
    autosave = manager._autosave
    old = autosave._timer
    assert old is not None
    manager.configure_autosave(interval=1800)
    say(manager, session, "1")
    autosave.tick(old)
    assert texts_afresh(manager.path, session) == ["0"]
    current = autosave._timer
    assert current is not None
    autosave.tick(current)
    assert texts_afresh(manager.path, session) == ["0", "1"]
    assert autosave._timer is not current


def test_what_cannot_be_saved_stops_no_other_and_is_tried_again(
    manager: SessionManager, caplog: pytest.LogCaptureFixture
) -> None:
    gone, there = talk(manager, "0"), talk(manager, "0")
    manager.configure_autosave(interval=3600)
    for session in sorted((gone, there)):
        say(manager, session, "1")
    with SessionManager(manager.path) as other:
        other.delete_session(gone)
    timer = manager._autosave._timer
    assert timer is not None
    with caplog.at_level(logging.WARNING, saving.__name__):
        manager._autosave.tick(timer)
    assert "not saved yet" in caplog.text
    assert manager._autosave._timer is not timer
    assert texts_afresh(manager.path, there) == ["0", "1"]
    with pytest.raises(SessionNotFoundError):
        manager.close()
    with SessionManager(manager.path) as other:
        assert other.drafts() == []
        other.restore_session(gone)
        assert [draft.alive for draft in other.drafts()] == [False]
        assert other.recover_session(gone) == 1
        assert texts(other, gone) == ["0", "1"]


@pytest.mark.parametrize("interval", [0, -1, float("nan"), float("inf"), True, "5", 1e300])
def test_an_interval_that_is_none_is_refused(manager: SessionManager, interval: Any) -> None:
    with pytest.raises(InvalidInputError):
        manager.configure_autosave(interval=interval)


ENDS = """
import os, signal, sys
from claif_git import Message, SessionManager
store, session, options, end = sys.argv[1:]

def work():
    manager = SessionManager(store)
    manager.configure_autosave(**eval(options))
    manager.add_message(session, Message("user", "unsaved"))
    if end == "closed":
        manager.close()
    if end == "kept":
        globals()["kept"] = manager

work()
if end == "killed":
    os.kill(os.getpid(), signal.SIGKILL)
if end == "failed":
    raise SystemExit(3)
"""


@pytest.mark.parametrize("end", ["closed", "dropped", "kept", "failed"])
def test_a_process_that_ends_saves_what_an_interval_waits_for(manager: SessionManager, end: str) -> None:
    session = talk(manager, "0")
    done = run_python(ENDS, str(manager.path), session, "{'interval': 3600}", end)
    assert (done.stdout, done.stderr) == ("", "")
    assert texts(manager, session) == ["0", "unsaved"]
    assert manager.drafts() == []


def test_a_killed_process_leaves_a_draft_that_is_listed_and_recovered(manager: SessionManager) -> None:
    session = talk(manager, "0")
    run_python(ENDS, str(manager.path), session, "{'interval': 3600}", "killed")
    run_python(ENDS, str(manager.path), session, "{'enabled': False}", "closed")
    say(manager, session, "1")
    assert texts(manager, session) == ["0", "1"]
    drafts = manager.drafts()
    assert [(draft.session_id, draft.alive) for draft in drafts] == [(session, False)] * 2
    assert manager.recover_session(session) == 2
    assert sorted(texts(manager, session)) == ["0", "1", "unsaved", "unsaved"]
    assert manager.drafts() == []
    with pytest.raises(InvalidInputError, match="no unsaved turns"):
        manager.recover_session(session)
    git(manager.path, "fsck", "--strict")


def test_a_living_managers_draft_is_not_anybody_elses_to_recover(manager: SessionManager) -> None:
    session = talk(manager, "0")
    manager.configure_autosave(enabled=False)
    say(manager, session, "1")
    with SessionManager(manager.path) as other:
        assert [draft.alive for draft in other.drafts()] == [True]
        with pytest.raises(InvalidInputError):
            other.recover_session(session)
    assert [draft.alive for draft in manager.drafts()] == [True]
    manager.save_session(session)


def test_a_save_that_died_before_it_removed_its_draft_is_completed_by_recovery(manager: SessionManager) -> None:
    session = talk(manager, "0")
    with SessionManager(manager.path) as other:
        other.configure_autosave(enabled=False)
        say(other, session, "1")
        draft = refs(manager, "refs/claif/drafts")[0]
        git(manager.path, "update-ref", f"refs/heads/{session}", draft)
    assert manager.recover_session(session) == 1
    assert texts(manager, session) == ["0", "1"]


def test_a_deleted_session_takes_unsaved_turns_along_and_gives_them_back(manager: SessionManager) -> None:
    session = talk(manager, "0")
    manager.configure_autosave(enabled=False)
    say(manager, session, "1")
    manager.delete_session(session)
    assert manager.drafts() == []
    assert refs(manager, "refs/claif/drafts") == []
    manager.restore_session(session)
    assert texts_afresh(manager.path, session) == ["0", "1"]
    say(manager, session, "2")
    assert texts(manager, session) == ["0", "1", "2"]


def test_a_draft_that_somebody_else_removed_is_simply_gone(manager: SessionManager) -> None:
    session = talk(manager, "0")
    manager.configure_autosave(enabled=False)
    say(manager, session, "1")
    git(manager.path, "update-ref", "-d", refs(manager, "refs/claif/drafts")[0])
    assert texts(manager, session) == ["0"]
    say(manager, session, "2")
    assert texts(manager, session) == ["0", "2"]
    git(manager.path, "update-ref", "-d", refs(manager, "refs/claif/drafts")[0])
    manager.save_session(session)
    assert texts(manager, session) == ["0"]


def test_a_draft_whose_session_somebody_deleted_says_so(manager: SessionManager) -> None:
    session = talk(manager, "0")
    manager.configure_autosave(enabled=False)
    say(manager, session, "1")
    with SessionManager(manager.path) as other:
        other.delete_session(session)
    for use in (manager.get_session, manager.save_session, manager.get_messages):
        with pytest.raises(SessionNotFoundError):
            use(session)
    with pytest.raises(SessionNotFoundError):
        say(manager, session, "2")


def test_a_batch_with_autosave_off_writes_to_the_draft(manager: SessionManager) -> None:
    session = talk(manager, "0")
    manager.configure_autosave(enabled=False)
    with manager.batch():
        say(manager, session, "1", "2")
        with SessionManager(manager.path) as other:
            say(other, session, "theirs")
        say(manager, session, "3")
    assert texts_afresh(manager.path, session) == ["0", "theirs"]
    assert sorted(texts(manager, session)) == ["0", "1", "2", "3", "theirs"]
    manager.save_session(session)
    assert sorted(texts_afresh(manager.path, session)) == ["0", "1", "2", "3", "theirs"]


def test_a_manager_that_is_dropped_without_an_interval_is_let_go(manager: SessionManager) -> None:
    session = talk(manager, "0")
    other = SessionManager(manager.path)
    other.configure_autosave(interval=3600)
    other.configure_autosave()
    say(other, session, "1")
    left = weakref.ref(other._autosave)
    other.close()
    del other
    gc.collect()
    assert left() is None


def test_a_tick_of_a_manager_that_is_gone_does_nothing(manager: SessionManager) -> None:
    reference = saving.weakref.ref(saving.Autosave(manager._working))
    gc.collect()
    saving._tick(reference)


def test_what_cannot_be_saved_at_exit_is_logged(manager: SessionManager, caplog: pytest.LogCaptureFixture) -> None:
    session = talk(manager, "0")
    manager.configure_autosave(interval=3600)
    say(manager, session, "1")
    with SessionManager(manager.path) as other:
        other.delete_session(session)
    with caplog.at_level(logging.WARNING, saving.__name__):
        manager._autosave._close_at_exit()
    assert "not saved at exit" in caplog.text


def test_many_processes_with_drafts_save_into_one_session_and_lose_nothing(manager: SessionManager) -> None:
    session = talk(manager, "0")
    code = (
        "import sys\nfrom claif_git import Message, SessionManager\nstore, session, name = sys.argv[1:]\n"
        "with SessionManager(store, durability='relaxed') as manager:\n"
        "    manager.configure_autosave(enabled=False)\n"
        "    for at in range(4):\n"
        "        manager.add_message(session, Message('user', f'{name}{at}'))\n"
        "        if at % 2: manager.save_session(session)\n"
    )
    running = [subprocess.Popen([sys.executable, "-c", code, str(manager.path), session, name]) for name in "abc"]
    assert [process.wait() for process in running] == [0, 0, 0]
    assert sorted(texts(manager, session)) == ["0", *(f"{name}{at}" for name in "abc" for at in range(4))]
    assert manager.drafts() == []
    git(manager.path, "fsck", "--strict")


def test_a_closed_manager_says_so_whatever_is_asked_of_it(manager: SessionManager) -> None:
    session = talk(manager, "0")
    manager.close()
    manager.close()
    uses: list[Any] = [
        lambda: manager.get_session(session),
        lambda: manager.create_session("x"),
        lambda: manager.add_message(session, Message("user", "x")),
        manager.list_sessions,
        manager.templates,
        manager.drafts,
        manager.trashed_sessions,
        lambda: manager.configure_autosave(enabled=False),
        lambda: manager.batch().__enter__(),
        lambda: manager.delete_session(session),
    ]
    for use in uses:
        with pytest.raises(StoreError, match="closed"):
            use()
    assert manager.path.exists()
    assert texts_afresh(manager.path, session) == ["0"]
