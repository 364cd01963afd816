"""What git's objects look like as bytes: ids, trees, commits. Pure."""

from __future__ import annotations

import hashlib
import math
import re
from collections.abc import Iterable
from dataclasses import dataclass
from typing import NamedTuple

from claif_git.errors import InvalidInputError, StoreError

Oid = str
"""The name of an object: 40 lower-case hex digits."""

KINDS = ("blob", "tree", "commit", "tag")
FOLDER_MODE = 0o040000
FILE_MODE = 0o100644
LATEST_TIME = 253_370_764_800
"""The last second a commit is dated with (year 9999); earlier than what any reader of dates stumbles over."""

_OID = re.compile(r"[0-9a-f]{40}")
_OID_BYTES = re.compile(rb"[0-9a-f]{40}")
_UNFIT = re.compile("[\x00-\x20\x7f-\x9f<>\u2028\u2029\ud800-\udfff]+")
_UNFIT_IN_TEXT = re.compile("[\x00\ud800-\udfff]")
_STAMP = re.compile(rb"\s*(-?\d{1,18})(?:\s|$)")
_CHARSET = re.compile(r"(?:utf|iso|latin|windows|cp|koi8|euc|shift|sjis|gb|big5|ascii|us-ascii)[\w.-]*", re.IGNORECASE)


class TreeEntry(NamedTuple):
    """One line of a tree: `mode` 0o040000 for a folder and 0o100644 for a file, its name, and what it holds."""

    mode: int
    name: str
    oid: Oid


def is_oid(text: str) -> bool:
    """Say whether `text` is a whole object id."""
    return _OID.fullmatch(text) is not None


def header(kind: str, data: bytes) -> bytes:
    """Give what git puts before an object's bytes when it names or stores it."""
    if kind not in KINDS:
        raise InvalidInputError(f"not a kind of object: {kind!r}")
    return b"%s %d\x00" % (kind.encode(), len(data))


def oid_of(kind: str, data: bytes) -> Oid:
    """Give the id of an object."""
    return hashlib.sha1(header(kind, data) + data, usedforsecurity=False).hexdigest()


def encode_tree(entries: Iterable[TreeEntry]) -> bytes:
    """Write a tree, in git's order: as if the name of every folder ended with a slash."""
    lines = [(name.encode("utf-8", "surrogateescape"), mode, oid) for mode, name, oid in entries]
    lines.sort(key=lambda line: line[0] + b"/" if line[1] == FOLDER_MODE else line[0])
    return b"".join(b"%o %s\x00%s" % (mode, name, bytes.fromhex(oid)) for name, mode, oid in lines)


def decode_tree(data: bytes) -> tuple[TreeEntry, ...]:
    """Read a tree. StoreError if it is none; odd names and modes are the reader's to judge."""
    entries, at, end = [], 0, len(data)
    try:
        while at < end:
            space = data.index(b" ", at)
            stop = data.index(b"\x00", space)
            mode, name = int(data[at:space], 8), data[space + 1 : stop].decode("utf-8", "surrogateescape")
            at = stop + 21
            entries.append(TreeEntry(mode, name, data[stop + 1 : at].hex()))
    except ValueError as error:
        raise StoreError("not a tree") from error
    if at != end:
        raise StoreError("not a tree: its last line is cut")
    return tuple(entries)


@dataclass(frozen=True, slots=True)
class Commit:
    """A commit. People are `Name <mail>`; times are seconds since 1970, written with the zone +0000."""

    tree: Oid
    parents: tuple[Oid, ...]
    author: str
    author_time: float
    committer: str
    commit_time: float
    message: str

    def encode(self) -> bytes:
        """Write the commit so that `git fsck --strict` has nothing to say, whatever the names and the message hold.

        InvalidInputError if the tree or a parent is no object id.
        """
        lines = [b"tree " + _hex(self.tree)]
        lines += [b"parent " + _hex(parent) for parent in self.parents]
        lines.append(b"author " + _person(self.author, self.author_time))
        lines.append(b"committer " + _person(self.committer, self.commit_time))
        return b"\n".join(lines) + b"\n\n" + _UNFIT_IN_TEXT.sub("\ufffd", self.message).encode()

    @staticmethod
    def decode(data: bytes) -> Commit:
        """Read a commit, with whatever further headers. StoreError if it is none."""
        head, _, body = data.partition(b"\n\n")
        tree, parents, fields = _headers(head)
        charset = fields.get(b"encoding", b"utf-8").decode("ascii", "replace")
        author, author_time = _read_person(fields.get(b"author", b""), charset)
        committer, commit_time = _read_person(fields.get(b"committer", b""), charset)
        return Commit(tree, parents, author, author_time, committer, commit_time, _text(body, charset))


def parents_in(commit: bytes) -> tuple[Oid, ...]:
    """Give the parents that a commit names, and read nothing else of it. StoreError if it is none."""
    return _headers(commit.partition(b"\n\n")[0])[1]


def _headers(head: bytes) -> tuple[Oid, tuple[Oid, ...], dict[bytes, bytes]]:
    """Split a commit's head into tree, parents, and the first of each further field."""
    fields: dict[bytes, bytes] = {}
    parents = []
    for line in head.split(b"\n"):
        key, _, value = line.partition(b" ")
        if key == b"parent":
            parents.append(_read_oid(value))
        elif key:  # a line that starts with a space goes on with the field before: signatures, merged tags
            fields.setdefault(key, value)
    return _read_oid(fields.get(b"tree", b"")), tuple(parents), fields


def _read_oid(value: bytes) -> Oid:
    if not _OID_BYTES.fullmatch(value):
        raise StoreError("not a commit")
    return value.decode("ascii")


def _read_person(value: bytes, charset: str) -> tuple[str, int]:
    """Split `Name <mail> 1700000000 +0100`; what is missing is empty, or 0."""
    end = value.rfind(b">") + 1
    stamp = _STAMP.match(value, end)
    return _text(value[:end] if end else value, charset), int(stamp[1]) if stamp else 0


def _text(data: bytes, charset: str) -> str:
    """Decode what a commit says; a character set we do not know, or that does not fit, is read as UTF-8."""
    if _CHARSET.fullmatch(charset):
        try:
            return data.decode(charset)
        except (LookupError, UnicodeError):
            pass
    return data.decode("utf-8", "replace")


def _hex(oid: Oid) -> bytes:
    if not _OID.fullmatch(oid):
        raise InvalidInputError(f"not an object id: {oid!r}")
    return oid.encode("ascii")


def _person(person: str, moment: float) -> bytes:
    """Write `Name <mail> seconds +0000` with what git forbids left out and what it demands supplied."""
    name, _, mail = person.rpartition("<") if "<" in person else (person, "", "")
    name = _UNFIT.sub(" ", name).strip()
    mail = _UNFIT.sub("", mail) or "unknown@invalid"
    seconds = min(max(math.floor(moment), 0), LATEST_TIME)
    return f"{name or mail.partition('@')[0] or 'unknown'} <{mail}> {seconds} +0000".encode()
