"""Undo and redo: the last change of this store, or of one session, is taken back, and done again.

What was said here is taken back by a new commit on top, so that other stores can follow. What a pull brought is not
ours to take from those who said it: the session's branch goes back to where it stood, and no push tells of that.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TypeVar

from claif_git.errors import ClaifGitError, ConcurrentUpdateError, InvalidInputError, StoreError
from claif_git.history.change import Change
from claif_git.history.commits import one_line
from claif_git.history.resetting import reset_to
from claif_git.session import trash
from claif_git.session.operations import Move, Operation, all_operations, record_moves
from claif_git.session.past import Done, Past
from claif_git.session.working import Note, Working

_TRIES = 20
_QUEUE = "undo"
_WAIT = 60.0
"""Seconds. Steps go one at a time in a store: from where a branch is moved until that is noted, another would take
what was undone for something new. One step may go through thousands of sessions.
"""
_T = TypeVar("_T")


class _Moved(Exception):  # noqa: N818 - it says «look again», and never leaves this module
    """Somebody else moved the session between the look and the change."""


@dataclass(frozen=True, slots=True)
class Undone:
    """What undo or redo did: to which session ("": to several), what it took back (or did again), and the commit now.

    `commit` is where the session stands; None where it is gone, to the trash, or there are several.
    """

    session_id: str
    subject: str
    commit: str | None
    session_ids: tuple[str, ...] = ()


def undo(working: Working, session_id: str | None) -> Undone:
    """Take the last change of a session back, or of the store. InvalidInputError if there is nothing to take back."""

    def attempt() -> Undone:
        past = Past(working)
        last = past.top(session_id) if session_id is not None else past.latest()
        if last is None or (last.after is None and last.session_id not in working.store.trashed()):
            raise InvalidInputError("nothing to undo", hint="what came from elsewhere: claif-git drop, or reset --to")
        together = past.standing(last.id) if session_id is None else []
        moves = _each(together or [last], lambda done: _taken_back(working, past, done))
        kept = _left_behind(working, moves)
        record_moves(working, "undo", moves, one_line(last.about), undid=last.id, kept=kept)
        return _undone(last.about, moves)

    return _again_if_moved(working, attempt)


def redo(working: Working, session_id: str | None) -> Undone:
    """Do again what undo took back last. InvalidInputError if nothing was, or something else was done since."""

    def attempt() -> Undone:
        past = Past(working)
        undone, moves = _last_undone(past, session_id)
        latest = past.latest() if session_id is None else None
        is_cut = latest is not None and undone is not None and latest.key > past.key_of(undone)
        if undone is None or is_cut or not all(past.stands_at(move) for move in moves):
            raise InvalidInputError("nothing to redo", hint="redo follows an undo, with nothing done in between")
        about = undone.subject.removeprefix("undo: ")
        again = _each(moves, lambda move: _done_again(working, past, move, about, undone.undid))
        kept = _left_behind(working, again)
        record_moves(working, "redo", again, about, undid=undone.undid, again=undone.id, kept=kept)
        return _undone(about, again)

    return _again_if_moved(working, attempt)


def _again_if_moved(working: Working, attempt: Callable[[], Undone]) -> Undone:
    with working.lock:
        working.flush()
        for _ in range(_TRIES):
            try:
                with working.repo.queue(_QUEUE, timeout=_WAIT):
                    return attempt()
            except _Moved:
                continue
    raise ConcurrentUpdateError("others kept going on with it")


def _each(items: Sequence[_T], act: Callable[[_T], Move]) -> list[Move]:
    """Do one thing with each session; one that fails stops no other, unless nothing was done at all."""
    moves: list[Move] = []
    error: Exception | None = None
    for item in items:
        try:
            moves.append(act(item))
        except (ClaifGitError, _Moved) as caught:
            error = error or caught
    if not moves and error is not None:
        raise error
    return moves


def _undone(about: str, moves: Sequence[Move]) -> Undone:
    names = tuple(move.session_id for move in moves)
    alone = moves[0] if len(moves) == 1 else None
    return Undone(alone.session_id if alone else "", about, alone.new if alone else None, names)


def _last_undone(past: Past, session_id: str | None) -> tuple[Operation | None, list[Move]]:
    """Give the undo that was not done again, if nothing else is in the log since; and what it did."""
    redone: set[tuple[str | None, str]] = set()
    for operation in reversed(past.operations):
        moves = [move for move in operation.moves if session_id in (None, move.session_id)]
        if operation.verb == "redo":
            redone |= {(operation.again, move.session_id) for move in operation.moves}
        elif operation.verb == "undo":
            moves = [move for move in moves if (operation.id, move.session_id) not in redone]
            if moves:
                return operation, moves
        elif moves or session_id is None:
            break
    return None, []


# one session


def _taken_back(working: Working, past: Past, done: Done) -> Move:
    tip, under, name = past.tips.get(done.session_id), past.under(done), done.session_id
    pos = under.id if under is not None else None
    if done.before is None:
        tip = _to_trash(working, name, tip, done.stone, told=done.verb != "pull")
        return Move(name, tip, None, pos, done.stone)
    if tip is None:
        trash.put_back(working, name, done.before, "undo" if done.verb == "pull" else "restore")
        return Move(name, None, done.before, pos, done.stone)
    if done.verb == "pull":
        _rewind(working, name, tip, done.before)
        return Move(name, tip, done.before, pos)
    return Move(name, tip, _show(working, name, tip, done.before, f"undo: {done.about}"), pos)


def _done_again(working: Working, past: Past, move: Move, about: str, change: str | None) -> Move:
    name, tip = move.session_id, past.tips.get(move.session_id)
    if move.old is None:
        _to_trash(working, name, tip, move.stone)
        return Move(name, tip, None, change, move.stone)
    if move.new is None or tip is None:
        trash.put_back(working, name, move.old)
        return Move(name, None, move.old, change, move.stone)
    if _is_rewound(working, move.new, move.old):
        _rewind(working, name, tip, move.old)
        return Move(name, tip, move.old, change)
    return Move(name, tip, _show(working, name, tip, move.old, f"redo: {about}"), change)


def _to_trash(working: Working, session_id: str, tip: str | None, stone: str | None, *, told: bool = True) -> str:
    """Put a session into the trash; other stores are told so, or what another said of it, or (`told` no) nothing."""
    tombstone = working.repo.read_blob(stone) if stone and working.repo.has(stone) else None
    expected = None if session_id in working.drafts else tip
    try:
        return trash.delete(working, session_id, expected=expected, tombstone=tombstone, told=told)
    except StoreError as error:
        if working.store.tip(session_id) == tip:
            raise
        raise _Moved(f"{session_id} was changed meanwhile") from error


def _is_rewound(working: Working, new: str, old: str) -> bool:
    """Whether an undo moved a branch back, rather than forward to a new commit."""
    return new != old and old not in working.repo.read_commit(new).parents


def _left_behind(working: Working, moves: Sequence[Move]) -> list[str]:
    """Give the commits from which branches were moved to others that are not built on them."""
    return [move.old for move in moves if move.old and move.new and _is_rewound(working, move.new, move.old)]


def _rewind(working: Working, session_id: str, tip: str, to: str) -> None:
    """Move a session's branch itself, to or from what a pull brought."""
    if session_id in working.drafts:
        raise InvalidInputError(f"{session_id} has unsaved turns on top of what was pulled", hint="save it first")
    if not working.repo.has(to):
        raise InvalidInputError(f"what {session_id} held is gone from this store", hint="claif-git pull")
    if not working.repo.move_ref(working.store.head(session_id), tip, to, durable=working.durable):
        raise _Moved(f"{session_id} was changed meanwhile")


