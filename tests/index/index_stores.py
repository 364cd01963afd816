"""Stores that random people filled, and what lists and searches have to say of them, told from git alone."""

from __future__ import annotations

import random
import re
import subprocess
from collections.abc import Callable
from pathlib import Path
from typing import Any

from claif_git.errors import ClaifGitError
from claif_git.git import Commit, Repository
from claif_git.git.trees import Folder
from claif_git.history.snapshot import Snapshot, folder_at
from claif_git.index.database import Database
from claif_git.model import Message, Session, searchable
from claif_git.session import SessionManager
from claif_git.session.reading import matches, newest_first, session_of

WORDS = ["apple", "berry", "cedar", "delta", "ember", "fjord", "grape", "hazel"]
FILTERS: list[dict[str, Any]] = [
    {},
    {"template": "coding"},
    {"template": None},
    {"n": 1},
    {"n": True},
    {"n": None},
    {"list": [1, {"a": None}]},
    {"title": "apple berry"},
    {"template": "coding", "n": 1.0},
]


def repo_of(manager: SessionManager) -> Repository:
    return manager._store.repo


def git(manager: SessionManager, *args: str) -> str:
    done = subprocess.run(["git", "-C", str(manager.path), *args], capture_output=True, text=True, check=True)
    return done.stdout.strip()


def snapshots(manager: SessionManager) -> dict[str, Snapshot]:
    found = {}
    for session_id, tip in manager._store.ids().items():
        try:
            snapshot = manager._working.peek(session_id, tip)
            if snapshot.is_session:
                session_of(snapshot)
                found[session_id] = snapshot
        except ClaifGitError:
            continue
    return found


def listed_by_git(manager: SessionManager, wanted: dict[str, Any]) -> list[tuple[Any, ...]]:
    sessions = [session_of(snapshot) for snapshot in snapshots(manager).values()]
    return [fields(session) for session in newest_first(one for one in sessions if matches(one, wanted))]


def fields(session: Session) -> tuple[Any, ...]:
    return (
        session.id,
        session.title,
        session.template,
        session.created_at,
        session.updated_at,
        repr(sorted(session.metadata.items())),
        session.parameters,
        session.order,
        session.tip,
        session.message_count,
    )


def found_by_git(manager: SessionManager, word: str) -> set[tuple[str, int]]:
    found: set[tuple[str, int]] = set()
    for session_id, snapshot in snapshots(manager).items():
        read = session_of(snapshot).readable
        said = {index for index, message in read if word in words_of(searchable(message.content))}
        if read and word in words_of(session_of(snapshot).title or ""):
            said.add(read[0][0])
        found |= {(session_id, index) for index in said}
    return found


def words_of(text: str) -> list[str]:
    return re.findall(r"\w+", text.lower())


def placed(database: Database) -> dict[str, list[tuple[str, str]]]:
    found: dict[str, list[tuple[str, str]]] = {}
    for name, position, path, oid in database.connection.execute(
        "SELECT sessions.name, position, path || '/' || places.name, oid FROM places"
        " JOIN sessions ON sessions.id = session JOIN folders ON folders.id = folder JOIN blobs ON blobs.id = blob"
        " ORDER BY 1, 2"
    ):
        found.setdefault(name, []).append((path, oid.hex()))
        assert len(found[name]) == position + 1
    return found


def check_against_git(manager: SessionManager) -> None:
    """Compare everything that the index of a manager says with what git says."""
    for wanted in FILTERS:
        assert [fields(one) for one in manager.list_sessions(wanted)] == listed_by_git(manager, wanted), wanted
    for word in WORDS:
        hits = manager.search_sessions(word, None)
        keys = [(hit.session_id, hit.message_index) for hit in hits]
        assert len(set(keys)) == len(keys)
        assert found_by_git(manager, word) == set(keys), word
        assert [hit.score for hit in hits] == sorted((hit.score for hit in hits), reverse=True)
    database = manager._finding.index._database
    assert database is not None
    shown = {name: [tuple(entry) for entry in one.shown] for name, one in snapshots(manager).items() if one.shown}
    assert placed(database) == shown
    database.connection.execute("INSERT INTO words(words) VALUES('integrity-check')")
    blobs = {row[0].hex() for row in database.connection.execute("SELECT oid FROM blobs")}
    assert blobs == {blob for entries in shown.values() for _, blob in entries}


Act = Callable[[SessionManager, str, random.Random], None]


def say(manager: SessionManager, session_id: str, rng: random.Random) -> None:
    content: Any = " ".join(rng.choices(WORDS, k=rng.randint(1, 4)))
    if rng.random() < 0.2:
        content = [
            {"type": "text", "text": content},
            {"type": "tool_use", "id": "t", "name": "x", "input": {"q": "fjord"}},
        ]
    own = f"id-{rng.randrange(6)}" if rng.random() < 0.3 else None
    manager.add_message(session_id, Message(rng.choice(["user", "assistant", "system"]), content, id=own))


def say_much(manager: SessionManager, session_id: str, rng: random.Random) -> None:
    for _ in range(rng.randint(2, 6)):
        say(manager, session_id, rng)


def trim(manager: SessionManager, session_id: str, rng: random.Random) -> None:
    messages = [message for _, message in manager.get_session(session_id).readable]
    if messages:
        kept = [message for message in messages if rng.random() < 0.7]
        if rng.random() < 0.3:
            kept = [Message("system", f"summary {rng.choice(WORDS)}"), *kept]
        manager.update_session_messages(session_id, kept)


