"""Clones round one hub, at random: whatever people do and in whatever order they sync, all end with the same.

One of them uses plain git for a part of it: commits a message by hand, merges and pushes with git. The hub is at a
path, behind git daemon or behind a web server, and reached by git or without it.
"""

from __future__ import annotations

import contextlib
import itertools
import random
import subprocess
from collections.abc import Callable, Iterator, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from support.git_servers import make_hub
from support.people import git

from claif_git.errors import DivergedError, InvalidInputError
from claif_git.git.transport import DulwichTransport, GitTransport, Transport
from claif_git.model import Message
from claif_git.session import SessionManager

RUNS = 200
STEPS = 8
MOST_SESSIONS = 3


class Talk:
    """Everybody's stores, and what was said in which session.

    missed   what somebody left out, anywhere
    was      what a message said before it was reworded
    picked   what was said again in another session, so that it may come to stand somewhere twice
    purged   sessions that somebody wanted gone for good: who had gone on with one keeps it
    """

    def __init__(self, folder: Path, names: tuple[str, ...], address: str, seed: int) -> None:
        self.dice = random.Random(seed)
        self.said: dict[str, set[str]] = {}
        self.missed: set[str] = set()
        self.was: dict[str, str] = {}
        self.picked: set[str] = set()
        self.purged: set[str] = set()
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
    def leaving_out(self, manager: SessionManager, *ids: str) -> Iterator[None]:
        """Take down what is not shown any more at the end of the block."""
        before = {one: set(texts(manager, one)) for one in ids}
        yield
        left = sessions(manager)
        for one, said in before.items():
            self.missed |= said - set(texts(manager, one) if one in left else ())

    def wanted(self, one: str) -> set[str]:
        """Give what a session must show: what nobody left out, whatever it said then, and nobody reworded."""
        return {text for text in self.said.get(one, ()) if not self._is_missed(text)} - set(self.was.values())

    def _is_missed(self, text: str) -> bool:
        return text in self.missed or (text in self.was and self._is_missed(self.was[text]))


def sessions(manager: SessionManager) -> list[str]:
    return sorted(name for name in manager._store.ids() if name != "claif-store")


def texts(manager: SessionManager, one: str) -> list[str]:
    return [message.text for message in manager.get_session(one).messages]


# What people do with claif-git


def say(talk: Talk, manager: SessionManager, one: str) -> None:
    talk.say(manager, one, *("user", "assistant") * talk.dice.randint(1, 2))


def own(talk: Talk, manager: SessionManager, one: str) -> int | None:
    """Choose a message that was said here, by this one: two edits of one message meet in plain git."""
    mine = {text for text in talk.said.get(one, ()) if text.startswith(f"{manager.path.name} ")} - talk.picked
    return chosen(talk, [index for index, text in enumerate(texts(manager, one)) if text in mine])


def chosen(talk: Talk, among: Sequence[Any]) -> Any:
    return talk.dice.choice(among) if among else None


def edit(talk: Talk, manager: SessionManager, one: str) -> None:
    if (index := own(talk, manager, one)) is not None:
        manager.update_message_metadata(one, index, {"seen": talk.word()})


def reword(talk: Talk, manager: SessionManager, one: str) -> None:
    if (index := own(talk, manager, one)) is not None:
        text = f"{manager.path.name} rewords {talk.word()}"
        talk.was[text] = texts(manager, one)[index]
        manager.edit_message(one, index, text)
        talk.said[one].add(text)


def trim(talk: Talk, manager: SessionManager, one: str) -> None:
    with talk.leaving_out(manager, one):
        messages = manager.get_session(one).messages
        del messages[talk.dice.randrange(len(messages) + 1) : talk.dice.randrange(len(messages) + 1)]
        manager.update_session_messages(one, messages)


def regenerate(talk: Talk, manager: SessionManager, one: str) -> None:
    with talk.leaving_out(manager, one):
        manager.update_session_messages(one, manager.get_session(one).messages[:-1])
    talk.say(manager, one, "assistant")


def drop(talk: Talk, manager: SessionManager, one: str) -> None:
    count = len(texts(manager, one))
    if count:
        with talk.leaving_out(manager, one):
            manager.drop_messages(one, talk.dice.sample(range(count), talk.dice.randint(1, min(2, count))))


def undo(talk: Talk, manager: SessionManager, one: str) -> None:
    """Take back what was just done, and now and then do it again."""
    talk.dice.choice((say, trim, edit, reword, drop))(talk, manager, one)
    with talk.leaving_out(manager, one), contextlib.suppress(InvalidInputError):
        manager.undo(one)
        if talk.dice.random() < 0.5:
            manager.redo(one)


