"""What somebody removed with plain git is found in the history."""

from __future__ import annotations

from pathlib import Path

from claif_git.git import Repository
from claif_git.git.trees import Folder
from claif_git.history.commits import Signature, commit_of
from claif_git.history.removed import find_removed
from claif_git.model.times import now

WHO = Signature("A", "a@example.org")
STAMP = "2026-11-24T21-32-05.123456"
KEPT, GONE = (f"messages/{STAMP}-abcd-0000/{STAMP}-user-{digit * 8}.md" for digit in "01")


def committed(repo: Repository, files: dict[str, bytes], *parents: str) -> str:
    with repo.pack_writer() as writer:
        root = Folder(repo.read_blob)
        for path, data in files.items():
            root = root.put(path, writer.add("blob", data))
        commit = commit_of(root.write(writer.add), parents, "x", author=WHO, committer=WHO, said=now(), now=now())
        return writer.add("commit", commit.encode())


def found(repo: Repository, tip: str, checked: str | None = None) -> list[str]:
    return [f"messages/{entry.path}" for entry in find_removed(repo, tip, checked)[0]]


def test_only_messages_that_are_gone_at_the_tip_count_as_removed(tmp_path: Path) -> None:
    with Repository.init(tmp_path / "store") as repo:
        first = committed(repo, {KEPT: b"1", GONE: b"2", "messages/notes.txt": b"3", "other.md": b"4"})
        edited = committed(repo, {KEPT: b"9"}, first)
        assert found(repo, edited) == [GONE]
        assert found(repo, edited, edited) == []
        without = committed(repo, {}, edited)
        assert found(repo, without) == [KEPT, GONE]
        assert found(repo, without, edited) == [KEPT]
        assert found(repo, committed(repo, {KEPT: b"1", GONE: b"2"}, without)) == []


def test_what_one_parent_of_a_merge_lacks_was_removed_only_if_the_merge_lacks_it_too(tmp_path: Path) -> None:
    with Repository.init(tmp_path / "store") as repo:
        start = committed(repo, {KEPT: b"1"})
        side = committed(repo, {KEPT: b"1", GONE: b"2"}, start)
        assert found(repo, committed(repo, {KEPT: b"1", GONE: b"2"}, start, side)) == []
        assert found(repo, committed(repo, {KEPT: b"1"}, start, side)) == [GONE]
