"""What was made of a remote's branches at their last look, so that none is fetched twice to be judged the same."""

from __future__ import annotations

import json
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from claif_git.git import Oid, Repository, files, is_oid
from claif_git.git.transport import Limits

RULES = 3
"""Goes up whenever a branch could be judged otherwise than before."""
PASSED, NO_SESSION = "", "no session"


@dataclass(frozen=True, slots=True)
class Verdict:
    """A branch at `tip` PASSED, is NO_SESSION, or is set aside for a reason."""

    tip: Oid
    reason: str


def last_seen(repo: Repository, remote: str) -> datetime | None:
    """Give when a remote was last looked at; None: never."""
    try:
        return datetime.fromtimestamp(_file(repo, remote).stat().st_mtime, UTC)
    except OSError:
        return None


def forget(repo: Repository, remote: str) -> None:
    """Keep nothing of a remote."""
    _file(repo, remote).unlink(missing_ok=True)


def _file(repo: Repository, remote: str) -> Path:
    return repo.path / "claif" / "remotes" / f"{remote}.json"


class Seen:
    """The verdicts on one remote's branches. The file is a convenience: without it, everything is looked at again."""

    def __init__(self, repo: Repository, remote: str, limits: Limits) -> None:
        self._path = _file(repo, remote)
        self._rules = f"{RULES} {limits}"
        self.verdicts = self._read()

    def _read(self) -> dict[str, Verdict]:
        try:
            data: Any = json.loads(self._path.read_text(encoding="utf-8"))
        except (OSError, ValueError):
            return {}
        rows = data.get("branches") if isinstance(data, dict) and data.get("rules") == self._rules else None
        return {
            name: Verdict(row[0], row[1])
            for name, row in (rows.items() if isinstance(rows, dict) else ())
            if isinstance(row, list) and len(row) == 2 and isinstance(row[1], str) and is_oid(str(row[0]))
        }

    def save(self) -> None:
        """Write the verdicts down."""
        self._path.parent.mkdir(parents=True, exist_ok=True)
        rows = {name: [verdict.tip, verdict.reason] for name, verdict in sorted(self.verdicts.items())}
        data = json.dumps({"rules": self._rules, "branches": rows}, ensure_ascii=True)
        files.replace(str(self._path), data.encode("ascii"), durable=False)
