"""The verbs that look after a store as a whole: counting it, packing it, finding what is wrong with it."""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING, Any, Literal

from claif_git.errors import UnknownNameError
from claif_git.model.spending import GROUPS
from claif_git.session import trash
from claif_git.session.finding import Finder
from claif_git.session.working import Progress, Working

if TYPE_CHECKING:
    from claif_git.analytics.totals import StoreStats
    from claif_git.index import IndexStats
    from claif_git.session.findings import Finding


class Tending:
    """A part of SessionManager. `progress` is called with (done, in all) of whatever takes long."""

    _working: Working
    _finding: Finder

    def store_stats(
        self,
        *,
        by: Literal["model", "day", "project", "session"] | None = None,
        since: datetime | None = None,
        until: datetime | None = None,
        progress: Progress | None = None,
    ) -> StoreStats:
        """Give sessions, messages, tokens and cost of the whole store, and of its groups.

        by             "model", "day" (in UTC), "project" (the metadata's `project`, else the last folder of its `cwd`),
                       "session"; UnknownNameError lists them
        since, until   only what was said then (both inclusive; naive: local time)

        A message that several sessions show counts once in the total, and once in each group.
        """
        from claif_git.analytics.prices import PRICE_STEPS
        from claif_git.analytics.totals import store_stats

        if by is not None and by not in GROUPS:
            raise UnknownNameError("group", str(by), GROUPS)
        everything = self._finding.totals(None, PRICE_STEPS, since, until, progress)
        grouped = self._finding.totals(by, PRICE_STEPS, since, until, progress) if by else None
        return store_stats(everything, by, grouped)

    def doctor(self, fix: bool = False, *, progress: Progress | None = None) -> list[Finding]:
        """Look at everything that can be wrong with a store, and say how it stands; every session is read for this.

        `fix` does what each finding's `repair` names, and looks again; what it repaired is listed as `fixed`. Drafts
        are left to `recover_session`, the trash to `gc`.
        """
        from claif_git.session.doctor import Doctor

        doctor = Doctor(self._working, self._finding, progress)
        return doctor.treat() if fix else doctor.examine()

    def reindex(self, progress: Progress | None = None) -> IndexStats:
        """Build the index of lists and searches anew; give what it holds. Nothing else depends on it. StoreError."""
        return self._finding.reindex(progress)

    def gc(self, *, dry_run: bool = False, progress: Progress | None = None) -> dict[str, Any]:
        """Empty the trash of what is older than 30 days, and pack. Give what was done."""
        from claif_git.git.transport.quarantine import sweep

        expired = trash.expire(self._working, dry_run=dry_run)
        if not dry_run:
            sweep(self._working.repo)
        report = None if dry_run else self._working.repo.maintain(force=True, progress=progress)
        return {"expired": expired, "maintenance": report}
