"""Finding objects by the beginning of their ids, as people type commits."""

from __future__ import annotations

from claif_git.git.kinds import Oid, is_oid
from claif_git.git.objects import Objects
from claif_git.git.repository import Repository

SHORTEST = 7
"""Hex digits below which an abbreviation says too little."""


def starting_with(repo: Repository, prefix: str) -> list[Oid]:
    """Give all objects whose ids begin with `prefix`, of SHORTEST to 40 lower-case hex digits, in order."""
    if is_oid(prefix):
        return [prefix] if repo.has(prefix) else []
    objects = Objects(str(repo.path / "objects"))
    try:
        return objects.starting(prefix)
    finally:
        objects.close()
