"""The words of a commit: who said it, when, and what it did, in a line that `git log --oneline` can show."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import datetime

from claif_git.git import Commit
from claif_git.model.message import Message, MessageRole

SUBJECT_WIDTH = 60
_UNPRINTABLE = re.compile(r"[\x00-\x1f\x7f-\x9f\u2028\u2029\ud800-\udfff]+")
_UNFIT_FOR_NAMES = re.compile(r"[\x00-\x1f\x7f-\x9f<>\ud800-\udfff]+")
_MAIL = re.compile(r"[\x00-\x20\x7f-\x9f<>\ud800-\udfff]+")


@dataclass(frozen=True, slots=True)
class Signature:
    """Who runs the command: `name` and `mail` of the committer, and of the author where nobody else said it."""

    name: str
    mail: str

    def __str__(self) -> str:
        return f"{self.name} <{self.mail}>"

    @staticmethod
    def parse(text: str) -> Signature:
        """Read `Name <mail>`; a name alone gets no invented address, but one that cannot exist."""
        name, _, rest = text.partition("<")
        mail = rest.partition(">")[0]
        name = one_name(name) or "unknown"
        return Signature(name, _MAIL.sub("", mail) or f"{_MAIL.sub('.', name)}@invalid")


def one_name(text: str) -> str:
    """Give text fit for a name in a commit: no control characters, no angle brackets, 100 characters."""
    return " ".join(_UNFIT_FOR_NAMES.sub(" ", text[:1000]).split()).strip(" .,:;\"'")[:100].strip()


def author_of(message: Message, speaker: Signature) -> Signature:
    """Say who said a message: a model, the user that its metadata names, else whoever runs the command."""
    if message.role is MessageRole.ASSISTANT:
        model = one_name(message.model or "") or "assistant"
        return Signature(model, f"{_MAIL.sub('-', model)}@invalid")
    user = message.metadata.get("user")
    return Signature.parse(user) if isinstance(user, str) and one_name(user.partition("<")[0]) else speaker


def subject_of(message: Message) -> str:
    """Give `<role>: <first line of the content>`, one printable line."""
    line = next(filter(None, (one_line(line) for line in message.text.splitlines())), "")
    return f"{message.role}: {line or _kinds(message)}"


def _kinds(message: Message) -> str:
    if isinstance(message.content, str):
        return "(empty)"
    named = [
        f"{block.get('type', '?')} {block['name']}" if "name" in block else str(block.get("type", "?"))
        for block in message.content
    ]
    return one_line(", ".join(named)) or "(empty)"


def one_line(text: str) -> str:
    """Give text as one printable line of at most SUBJECT_WIDTH characters."""
    line = " ".join(_UNPRINTABLE.sub(" ", text[:1000]).split())
    return line if len(line) <= SUBJECT_WIDTH else line[: SUBJECT_WIDTH - 1].rstrip() + "…"


def commit_of(
    tree: str,
    parents: tuple[str, ...],
    subject: str,
    *,
    author: Signature,
    committer: Signature,
    said: datetime,
    now: datetime,
) -> Commit:
    """Build a commit; dates are whole seconds of UTC, and never before 1970."""
    return Commit(
        tree=tree,
        parents=parents,
        author=str(author),
        author_time=max(0, int(said.timestamp())),
        committer=str(committer),
        commit_time=max(0, int(now.timestamp())),
        message=subject + "\n",
    )
