"""A session beside a list in memory: whatever verbs come in whatever order, both say the same."""

from __future__ import annotations

import random
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from support.people import git

from claif_git import Message, SessionManager

START = datetime(2026, 1, 1, tzinfo=UTC)


@dataclass
class Said:
    role: str
    text: str
    metadata: dict[str, Any] = field(default_factory=dict)


class Pair:
    """A session of a store, and what it should be."""

    def __init__(self, manager: SessionManager, session: str, said: list[Said], settings: dict[str, Any]) -> None:
        self.manager, self.session = manager, session
        self.said, self.settings = said, settings

    def add(self, dice: random.Random, number: int) -> None:
        role = dice.choice(["user", "assistant", "system"])
        moment = START + timedelta(seconds=dice.randint(-5, 5) * 10 ** dice.randint(0, 7))
        self.manager.add_message(self.session, Message(role, f"m{number}", moment))  # type: ignore[arg-type]
        self.said.append(Said(role, f"m{number}"))

    def note(self, dice: random.Random, number: int) -> None:
        if self.said:
            at = dice.randrange(-len(self.said), len(self.said))
            key = dice.choice("ab")
            value = dice.choice([None, number, True, 1.5, "x", [1]])
            self.manager.update_message_metadata(self.session, at, {key: value})
            self.said[at].metadata.pop(key, None) if value is None else self.said[at].metadata.update({key: value})

    def replace(self, dice: random.Random, number: int) -> None:
        messages = self.manager.get_session(self.session).messages
        order = list(range(len(messages)))
        if dice.random() < 0.3:
            dice.shuffle(order)
        order = [at for at in order if dice.random() < 0.8]
        chosen, said = [messages[at] for at in order], [self.said[at] for at in order]
        for at in range(dice.randint(0, 2)):
            place = dice.randint(0, len(chosen))
            chosen.insert(place, Message("system", f"m{number}.{at}"))
            said.insert(place, Said("system", f"m{number}.{at}"))
        self.manager.update_session_messages(self.session, chosen)
        self.said = said

    def setting(self, dice: random.Random, number: int) -> None:
        key, value = dice.choice("abc"), dice.choice([None, number, {"n": number}])
        self.manager.update_metadata(self.session, {key: value})
        self.settings.pop(key, None) if value is None else self.settings.update({key: value})

    def fork(self, dice: random.Random) -> Pair:
        at = dice.randrange(len(self.said)) if self.said else -1
        branch = self.manager.branch_session(self.session, at)
        said = [Said(item.role, item.text, dict(item.metadata)) for item in self.said[: at + 1]]
        return Pair(self.manager, branch, said, dict(self.settings))

    def check(self, manager: SessionManager) -> None:
        read = manager.get_session(self.session)
        shown = [(message.role.value, message.text, message.metadata) for message in read.messages]
        assert shown == [(item.role, item.text, item.metadata) for item in self.said]
        assert read.metadata == self.settings
        last = [message.text for message in manager.get_messages(self.session, limit=2)]
        assert last == [item.text for item in self.said[-2:]]


ACTS = ["add", "add", "add", "note", "replace", "setting", "fork", "autosave", "save", "delete", "another"]


def play(path: Path, seed: int, acts: list[str]) -> None:
    dice = random.Random(seed)
    with SessionManager(path, durability="relaxed") as manager:
        pairs = [Pair(manager, manager.create_session("M"), [], {})]
        for number, act in enumerate(acts):
            pair = dice.choice(pairs)
            if act == "fork":
                pairs.append(pair.fork(dice))
            elif act == "autosave":
                manager.configure_autosave(enabled=dice.random() < 0.5)
            elif act == "save":
                manager.save_session(pair.session)
            elif act == "delete":
                manager.delete_session(pair.session)
                manager.restore_session(pair.session)
            elif act == "another":
                manager.configure_autosave()
                with SessionManager(path, durability="relaxed") as other:
                    Pair(other, pair.session, pair.said, pair.settings).add(dice, number)
            else:
                getattr(pair, act)(dice, number)
            pair.check(manager)
        manager.configure_autosave()
        for pair in pairs:
            pair.check(manager)
    with SessionManager(path) as fresh:
        for pair in pairs:
            pair.check(fresh)
    git(path, "fsck", "--strict")
    for pair in pairs:
        paths = git(path, "ls-tree", "-r", "--name-only", pair.session, "messages/").splitlines()
        assert paths == sorted(paths)


@settings(max_examples=25)
@given(st.integers(0, 2**32), st.lists(st.sampled_from(ACTS), max_size=25))
def test_any_sequence_of_verbs_gives_what_a_list_would(
    tmp_path_factory: pytest.TempPathFactory, seed: int, acts: list[str]
) -> None:
    play(tmp_path_factory.mktemp("model") / "store", seed, acts)


def test_a_long_life_gives_what_a_list_would(tmp_path: Path) -> None:
    dice = random.Random(11)
    play(tmp_path / "store", 11, [dice.choice(ACTS) for _ in range(120)])
