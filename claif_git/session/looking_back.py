"""The verbs that read history: what was said when, where, by whom, and what became of it."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import islice
from typing import TYPE_CHECKING

from claif_git.session.working import Progress, Working

if TYPE_CHECKING:
    from claif_git.diff import SessionDiff
    from claif_git.session.blaming import Blame
    from claif_git.session.forest import ForestNode
    from claif_git.session.grepping import Found
    from claif_git.session.log import Turn
    from claif_git.session.revisions import Revision
    from claif_git.session.showing import Shown


class LookingBack:
    """A part of SessionManager. A REV is a session, `ID#5`, `ID~3`, `ID@{yesterday}` or a commit: see `revision`."""

    _working: Working

    def revision(self, rev: str) -> Revision:
        """Give the session and the commit that a REV names, and the message where it names one.

        ID           a session as it stands
        ID#5         its message 5 (negative: from the end): the commit that added it
        ID~3         three turns back; commits that are not turns do not count
        ID@{2 hours ago}, ID@{2026-11-01}   as it stood then, by the dates of the commits
        1a2b3c4      a commit of a session, by 7 hex digits or more

        InvalidInputError, NotFoundError, SessionNotFoundError, AmbiguousIdError, MessageIndexError.
        """
        from claif_git.session import revisions

        return revisions.revision(self._working, rev)

    def log(
        self, session_id: str, *, limit: int | None = None, brief: bool = False, branches: bool = False
    ) -> list[Turn]:
        """Give the commits of a session's history, newest first; at most `limit`.

        brief      read no message: the turns' `model` and `tokens` stay None
        branches   those of the sessions that were branched from it as well
        """
        return list(islice(self.turns(session_id, brief=brief, branches=branches), limit))

    def turns(self, session_id: str, *, brief: bool = False, branches: bool = False) -> Iterator[Turn]:
        """Give what `log` gives, each commit read as it is asked for."""
        from claif_git.session.log import turns

        return turns(self._working, self._working.resolve(session_id), brief=brief, branches=branches)

    def show(self, rev: str) -> Shown:
        """Give what was said at a REV, or what its commit changed."""
        from claif_git.session import showing

        return showing.show(self._working, self.revision(rev))

    def diff_sessions(self, a: str, b: str) -> SessionDiff:
        """Give what each of two sessions has that the other has not: messages, changed messages, settings.

        Each is a session, or any REV: a session as it stood there.
        """
        from claif_git.session import comparing

        return comparing.diff(self._working, self.revision(a), self.revision(b))

    def raw_diff(self, a: str, b: str, *, stat: bool = False) -> str:
        """Give what `git diff` says of two REVs, files and all. StoreError without a git command."""
        from claif_git.git.rawdiff import raw_diff

        return raw_diff(self._working.repo, self.revision(a).commit, self.revision(b).commit, stat=stat)

    def forest(self, progress: Progress | None = None) -> list[ForestNode]:
        """Give all sessions, each followed by those branched from it, the tree with the latest change first.

        `progress` is called with (done, in all) while sessions are gone through, twice.
        """
        from claif_git.session import forest

        return forest.forest(self._working, progress)

    def blame(self, session_id: str) -> list[Blame]:
        """Give, for each message, who said it, in which commit, and on which branch it first stood."""
        from claif_git.session import blaming

        return blaming.blame(self._working, self._working.resolve(session_id))

    def grep(
        self,
        pattern: str,
        session_ids: Sequence[str] | None = None,
        *,
        fixed: bool = False,
        ignore_case: bool = False,
        all_history: bool = False,
        progress: Progress | None = None,
    ) -> Iterator[Found]:
        """Give the lines of messages that match, as they are found: in some sessions, or in all.

        pattern      a regular expression of Python's, or plain text with `fixed`. An expression can be written that
                     takes for ever on some line: take what comes from others as `fixed`, which never does
        all_history  also what was dropped, earlier words of edited messages, drafts, and deleted sessions
        progress     called with (done, in all) while sessions are gone through; twice, where none is named

        InvalidInputError for a pattern that is no regular expression.
        """
        from claif_git.session import grepping

        find = grepping.matcher(pattern, fixed=fixed, ignore_case=ignore_case)
        return grepping.grep(self._working, find, session_ids, all_history=all_history, progress=progress)
