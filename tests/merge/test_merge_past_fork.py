"""What a merge would add: told by the trees' differences, and the same as looking at every message."""

from __future__ import annotations

from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from claif_git import Message, SessionManager
from claif_git.format import layout
from claif_git.git.trees import Folder
from claif_git.history.placing import Entry
from claif_git.history.snapshot import Snapshot
from claif_git.merge.bases import Scratch, base_tree
from claif_git.merge.strategies import past_fork

steps = st.lists(
    st.tuples(st.integers(0, 1), st.sampled_from(["say", "say", "own id", "drop", "edit", "order", "merge"])),
    max_size=12,
)


def one_by_one(side: Snapshot, base: Folder | None, other: Snapshot) -> list[Entry]:
    """Look at every message that is shown."""

    def is_new(entry: Entry) -> bool:
        path = f"{layout.MESSAGES}/{entry.path}"
        return (base is None or base.get(path) is None) and other.root.get(path) is None

    return [entry for entry in side.shown if is_new(entry)]


@settings(max_examples=50, deadline=None)
@given(steps)
def test_what_is_past_the_fork_is_what_looking_at_every_message_gives(
    tmp_path_factory: Any, steps: list[tuple[int, str]]
) -> None:
    with SessionManager(tmp_path_factory.mktemp("store") / "s", durability="relaxed") as manager:
        first = manager.create_session("x")
        manager.add_message(first, Message("user", "hello", id="id-1"))
        sides = [first, manager.branch_session(first)]
        for number, (side, what) in enumerate(steps):
            step(manager, sides, side, what, number)
        working = manager._working
        ours, theirs = (working.read(side) for side in sides)
        base = base_tree(working.repo, ours.commit, theirs.commit, Scratch(working.repo))
        for one, other in ((ours, theirs), (theirs, ours)):
            for below in (base, None):
                fresh = working.peek(one.session_id, one.commit)
                assert past_fork(fresh, below, other) == one_by_one(one, below, other)


def step(manager: SessionManager, sides: list[str], side: int, what: str, number: int) -> None:
    session, said = sides[side], manager.get_messages(sides[side])
    if what == "say":
        manager.add_message(session, Message("user", f"said {number}"))
    elif what == "own id":
        manager.add_message(session, Message("user", f"said {number}", id=f"id-{number % 2}"))
    elif what == "drop" and said:
        manager.update_session_messages(session, said[1:])
    elif what == "edit" and said:
        manager.update_message_metadata(session, -1, {"edited": number})
    elif what == "order":
        sides[side] = manager.merge_sessions(session, sides[1 - side], "chronological")
    elif what == "merge":
        manager.merge_sessions(session, sides[1 - side], into_primary=True)
