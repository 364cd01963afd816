"""Clones round one hub, at random: whatever people do and in whatever order they sync, all end with the same.

One of them uses plain git for a part of it: commits a message by hand, merges and pushes with git.
"""

from __future__ import annotations

import contextlib
import random
import subprocess
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from support.git_servers import make_hub
from support.people import git

from claif_git.errors import DivergedError, InvalidInputError
from claif_git.git.transport import DulwichTransport, GitTransport
from claif_git.model import Message
from claif_git.session import SessionManager

RUNS = 200
STEPS = 10
MOST_SESSIONS = 3


class Talk:
    """Everybody's stores, and what was said in which session. `missed`: what somebody left out, anywhere."""

    def __init__(self, folder: Path, names: tuple[str, ...], address: str, seed: int) -> None:
        self.dice = random.Random(seed)
        self.said: dict[str, set[str]] = {}
        self.missed: set[str] = set()
        self.conflicts: list[object] = []
        self.count = 0
        self.people = [
            SessionManager(folder / name, author=f"{name} <{name}@example.org>", durability="relaxed") for name in names
        ]
        for manager in self.people:
            manager.add_remote("origin", address)

    def close(self) -> None:
        for manager in self.people:
            manager.close()

    def word(self) -> str:
        self.count += 1
        return f"word {self.count}"

    def say(self, manager: SessionManager, one: str, *roles: str) -> None:
        for role in roles or ("user",):
            text = f"{manager.path.name} says {self.word()}"
            manager.add_message(one, Message(role, text))  # type: ignore[arg-type]
            self.said.setdefault(one, set()).add(text)

    @contextlib.contextmanager
    def leaving_out(self, manager: SessionManager, one: str) -> Iterator[None]:
        """Take down what is not shown any more at the end of the block."""
        before = set(texts(manager, one))
        yield
        self.missed |= before - set(texts(manager, one) if one in sessions(manager) else ())


def sessions(manager: SessionManager) -> list[str]:
    return sorted(name for name in manager._store.ids() if name != "claif-store")


def texts(manager: SessionManager, one: str) -> list[str]:
    return [message.text for message in manager.get_session(one).messages]


# What people do with claif-git


def say(talk: Talk, manager: SessionManager, one: str) -> None:
    talk.say(manager, one, *("user", "assistant") * talk.dice.randint(1, 2))


def edit(talk: Talk, manager: SessionManager, one: str) -> None:
    """Edit a message where it was said, and nowhere else: two edits of one message meet in plain git."""
    mine = {text for text in talk.said.get(one, ()) if text.startswith(f"{manager.path.name} ")}
    own = [index for index, text in enumerate(texts(manager, one)) if text in mine]
    if own:
        manager.update_message_metadata(one, talk.dice.choice(own), {"seen": talk.word()})


def trim(talk: Talk, manager: SessionManager, one: str) -> None:
    with talk.leaving_out(manager, one):
        messages = manager.get_session(one).messages
        del messages[talk.dice.randrange(len(messages) + 1) : talk.dice.randrange(len(messages) + 1)]
        manager.update_session_messages(one, messages)


def regenerate(talk: Talk, manager: SessionManager, one: str) -> None:
    with talk.leaving_out(manager, one):
        manager.update_session_messages(one, manager.get_session(one).messages[:-1])
    talk.say(manager, one, "assistant")


def undo(talk: Talk, manager: SessionManager, one: str) -> None:
    """Take back what was just done."""
    talk.dice.choice((say, trim, edit))(talk, manager, one)
    with talk.leaving_out(manager, one), contextlib.suppress(InvalidInputError):
        manager.undo(one)


def branch(talk: Talk, manager: SessionManager, one: str) -> None:
    count = len(manager.get_session(one).messages)
    if count and len(sessions(manager)) < MOST_SESSIONS:
        made = manager.branch_session(one, talk.dice.randrange(count), talk.word())
        talk.say(manager, made, "user", "assistant")
        manager.push([made])


def merge(talk: Talk, manager: SessionManager, one: str) -> None:
    others = [other for other in sessions(manager) if other != one]
    if others:
        strategy = talk.dice.choice(("smart", "chronological"))
        with talk.leaving_out(manager, one):  # what was left out in the other is left out here
            result = manager.merge_sessions(one, talk.dice.choice(others), strategy, into_primary=True)
        talk.conflicts += result.conflicts


def delete(talk: Talk, manager: SessionManager, one: str) -> None:
    """Delete a session; where others go on with it, what nobody else has stays in the trash."""
    if len(sessions(manager)) > 1:
        talk.missed |= set(texts(manager, one))
        manager.delete_session(one)


def pull(_: Talk, manager: SessionManager, __: str) -> None:
    assert manager.pull().ok


def push(_: Talk, manager: SessionManager, __: str) -> None:
    with contextlib.suppress(DivergedError):
        manager.push()