def _show(working: Working, session_id: str, tip: str, commit: str, subject: str) -> str:
    """Make a session show what it showed at a commit, if it still stands at `tip`; give the new commit."""
    target = working.peek(session_id, commit)

    def build(change: Change) -> Note | None:
        if change.before.commit != tip:
            raise _Moved(f"{session_id} was changed meanwhile")
        reset_to(change, target)
        return Note(one_line(subject)) if change.root.oid is None else None

    return working.write(session_id, build).commit


def taken_back(working: Working, verbs: frozenset[str]) -> dict[str, list[Move]]:
    """Give, by session, what undo took back of changes of some kinds, and nobody did again."""
    log = [one for one in all_operations(working) if one.verb in {"undo", "redo"}]
    redone = {(one.again, move.session_id) for one in log if one.verb == "redo" for move in one.moves}
    found: dict[str, list[Move]] = {}
    for operation in log:
        kind = re.split(" of |:", operation.subject.removeprefix("undo: "), maxsplit=1)[0]
        for move in operation.moves if operation.verb == "undo" and kind in verbs else ():
            if (operation.id, move.session_id) not in redone:
                found.setdefault(move.session_id, []).append(move)
    return found


def left_out(working: Working, session_id: str, moves: Sequence[Move]) -> set[str]:
    """Give the paths of messages that undo took out of a session, of those that it does not show by other ways."""
    lost: set[str] = set()
    for move in moves:
        if move.old and move.new and working.repo.has(move.old):
            lost |= _shown(working, session_id, move.old) - _shown(working, session_id, move.new)
    return lost - {entry.path for entry in working.read(session_id).shown} if lost else lost


def _shown(working: Working, session_id: str, commit: str) -> set[str]:
    return {entry.path for entry in working.peek(session_id, commit).shown}
