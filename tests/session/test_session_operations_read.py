"""What a manager has read of the log of operations is as good as reading it anew, whoever writes to it."""

from __future__ import annotations

from pathlib import Path

from claif_git import Message, SessionManager
from claif_git.session.operations import all_operations, operations


def test_the_log_is_the_same_however_it_is_read(tmp_path: Path) -> None:
    with SessionManager(tmp_path / "s") as one, SessionManager(tmp_path / "s") as two:

        def ids(manager: SessionManager) -> list[str]:
            return [operation.id for operation in all_operations(manager._working)]

        assert ids(one) == []
        made = [one.create_session(f"Talk {at}") for at in range(4)]
        for at, session_id in enumerate(made):
            (one, two)[at % 2].add_message(session_id, Message("user", "hello"))
            (two, one)[at % 2].delete_session(session_id)
            for manager in (one, two):
                assert ids(manager) == [operation.id for operation in operations(manager._working)]
        assert len(ids(one)) == 4
        two.purge_session(made[1])
        assert ids(one) == ids(two) == [operation.id for operation in operations(one._working)]
        assert not any(move.session_id == made[1] for one_of in all_operations(one._working) for move in one_of.moves)
