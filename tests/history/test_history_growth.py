"""A session that others went on with: what is known of it is carried on, and is what reading it anew would give."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from claif_git import Message, SessionManager
from claif_git.history.snapshot import Snapshot

KNOWN = ("files", "shown", "latest", "dropped", "twins", "settings", "drops")
START = datetime(2026, 1, 1, tzinfo=UTC)

steps = st.lists(
    st.tuples(
        st.sampled_from(["say", "say", "say", "said", "old", "drop", "title", "order", "metadata", "merge"]),
        st.integers(0, 9),
        st.booleans(),
    ),
    min_size=1,
    max_size=8,
)


def do(manager: SessionManager, session: str, what: str, number: int) -> None:
    """Make one change of each kind."""
    if what == "say":
        manager.add_message(session, Message("user", f"{number}"))
    elif what == "said":
        manager.add_message(session, Message("user", f"{number}", id=f"id-{number}"))
    elif what == "old":
        manager.add_message(session, Message("user", f"{number}", START + timedelta(days=number)))
    elif what == "drop":
        manager.update_session_messages(session, manager.get_messages(session)[number % 3 :])
    elif what == "title":
        manager.update_title(session, f"title {number}")
    elif what == "metadata" and manager.get_messages(session):
        manager.update_message_metadata(session, -1, {"n": number})
    elif what == "merge":
        other = manager.branch_session(session)
        manager.add_message(other, Message("user", f"aside {number}"))
        manager.add_message(session, Message("user", f"meanwhile {number}"))
        manager.merge_sessions(session, other, into_primary=True)


def told(snapshot: Snapshot) -> dict[str, Any]:
    return {name: getattr(snapshot, name) for name in KNOWN}


@settings(max_examples=40, deadline=None)
@given(steps)
def test_what_is_carried_on_is_what_reading_anew_gives(
    tmp_path_factory: Any, steps: list[tuple[str, int, bool]]
) -> None:
    store: Path = tmp_path_factory.mktemp("store") / "s"
    with (
        SessionManager(store, durability="relaxed") as one,
        SessionManager(store, durability="relaxed") as other,
    ):
        session = one.create_session("x")
        for what, number, looks in steps:
            do(other, session, what, number)
            carried = one._working.read(session)
            if looks:
                assert told(carried) == told(one._working.peek(session, carried.commit))
        carried = one._working.read(session)
        assert told(carried) == told(one._working.peek(session, carried.commit))
        assert carried.find_id("id-3", "0" * 8) is None


def test_reading_on_reads_only_what_is_new(tmp_path: Path) -> None:
    with SessionManager(tmp_path / "s") as one, SessionManager(tmp_path / "s") as other:
        session = one.create_session("x")
        for at in range(300):
            one.add_message(session, Message("user", f"{at}"))
        before = one._working.read(session)
        other.add_message(session, Message("assistant", "said elsewhere"))
        assert len(before.shown) == 300
        read: list[str] = []
        kept = one._working.repo.read
        one._working.repo.read = lambda oid: (read.append(oid), kept(oid))[1]  # type: ignore[method-assign]
        after = one._working.read(session)
        assert [entry.path for entry in after.shown[:300]] == [entry.path for entry in before.shown]
        assert len(after.shown) == 301
        assert len(read) <= 4
