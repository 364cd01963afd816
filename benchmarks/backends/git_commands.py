"""git's plumbing commands, five a message, with `core.fsync` set so that objects and ref are durable."""

from __future__ import annotations

import json
import os
import subprocess
from collections.abc import Iterable
from pathlib import Path

from benchmarks import fastimport
from benchmarks.workload import Conversation, Said, as_json_line, touched

_DURABLE = ("-c", "core.fsync=committed,reference", "-c", "core.fsyncMethod=fsync", "-c", "gc.auto=0")


class Adapter:
    def __init__(self, folder: Path) -> None:
        self.path = folder / "plain.git"
        self._next: dict[str, int] = {}

    def open(self) -> None:
        if not self.path.exists():
            subprocess.run(["git", "init", "--quiet", "--bare", str(self.path)], check=True)

    def close(self) -> None:
        pass

    def fill(self, conversations: Iterable[Conversation]) -> None:
        fastimport.fill(self.path, conversations)

    def append(self, talk: Conversation, said: Said) -> None:
        index = self.path / f"index-{talk.key}"
        if talk.key not in self._next:
            self._next[talk.key] = int(self._git("rev-list", "--count", talk.key))
            self._git("read-tree", talk.key, index=index)
        at = self._next[talk.key]
        blob = self._git("hash-object", "-w", "--stdin", given=as_json_line(said))
        entry = f"100644,{blob},{fastimport.path_of(at)}"
        self._git("update-index", "--add", "--cacheinfo", entry, index=index)
        tree = self._git("write-tree", index=index)
        tip = self._git("rev-parse", talk.key)
        commit = self._git("commit-tree", tree, "-p", tip, "-m", said.role)
        self._git("update-ref", f"refs/heads/{talk.key}", commit, tip)
        self._next[talk.key] = at + 1

    def load(self, talk: Conversation) -> int:
        rows = self._git("ls-tree", "-r", talk.key, "messages/").splitlines()
        names = "".join(row.split()[2] + "\n" for row in rows)
        data = self._raw("cat-file", "--batch", given=names.encode())
        found = at = 0
        while at < len(data):
            end = data.index(b"\n", at)
            size = int(data[at:end].rsplit(b" ", 1)[1])
            found += touched(json.loads(data[end + 1 : end + 1 + size]))
            at = end + size + 2
        return found

    def branch(self, talk: Conversation, index: int) -> None:
        count = int(self._git("rev-list", "--count", talk.key))
        commit = self._git("rev-parse", f"{talk.key}~{count - 1 - index}")
        self._git("update-ref", f"refs/heads/branch-{os.urandom(6).hex()}", commit)

    def _git(self, *words: str, given: bytes = b"", index: Path | None = None) -> str:
        return self._raw(*words, given=given, index=index).decode().strip()

    def _raw(self, *words: str, given: bytes = b"", index: Path | None = None) -> bytes:
        who = {f"GIT_{role}_{part}": "bench" for role in ("AUTHOR", "COMMITTER") for part in ("NAME", "EMAIL")}
        environment = {**os.environ, **who, **({"GIT_INDEX_FILE": str(index)} if index else {})}
        command = ["git", "-C", str(self.path), *_DURABLE, *words]
        return subprocess.run(command, input=given, env=environment, check=True, capture_output=True).stdout