def undo_last(talk: Talk, manager: SessionManager, _: str) -> None:
    """Take back whatever was the last change of the store, a pull for one; and now and then do it again."""
    with talk.leaving_out(manager, *sessions(manager)), contextlib.suppress(InvalidInputError):
        manager.undo()
        if talk.dice.random() < 0.5:
            manager.redo()


def reset(talk: Talk, manager: SessionManager, one: str) -> None:
    """Go back past some of one's own last commits: those of others may be edits, of which two would meet."""
    name = f"{manager.path.name} <"
    turns = list(
        itertools.takewhile(lambda turn: turn.author.startswith(name) and turn.kind != "merge", manager.log(one))
    )
    if len(turns) > 1:
        with talk.leaving_out(manager, one):
            manager.reset_session(one, talk.dice.choice(turns[1:]).commit)


def cherry_pick(talk: Talk, manager: SessionManager, one: str) -> None:
    other, count = chosen(talk, [other for other in sessions(manager) if other != one]), len(texts(manager, one))
    if other and count:
        (made,) = manager.cherry_pick(one, [talk.dice.randrange(count)], other)
        talk.said.setdefault(other, set()).add(made.text)
        talk.picked.add(made.text)


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


def restore(talk: Talk, manager: SessionManager, _: str) -> None:
    gone = [session.id for session in manager.trashed_sessions() if session.id not in sessions(manager)]
    if gone:
        manager.restore_session(talk.dice.choice(gone))


def purge(talk: Talk, manager: SessionManager, one: str) -> None:
    if len(sessions(manager)) > 1:
        talk.missed |= set(texts(manager, one))
        talk.purged.add(one)
        manager.purge_session(one)


def pull(_: Talk, manager: SessionManager, __: str) -> None:
    assert manager.pull().ok


def push(_: Talk, manager: SessionManager, __: str) -> None:
    with contextlib.suppress(DivergedError):
        manager.push()


OFTEN = (say, say, say, branch, merge, undo, pull, pull, push, push)
ACTS = (*OFTEN, *OFTEN, edit, reword, trim, drop, regenerate, undo_last, reset, cherry_pick, delete, restore, purge)


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
    meet(talk)
    if not all(one == tips(talk)[0] for one in tips(talk)):
        meet(talk)  # who restores what is deleted at the hub sends it only once somebody else did
    check(talk)


def meet(talk: Talk) -> None:
    for manager in talk.people:
        assert all(report.ok for report in manager.sync())
    for manager in talk.people[:-1]:
        assert manager.pull().ok


def tips(talk: Talk) -> list[dict[str, str]]:
    return [
        {one: manager._store.tip(one) for one in sessions(manager) if one not in talk.purged} for manager in talk.people
    ]


def check(talk: Talk) -> None:
    ends = [
        {one: manager.get_session(one).messages for one in shown}
        for manager, shown in zip(talk.people, tips(talk), strict=True)
    ]
    assert all(end == ends[0] for end in ends)
    assert all(one == tips(talk)[0] for one in tips(talk))
    for one, messages in ends[0].items():
        shown = [message.text for message in messages]
        assert len(shown) == len(set(shown)) or set(shown) & talk.picked
        assert talk.wanted(one) <= set(shown)
    assert talk.conflicts == []
    for manager in talk.people:
        assert git(manager.path, "fsck", "--strict", "--no-dangling") == ""


def way_of(seed: int) -> tuple[type[Transport], str]:
    """Give how one run reaches its hub. Git costs more than twice as much, and servers too: each gets a part."""
    return (GitTransport if seed % 10 == 0 else DulwichTransport), {3: "git", 7: "http"}.get(seed // 10 % 10, "path")


@pytest.mark.parametrize("seed", range(RUNS))
def test_all_end_with_the_same(
    seed: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, request: pytest.FixtureRequest
) -> None:
    kind, way = way_of(seed)
    made = kind()
    monkeypatch.setattr("claif_git.session.remotes.default_transport", lambda: made)
    name = f"{tmp_path.name}.git"
    folder, prefix = tmp_path, f"{tmp_path}/"
    if way != "path":
        server = request.getfixturevalue({"git": "_daemon", "http": "_http"}[way])
        folder, prefix = server.folder, server.prefix
    make_hub(folder / name)
    talk = Talk(tmp_path, ("ada", "bob", "eve") if seed % 3 == 0 else ("ada", "bob"), prefix + name, seed)
    try:
        converge(talk, by_hand=seed % 4 == 0)
    finally:
        talk.close()


def test_each_way_is_gone_by_git_and_without_it() -> None:
    assert {way_of(seed) for seed in range(RUNS)} == {
        (kind, way) for kind in (GitTransport, DulwichTransport) for way in ("path", "git", "http")
    }