ACTS = (say, say, say, edit, trim, regenerate, undo, branch, merge, delete, pull, pull, push, push)


# What one of them does with plain git


def say_by_hand(talk: Talk, manager: SessionManager, one: str) -> None:
    """Commit a message file, as git's own fast-import writes it."""
    text, moment = talk.word(), datetime.now(UTC)
    stamp = moment.strftime("%Y-%m-%dT%H-%M-%S.%f")
    name = f"messages/{stamp}-hand-0000/{stamp}-user-{talk.count:08x}.md"
    body = f"---\nrole: user\ntimestamp: {moment.isoformat()[:26]}Z\n---\n{text}\n"
    ref = f"refs/heads/{one}"
    stream = (
        f"commit {ref}\ncommitter Eve <eve@example.org> {int(moment.timestamp())} +0000\ndata 4\nhand\n"
        f"from {ref}^0\nM 100644 inline {name}\ndata {len(body)}\n{body}\n"
    )
    subprocess.run(
        ["git", "-C", str(manager.path), "fast-import", "--quiet"],
        input=stream.encode(),
        check=True,
        capture_output=True,
    )
    talk.said.setdefault(one, set()).add(text)


def merge_by_hand(_: Talk, manager: SessionManager, one: str) -> None:
    """Fetch, and merge what the hub has of a session, with git alone."""
    git(manager.path, "fetch", "-q", "origin")
    theirs, ours = f"refs/remotes/origin/{one}", f"refs/heads/{one}"
    known = git(manager.path, "for-each-ref", "--format=%(refname)", theirs, ours).split()
    if sorted(known) != sorted((theirs, ours)) or not git(manager.path, "rev-list", f"{ours}..{theirs}"):
        return
    tree = git(manager.path, "merge-tree", "--write-tree", ours, theirs)  # an AssertionError if there is a conflict
    who = ("-c", "user.name=Eve", "-c", "user.email=eve@example.org")
    commit = git(manager.path, *who, "commit-tree", tree, "-p", ours, "-p", theirs, "-m", "merged by hand")
    git(manager.path, "update-ref", ours, commit)


def push_by_hand(_: Talk, manager: SessionManager, one: str) -> None:
    git(manager.path, "push", "-q", "origin", f"{one}:{one}", check=False)


BY_HAND = (say_by_hand, say_by_hand, merge_by_hand, push_by_hand)


# The runs


def converge(talk: Talk, *, by_hand: bool) -> None:
    """Let people do things, then sync twice, and hold what they have against each other and what was said."""
    first = talk.people[0]
    start = first.create_session("Start")
    talk.say(first, start, "user", "assistant")
    first.push([start])
    for manager in talk.people[1:]:
        manager.pull()
    for _ in range(STEPS):
        manager = talk.dice.choice(talk.people)
        mine = by_hand and manager is talk.people[-1] and talk.dice.random() < 0.5
        act: Callable[[Talk, SessionManager, str], None] = talk.dice.choice(BY_HAND if mine else ACTS)
        if sessions(manager):
            act(talk, manager, talk.dice.choice(sessions(manager)))
    for _ in range(2):
        for manager in talk.people:
            assert all(report.ok for report in manager.sync())
    check(talk)


def check(talk: Talk) -> None:
    ends = [{one: manager.get_session(one).messages for one in sessions(manager)} for manager in talk.people]
    for end in ends[1:]:
        assert end == ends[0]
    tips = [{one: manager._store.tip(one) for one in sessions(manager)} for manager in talk.people]
    assert all(one == tips[0] for one in tips)
    for one, messages in ends[0].items():
        shown = [message.text for message in messages]
        assert len(shown) == len(set(shown))
        assert talk.said.get(one, set()) - talk.missed <= set(shown)
    assert talk.conflicts == []
    for manager in talk.people:
        assert git(manager.path, "fsck", "--strict", "--no-dangling") == ""


@pytest.mark.parametrize("seed", range(RUNS))
def test_all_end_with_the_same(seed: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    made = GitTransport() if seed % 10 == 0 else DulwichTransport()
    monkeypatch.setattr("claif_git.session.remotes.default_transport", lambda: made)
    names = ("ada", "bob") if seed % 2 else ("ada", "bob", "eve")
    talk = Talk(tmp_path, names, str(make_hub(tmp_path / "hub.git")), seed)
    try:
        converge(talk, by_hand=seed % 3 == 0)
    finally:
        talk.close()


@pytest.mark.parametrize("seed", range(RUNS, RUNS + 2))
@pytest.mark.parametrize("way", ["git", "http"], indirect=True)
def test_all_end_with_the_same_round_a_server(
    seed: int, far_hub: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("claif_git.session.remotes.default_transport", GitTransport)
    talk = Talk(tmp_path, ("ada", "bob", "eve"), far_hub.address, seed)
    try:
        converge(talk, by_hand=seed % 2 == 0)
    finally:
        talk.close()
