"""Looking at everything that can be wrong with a store, and mending what can be mended without a decision."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import replace

from claif_git.errors import ClaifGitError
from claif_git.session import checkup, upkeep_checks
from claif_git.session.finding import Finder
from claif_git.session.findings import CLEAN, MARKS, OK, PACK, PACK_INDEX, PROBLEM, REFS, REINDEX, Finding
from claif_git.session.working import Progress, Working

_ORDER = ("index", "objects", "refs", "locks", "drafts", "trash", "marks", "sessions", "config", "disk")
_REPAIRS = (PACK_INDEX, REFS, CLEAN, PACK, MARKS, REINDEX)
"""In the order in which they are done: what brings objects and refs back comes before what works on those."""


class Doctor:
    """One look at one store, through one manager. `progress` counts the sessions that are read."""

    def __init__(self, working: Working, finder: Finder, progress: Progress | None) -> None:
        self._working, self._finder, self._progress = working, finder, progress
        shown: dict[str, checkup.Looked] = {}
        self._checks: dict[str, Callable[[], Iterable[Finding]]] = {
            "sessions": lambda: checkup.sessions(working, shown, progress),  # first: the index is held to what it shows
            "index": lambda: checkup.index(working, finder, shown),
            "objects": lambda: upkeep_checks.objects(working.repo),
            "refs": lambda: upkeep_checks.refs(working),
            "locks": lambda: upkeep_checks.locks(working.repo),
            "drafts": lambda: checkup.drafts(working),
            "trash": lambda: checkup.trashed(working),
            "marks": lambda: checkup.marks(working),
            "config": lambda: upkeep_checks.config(working),
            "disk": lambda: upkeep_checks.disk(working.repo),
        }

    def examine(self) -> list[Finding]:
        """Give the findings, area by area."""
        with self._working.lock:
            self._working.flush()
        return _in_order(self._examined(self._checks))

    def _examined(self, areas: Iterable[str]) -> list[Finding]:
        return [finding for area in areas for finding in self._checks[area]()]

    def treat(self) -> list[Finding]:
        """Mend what can be mended; give the findings after it, and what was mended."""
        found = self.examine()
        ailing = [finding for finding in found if finding.repair and finding.level != OK]
        wanted = {one.repair for one in ailing}
        failed = [told for repair in _REPAIRS if repair in wanted for told in self._mend(repair)]
        again = set(self._checks) if wanted & {PACK_INDEX, REFS} else {finding.area for finding in ailing}
        after = self._examined(area for area in self._checks if area in again)
        mended = [replace(finding, fixed=True) for finding in ailing if finding not in after]
        return _in_order([*(one for one in found if one.area not in again), *mended, *after, *failed])

    def _mend(self, repair: str) -> Iterator[Finding]:
        """Do a repair; say what keeps it from being done."""
        repo = self._working.repo
        acts: dict[str, tuple[str, Callable[[], object]]] = {
            PACK_INDEX: ("objects", repo.index_packs),
            REFS: ("refs", lambda: upkeep_checks.mend_refs(repo)),
            REINDEX: ("index", lambda: self._finder.reindex(self._progress)),
            CLEAN: ("locks", lambda: repo.inspect().clean(own_only=repo.is_guest)),
            PACK: ("objects", lambda: repo.maintain(force=True)),
            MARKS: ("marks", lambda: checkup.remove_marks(self._working)),
        }
        area, act = acts[repair]
        try:
            act()
        except (ClaifGitError, OSError) as error:
            yield Finding(area, PROBLEM, f"not repaired: {error}", getattr(error, "hint", ""))


def _in_order(findings: Iterable[Finding]) -> list[Finding]:
    return sorted(findings, key=lambda finding: _ORDER.index(finding.area))
