"""What a purge leaves of the operation log: all that it tells of other sessions, and keeps for them."""

from __future__ import annotations

from typing import Any

import pytest
from support.people import git

from claif_git import Message, SessionManager
from claif_git.session import operations


def talk(manager: SessionManager, *texts: str) -> str:
    session = manager.create_session("A talk")
    for text in texts:
        manager.add_message(session, Message("user", text))
    return session


def test_what_another_process_records_during_a_purge_stays_in_the_log(
    manager: SessionManager, monkeypatch: pytest.MonkeyPatch
) -> None:
    purged, kept = talk(manager, "to be purged"), talk(manager, "to be deleted")
    manager.delete_session(talk(manager, "deleted before"))
    transact, other = operations.transact, SessionManager(manager.path)

    def raced(*args: Any, **options: Any) -> Any:
        monkeypatch.setattr(operations, "transact", transact)
        other.delete_session(kept)
        return transact(*args, **options)

    monkeypatch.setattr(operations, "transact", raced)
    manager.purge_session(purged)
    assert [one.verb for one in manager.operations()][:3] == ["purge", "delete", "delete"]
    other.close()


@pytest.mark.parametrize("is_first", [True, False], ids=["as its first", "as its first after a purge"])
def test_what_the_log_keeps_as_its_first_operation_is_not_pruned(manager: SessionManager, is_first: bool) -> None:
    session, other = talk(manager, "one"), talk(manager, "to be purged")
    old = git(manager.path, "rev-parse", f"refs/heads/{session}").strip()
    new = git(manager.path, "commit-tree", "-m", "elsewhere", f"{old}^{{tree}}").strip()
    git(manager.path, "update-ref", f"refs/heads/{session}", new)
    if not is_first:
        manager.delete_session(other)
    operations.record_moves(manager._working, "undo", [operations.Move(session, old, new)], "", kept=[old])
    manager.purge_session(other)
    git(manager.path, "gc", "--quiet", "--prune=now")
    assert git(manager.path, "cat-file", "-t", old) == "commit"
    assert [one.verb for one in manager.operations()][:2] == ["purge", "undo"]


def test_a_log_that_told_of_one_session_alone_says_nothing_after_its_purge(manager: SessionManager) -> None:
    purged = talk(manager, "to be purged")
    manager.undo(purged)
    manager.delete_session(purged)
    manager.purge_session(purged)
    assert [one.verb for one in manager.operations()] == ["purge"]
    log = git(manager.path, "log", "-p", "--format=%B", "refs/claif/ops")
    assert purged not in log
