"""Undo takes the last change of a store, wherever it was made and however fast; redo brings it again, all the way."""

from __future__ import annotations

import json
import random
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

import pytest
from support.people import git

from claif_git import Message, SessionManager
from claif_git.errors import ClaifGitError, InvalidInputError

State = dict[str, tuple[object, ...]]


def state(manager: SessionManager) -> State:
    """Give all that the sessions show."""
    return {
        session.id: (session.title, session.order, *(message.content for message in session.messages))
        for session in manager.list_sessions()
    }


class Person:
    """Does at random what people do to a store; the last state of `states` up to `cursor` is what it should show."""

    def __init__(self, path: Path, seed: int) -> None:
        self.dice = random.Random(seed)
        self.path = path
        self.managers = [SessionManager(path / "store", durability="relaxed") for _ in range(2)]
        self.other = SessionManager(path / "other", author="Other <o@example.org>", durability="relaxed")
        self.managers[0].add_remote("origin", str(path / "other"))
        self.states: list[State] = [{}]
        self.cursor = self.count = 0

    def close(self) -> None:
        for manager in (*self.managers, self.other):
            manager.close()

    @property
    def manager(self) -> SessionManager:
        return self.dice.choice(self.managers)

    def _some(self, manager: SessionManager | None = None) -> str:
        sessions = sorted(session.id for session in (manager or self.manager).list_sessions())
        if not sessions:
            raise InvalidInputError("there is none yet")
        return self.dice.choice(sessions)

    def _word(self) -> str:
        self.count += 1
        return f"word {self.count}"

    def say(self) -> None:
        self.manager.add_message(self._some(), Message("user", self._word()))

    def create(self) -> None:
        self.manager.create_session(self._word(), self.dice.choice([None, "coding"]))

    def edit(self) -> None:
        self.manager.edit_message(self._some(), -1, self._word())

    def retitle(self) -> None:
        self.manager.update_title(self._some(), self._word())

    def drop(self) -> None:
        self.manager.drop_messages(self._some(), [0])

    def batch(self) -> None:
        manager = self.manager
        session = self._some()
        with manager.batch():
            manager.add_message(session, Message("user", self._word()))

    def delete(self) -> None:
        self.manager.delete_session(self._some())

    def restore(self) -> None:
        trashed = sorted(session.id for session in self.manager.trashed_sessions())
        gone = [one for one in trashed if one not in state(self.manager)]
        if not gone:
            raise InvalidInputError("the trash is empty")
        self.manager.restore_session(self.dice.choice(gone))

    def branch(self) -> None:
        self.manager.branch_session(self._some(), -1, self._word())

    def merge(self) -> None:
        one, two = self._some(), self._some()
        self.manager.merge_sessions(one, two, into_primary=self.dice.random() < 0.5)

    def import_(self) -> None:
        said = [{"role": "user", "content": self._word()}, {"role": "assistant", "content": self._word()}]
        file = self.path / f"{self.count}.json"
        file.write_text(json.dumps(said))
        self.manager.import_file(file)

    def pull(self) -> None:
        for _ in range(self.dice.randint(1, 3)):
            with suppress(ClaifGitError):
                self._other_acts()
        self.manager.pull()

    def _other_acts(self) -> None:
        what = self.dice.random()
        if what < 0.4:
            made = self.other.create_session(self._word())
            self.other.add_message(made, Message("user", self._word()))
        elif what < 0.9:
            self.other.add_message(self._some(self.other), Message("user", self._word()))
        else:
            self.other.delete_session(self._some(self.other))

    def act(self) -> None:
        acts: list[Callable[[], None]] = [self.say] * 4
        acts += [self.create, self.edit, self.retitle, self.drop, self.batch, self.delete, self.restore, self.branch]
        acts += [self.merge, self.import_, self.pull, self.pull]
        act = self.dice.choice(acts)
        before = self._tips()
        with suppress(ClaifGitError):
            act()
        if self._tips() != before:
            self.states[self.cursor + 1 :] = [state(self.manager)]
            self.cursor += 1

    def _tips(self) -> dict[str, str]:
        return {session.id: session.tip for session in self.manager.list_sessions()}

    def undo(self) -> None:
        if self.cursor == 0:
            with pytest.raises(InvalidInputError, match="nothing to undo"):
                self.manager.undo()
            return
        self.manager.undo()
        self.cursor -= 1
        assert state(self.manager) == self.states[self.cursor]

    def redo(self) -> None:
        if self.cursor == len(self.states) - 1:
            with pytest.raises(InvalidInputError, match="nothing to redo"):
                self.manager.redo()
            return
        self.manager.redo()
        self.cursor += 1
        assert state(self.manager) == self.states[self.cursor]


@pytest.mark.parametrize("seed", range(12))
def test_undo_and_redo_move_through_all_that_was_done_to_a_store(seed: int, tmp_path: Path) -> None:
    person = Person(tmp_path, seed)
    for _ in range(30):
        doing = person.dice.choices([person.act, person.undo, person.redo], [5, 3, 2])[0]
        doing()
    while person.cursor:
        person.undo()
    person.undo()
    while person.cursor < len(person.states) - 1:
        person.redo()
    person.redo()
    git(person.path / "store", "fsck", "--strict")
    person.close()


@pytest.mark.parametrize("seed", range(100, 106))
def test_what_is_undone_in_one_session_is_redone_in_it_and_nothing_else_moves(seed: int, tmp_path: Path) -> None:
    person = Person(tmp_path, seed)
    done = 0
    for _ in range(25):
        person.act()
        shown = state(person.manager)
        if not shown:
            continue
        session = person.dice.choice(sorted(shown))
        steps = person.dice.randint(1, 3)
        states = [shown]
        for _ in range(steps):
            try:
                person.manager.undo(session)
            except InvalidInputError:
                break
            states.append(state(person.manager))
            assert _without(states[-1], session) == _without(shown, session)
        for before in reversed(states[:-1]):
            person.manager.redo(session)
            assert state(person.manager) == before
            done += 1
        person.states[person.cursor + 1 :] = []
    assert done
    git(person.path / "store", "fsck", "--strict")
    person.close()


def _without(shown: State, session: str) -> State:
    return {name: told for name, told in shown.items() if name != session}