def edit(manager: SessionManager, session_id: str, rng: random.Random) -> None:
    readable = manager.get_session(session_id).readable
    if readable:
        manager.update_message_metadata(session_id, rng.choice(readable)[0], {"k": rng.random()})


def retitle(manager: SessionManager, session_id: str, rng: random.Random) -> None:
    manager.update_title(session_id, rng.choice([None, "apple berry", "日本語 cedar", "lone \ud800 surrogate"]))


def remember(manager: SessionManager, session_id: str, rng: random.Random) -> None:
    value = rng.choice([1, 1.0, True, None, "x", [1, {"a": None}], {"b": [1.5]}])
    manager.update_metadata(session_id, {rng.choice(["n", "list", "template", "ü"]): value})


def branch(manager: SessionManager, session_id: str, rng: random.Random) -> None:
    count = len(manager._working.read(session_id).shown)
    if count:
        manager.branch_session(session_id, rng.randrange(count))


def merge(manager: SessionManager, session_id: str, rng: random.Random) -> None:
    other = rng.choice(list(snapshots(manager)))
    if other != session_id:
        strategy = rng.choice(["smart", "chronological"])
        manager.merge_sessions(session_id, other, strategy, into_primary=rng.random() < 0.5)


def delete(manager: SessionManager, session_id: str, rng: random.Random) -> None:
    if len(snapshots(manager)) > 2:
        manager.delete_session(session_id)
        if rng.random() < 0.5:
            manager.restore_session(session_id)


def branch_with_git(manager: SessionManager, session_id: str, rng: random.Random) -> None:
    git(manager, "branch", f"hand-{rng.randrange(1000)}", session_id)


def link_with_git(manager: SessionManager, session_id: str, rng: random.Random) -> None:
    git(manager, "symbolic-ref", f"refs/heads/link-{rng.randrange(5)}", f"refs/heads/{session_id}")


def pack_with_git(manager: SessionManager, session_id: str, rng: random.Random) -> None:
    git(manager, "pack-refs", "--all")
    if rng.random() < 0.5:
        git(manager, "branch", "-D", session_id) if len(snapshots(manager)) > 2 else None


def commit_by_hand(manager: SessionManager, session_id: str, rng: random.Random) -> None:
    """Commit what a person's hand or an older tool might leave: rubbish, twins, strays, another's folder."""
    repo = repo_of(manager)
    tip = manager._store.tip(session_id)
    assert tip is not None
    with repo.writer(durable=False) as writer:
        root = folder_at(repo, repo.read_commit(tip).tree)
        root = rng.choice(_HANDS)(root, writer.add, rng)
        commit = Commit(root.write(writer.add), (tip,), "H <h@x>", 1_800_000_000, "H <h@x>", 1_800_000_000, "by hand")
        oid = writer.add("commit", commit.encode())
    repo.move_ref(manager._store.head(session_id), tip, oid, durable=False)


_PAGE = "messages/2026-01-02T03-04-05.000000-abcd-0000"


def _rubbish(root: Folder, add: Any, rng: random.Random) -> Folder:
    name = f"2026-01-02T03-04-{rng.randrange(60):02}.000000-user-0000000{rng.randrange(9)}.md"
    return root.put(f"{_PAGE}/{name}", add("blob", b"no front matter\n"))


def _twin(root: Folder, add: Any, rng: random.Random) -> Folder:
    text = b"---\nrole: user\ntimestamp: 2026-01-02T03:04:05Z\nid: twin\n---\ngrape hazel\n"
    for second in rng.sample(range(60), 2):
        root = root.put(f"{_PAGE}/2026-01-02T03-05-{second:02}.000000-user-0123abcd.md", add("blob", text))
    return root


def _stray(root: Folder, add: Any, rng: random.Random) -> Folder:
    return root.put(rng.choice(["messages/notes.txt", "messages/a/b.md", "README", "drops/x.yaml"]), add("blob", b"?"))


def _second_folder(root: Folder, add: Any, rng: random.Random) -> Folder:
    return root.put(f"sessions/other-{rng.randrange(3)}/title.yaml", add("blob", b"title: other\n"))


def _no_folder(root: Folder, _: Any, rng: random.Random) -> Folder:
    return root.remove("sessions") if rng.random() < 0.5 else root.remove("drops")


def _unnamed(root: Folder, _: Any, rng: random.Random) -> Folder:
    ours = root.folder("sessions")
    for name in list(ours.items):
        root = root.remove(f"sessions/{name}/{rng.choice(['session.yaml', 'title.yaml'])}")
    return root


_HANDS = [_rubbish, _rubbish, _twin, _stray, _second_folder, _no_folder, _unnamed]
ACTS: list[Act] = [
    *[say] * 4,
    *[say_much] * 2,
    trim,
    edit,
    retitle,
    remember,
    branch,
    merge,
    delete,
    branch_with_git,
    link_with_git,
    pack_with_git,
    *[commit_by_hand] * 3,
]


def act(manager: SessionManager, rng: random.Random) -> None:
    """Do one thing at random to one of the sessions."""
    there = sorted(snapshots(manager)) or [manager.create_session(rng.choice(WORDS))]
    rng.choice(ACTS)(manager, rng.choice(there), rng)


def filled(path: Path, *, sessions: int = 2) -> SessionManager:
    """Make a store with a few sessions."""
    manager = SessionManager(path, durability="relaxed")
    for number in range(sessions):
        manager.create_session(f"{WORDS[number]} talk", "coding" if number % 2 else None, {"n": number})
    return manager
