"""Git underneath: the only package that knows dulwich, git's files, or the git command."""

from __future__ import annotations

from claif_git.git.command import GitResult, git_available, git_version
from claif_git.git.kinds import FILE_MODE, FOLDER_MODE, Commit, Oid, TreeEntry, encode_tree, is_oid, oid_of
from claif_git.git.locks import Lock
from claif_git.git.objects import ObjectWriter
from claif_git.git.refs import is_ref_name
from claif_git.git.repository import Repository

__all__ = [
    "FILE_MODE",
    "FOLDER_MODE",
    "Commit",
    "GitResult",
    "Lock",
    "ObjectWriter",
    "Oid",
    "Repository",
    "TreeEntry",
    "encode_tree",
    "git_available",
    "git_version",
    "is_oid",
    "is_ref_name",
    "oid_of",
]
