"""Two or three people with a store each, who do at random what people do; and plain git, which merges for them."""

from __future__ import annotations

import random
import subprocess
from collections.abc import Callable
from pathlib import Path

from claif_git.history.snapshot import Snapshot, folder_at
from claif_git.model import Message
from claif_git.session import SessionManager

Act = Callable[["Person", str, random.Random], None]


def git(store: Path, *args: str, check: bool = True) -> str:
    """Run plain git in a store; give what it printed.

    `git fsck` reads every pack, and complains of those that a manager's upkeep joins meanwhile: it is asked again then.
    """
    for _ in range(3):
        done = subprocess.run(["git", "-C", str(store), *args], capture_output=True, text=True, check=False)
        if args[0] != "fsck" or not done.returncode:
            break
    if check and done.returncode:
        raise AssertionError(f"git {' '.join(args)}: {done.stdout}{done.stderr}")
    return done.stdout.strip()


class Person:
    """One store, one name, and the words that only this person says."""

    def __init__(self, name: str, path: Path) -> None:
        self.name = name
        self.manager = SessionManager(path, author=f"{name} <{name}@example.org>", durability="relaxed")
        self.path = path
        self.said: set[str] = set()
        self.dropped: set[str] = set()
        self.edited: set[str] = set()
        self.was: dict[str, str] = {}
        self._count = 0

    def clone(self, name: str, path: Path) -> Person:
        """Give somebody else a copy, as plain git clones."""
        subprocess.run(["git", "clone", "-q", "--bare", str(self.path), str(path)], check=True)
        return Person(name, path)

    def say(self, session: str, role: str = "user", content: object = None) -> Message:
        """Say something that nobody else says, or `content`."""
        self._count += 1
        text = f"{self.name} says {self._count}" if content is None else content
        if content is None:
            self.said.add(str(text))
        return self.manager.add_message(session, Message(role, text))  # type: ignore[arg-type]

    def texts(self, session: str) -> list[str]:
        """Give what the session shows."""
        return [message.text for message in self.manager.get_session(session).messages]

    def tip(self, session: str) -> str:
        """Give the session's tip."""
        return git(self.path, "rev-parse", f"refs/heads/{session}")

    def snapshot(self, session: str, commit: str) -> Snapshot:
        """Give the session at any commit of this store."""
        repo = self.manager._store.repo
        return Snapshot(repo, session, commit, folder_at(repo, repo.read_commit(commit).tree))


def fetch(into: Person, other: Person, session: str) -> str:
    """Bring another's tip over with plain git; give it."""
    git(into.path, "fetch", "-q", str(other.path), f"+refs/heads/{session}:refs/remotes/{other.name}/{session}")
    return git(into.path, "rev-parse", f"refs/remotes/{other.name}/{session}")


def pull(person: Person, other: Person, session: str) -> str:
    """Merge another's session into one's own, as a pull does."""
    theirs = fetch(person, other, session)
    head = person.manager._store.head(session)
    return person.manager._working.join(session, head, theirs)


def plain_merge(person: Person, ours: str, theirs: str) -> tuple[str, bool]:
    """Let plain git merge two commits; give the tree, and whether it was without conflict."""
    done = subprocess.run(
        ["git", "-C", str(person.path), "merge-tree", "--write-tree", "--allow-unrelated-histories", ours, theirs],
        capture_output=True,
        text=True,
        check=False,
    )
    return done.stdout.split("\n", 1)[0], done.returncode == 0


# What people do. Each takes (person, session, random) and does one thing.


def turn(person: Person, session: str, dice: random.Random) -> None:
    for _ in range(dice.randint(1, 3)):
        person.say(session)
        person.say(session, "assistant")


def tool_call(person: Person, session: str, dice: random.Random) -> None:
    call = f"toolu_{person.name}{dice.randint(0, 10**9)}"
    person.say(session)
    person.say(session, "assistant", [{"type": "tool_use", "id": call, "name": "ls", "input": {"path": "."}}])
    person.say(session, "user", [{"type": "tool_result", "tool_use_id": call, "content": "a\nb\n" * 40}])
    person.say(session, "assistant")


def regenerate(person: Person, session: str, _: random.Random) -> None:
    messages = person.manager.get_session(session).messages
    if messages:
        person.dropped.add(messages[-1].text)
        person.manager.update_session_messages(session, messages[:-1])
        person.say(session, "assistant")


def trim(person: Person, session: str, dice: random.Random) -> None:
    messages = person.manager.get_session(session).messages
    kept = messages[-dice.randint(1, 4) :]
    person.dropped |= {message.text for message in messages} - {message.text for message in kept}
    person.manager.update_session_messages(session, kept)


def trim_with_summary(person: Person, session: str, dice: random.Random) -> None:
    messages = person.manager.get_session(session).messages
    kept = messages[-dice.randint(1, 4) :]
    person.dropped |= {message.text for message in messages} - {message.text for message in kept}
    person._count += 1
    summary = f"{person.name} sums up {person._count}"
    person.said.add(summary)
    person.manager.update_session_messages(session, [Message("user", summary), *kept])


