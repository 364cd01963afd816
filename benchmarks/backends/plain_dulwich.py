"""dulwich as it comes: five loose objects and a ref a message, with fsync of objects switched on."""

from __future__ import annotations

import json
import os
import stat
from collections.abc import Iterable
from pathlib import Path

from dulwich.objects import Blob, Commit, Tree
from dulwich.repo import Repo

from benchmarks import fastimport
from benchmarks.workload import Conversation, Said, as_json_line, touched

_WHO = b"Bench <bench@example.org>"


class Adapter:
    def __init__(self, folder: Path) -> None:
        self.path = folder / "plain.git"
        self._next: dict[str, int] = {}
        self.repo: Repo

    def open(self) -> None:
        if not self.path.exists():
            self.path.mkdir(parents=True)
            Repo.init_bare(str(self.path)).close()
            with (self.path / "config").open("a", encoding="utf-8") as file:
                file.write("[core]\n\tfsyncObjectFiles = true\n")
        self.repo = Repo(str(self.path))

    def close(self) -> None:
        self.repo.close()

    def fill(self, conversations: Iterable[Conversation]) -> None:
        fastimport.fill(self.path, conversations)

    def append(self, talk: Conversation, said: Said) -> None:
        ref = f"refs/heads/{talk.key}".encode()
        tip = self.repo.refs[ref]
        root = self.repo[self.repo[tip].tree]
        messages = self.repo[root[b"messages"][1]]
        at = self._next.get(talk.key)
        if at is None:
            last = self.repo[messages[max(messages)][1]]
            at = int(max(last)[:8]) + 1
        _, page_name, name = fastimport.path_of(at).encode().split(b"/")
        page = self.repo[messages[page_name][1]] if page_name in messages else Tree()
        blob = Blob.from_string(as_json_line(said))
        page.add(name, 0o100644, blob.id)
        messages.add(page_name, stat.S_IFDIR, page.id)
        root.add(b"messages", stat.S_IFDIR, messages.id)
        commit = Commit()
        commit.tree, commit.parents, commit.message = root.id, [tip], said.role.encode()
        commit.author = commit.committer = _WHO
        commit.author_time = commit.commit_time = int(said.time.timestamp())
        commit.author_timezone = commit.commit_timezone = 0
        for made in (blob, page, messages, root, commit):
            self.repo.object_store.add_object(made)
        if not self.repo.refs.set_if_equals(ref, tip, commit.id):
            raise RuntimeError("somebody else moved the ref")
        self._next[talk.key] = at + 1

    def load(self, talk: Conversation) -> int:
        root = self.repo[self.repo[f"refs/heads/{talk.key}".encode()].tree]
        found = 0
        for page in self.repo[root[b"messages"][1]].items():
            for entry in self.repo[page.sha].items():
                found += touched(json.loads(self.repo[entry.sha].data))
        return found

    def branch(self, talk: Conversation, index: int) -> None:
        commits = [
            entry.commit.id for entry in self.repo.get_walker([self.repo.refs[f"refs/heads/{talk.key}".encode()]])
        ]
        self.repo.refs.add_if_new(
            f"refs/heads/branch-{os.urandom(6).hex()}".encode(), commits[len(commits) - 1 - index]
        )