def retitle(person: Person, session: str, dice: random.Random) -> None:
    person.manager.update_title(session, f"{person.name}'s title {dice.randint(0, 99)}")


def set_key(person: Person, session: str, dice: random.Random) -> None:
    person.manager.update_metadata(session, {f"key of {person.name}": dice.randint(0, 99)})


def annotate(person: Person, session: str, dice: random.Random) -> None:
    """Edit a message that this person said alone."""
    messages = person.manager.get_session(session).messages
    own = [index for index, message in enumerate(messages) if message.text in person.said]
    if own:
        index = dice.choice(own)
        person.edited.add(messages[index].text)
        person.manager.update_message_metadata(session, index, {"important": dice.randint(0, 99)})


def reword(person: Person, session: str, dice: random.Random) -> None:
    """Edit what a message says that this person said alone."""
    messages = person.manager.get_session(session).messages
    own = [index for index, message in enumerate(messages) if message.text in person.said]
    if own:
        index = dice.choice(own)
        person._count += 1
        words = f"{person.name} rewords {person._count}"
        person.dropped.add(messages[index].text)
        person.said.add(words)
        person.was[words] = messages[index].text
        person.manager.edit_message(session, index, words)


def titled_branch(person: Person, session: str, dice: random.Random) -> None:
    """Branch, go on in both, and leave the branch where it is."""
    messages = person.manager.get_session(session).messages
    if messages:
        branch = person.manager.branch_session(session, dice.randrange(len(messages)), f"{person.name}'s other way")
        said = set(person.said)
        person.say(branch)
        person.said = said
    person.say(session)


def branch_and_merge(person: Person, session: str, dice: random.Random, strategy: str | None = None) -> None:
    messages = person.manager.get_session(session).messages
    if not messages:
        return
    at = dice.randrange(len(messages))
    branch = person.manager.branch_session(session, at, f"branch of {person.name}")
    assert person.manager.get_session(branch).messages == messages[: at + 1]
    person.say(branch)
    person.say(branch, "assistant")
    if dice.random() < 0.5:
        person.say(session)
    chosen = strategy or dice.choice(["smart", "chronological", "manual"])
    count = len(person.manager.get_session(branch).messages)
    picks = list(range(at + 1, count)) if chosen == "manual" else None
    person.manager.merge_sessions(session, branch, chosen, picks=picks, into_primary=True)


def remove_with_git(person: Person, session: str, dice: random.Random) -> None:
    """Take a message file away as somebody would who knows only git."""
    paths = git(person.path, "ls-tree", "-r", "--name-only", session, "messages/").splitlines()
    messages = person.manager.get_session(session).messages
    shown = {f"messages/{message.origin.path}": message for message in messages if message.origin}
    candidates = [path for path in paths if path in shown and shown[path].text in person.said]
    if not candidates:
        return
    path = dice.choice(candidates)
    person.dropped.add(shown[path].text)
    index = person.path / "plain-index"
    env = ["env", f"GIT_INDEX_FILE={index}"]
    for args in (["read-tree", session], ["rm", "-q", "--cached", path]):
        subprocess.run([*env, "git", "-C", str(person.path), *args], check=True, capture_output=True)
    tree = subprocess.run(
        [*env, "git", "-C", str(person.path), "write-tree"], check=True, capture_output=True, text=True
    ).stdout.strip()
    commit = git(person.path, "commit-tree", tree, "-p", session, "-m", "remove a message")
    git(person.path, "update-ref", f"refs/heads/{session}", commit)


def manual_reorder(person: Person, session: str, dice: random.Random) -> None:
    messages = person.manager.get_session(session).messages
    if len(messages) > 2:
        at = dice.randrange(len(messages) - 1)
        swapped = [*messages[:at], messages[at + 1], messages[at], *messages[at + 2 :]]
        person.manager.update_session_messages(session, swapped)
        assert [m.content for m in person.manager.get_session(session).messages] == [m.content for m in swapped]


def branch_after(act: Act) -> Act:
    """Give an act that does another, then branches from the end and goes on there, and merges back."""

    def both(person: Person, session: str, dice: random.Random) -> None:
        act(person, session, dice)
        branch_and_merge(person, session, dice, "smart")

    both.__name__ = f"{act.__name__}_then_branch"
    return both


def merging(strategy: str) -> Act:
    """Give an act that branches and merges back by one strategy."""

    def act(person: Person, session: str, dice: random.Random) -> None:
        branch_and_merge(person, session, dice, strategy)

    act.__name__ = f"{strategy}_merge"
    return act


ACTS: list[Act] = [
    turn,
    turn,
    turn,
    tool_call,
    regenerate,
    trim,
    trim_with_summary,
    retitle,
    set_key,
    annotate,
    branch_and_merge,
    manual_reorder,
]
