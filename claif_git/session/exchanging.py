"""The verbs that exchange conversations: with other tools' files, and with other stores."""

from __future__ import annotations

import os
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from claif_git.session.working import Progress, Working

if TYPE_CHECKING:
    from claif_git.session.importing import ImportReport
    from claif_git.session.standing import StoreStatus
    from claif_git.sync import SyncReport


class Exchanging:
    """A part of SessionManager."""

    _working: Working

    def import_file(
        self,
        path: str | os.PathLike[str],
        source: str | None = None,
        *,
        keep_raw: bool = False,
        dry_run: bool = False,
        progress: Progress | None = None,
    ) -> ImportReport:
        """Import the conversations of a file: a session a line of talk, a commit a message.

        `source` names the tool that wrote it, if it is not to be recognised (UnknownNameError lists the known ones).
        Importing it again adds nothing, and a file that grew the rest. What cannot be read is listed by its line.
        """
        file = Path(path)
        return self.import_data(
            file.read_bytes(), file.name, source, keep_raw=keep_raw, dry_run=dry_run, progress=progress
        )

    def import_data(
        self,
        data: bytes,
        name: str = "",
        source: str | None = None,
        *,
        keep_raw: bool = False,
        dry_run: bool = False,
        progress: Progress | None = None,
    ) -> ImportReport:
        """Import what `import_file` would find in a file of these bytes and that name."""
        from claif_git.importers import parse
        from claif_git.session.importing import import_parsed

        parsed = parse(data, name=name, source=source, keep_raw=keep_raw)
        return import_parsed(self._working, parsed, dry_run=dry_run, progress=progress)

    def add_remote(self, name: str, address: str) -> None:
        """Name a remote: a path, ssh://, user@host:path, git://, http(s)://, or a bundle file.

        InvalidInputError for a name that is taken, UnsafeAddressError.
        """
        from claif_git.sync import add_remote

        add_remote(self._working.store.repo, self._working.store.heads, name, address)

    def remotes(self) -> dict[str, str]:
        """Give the remotes: name to address, credentials left out."""
        from claif_git.sync import remotes

        return remotes(self._working.store.repo)

    def remove_remote(self, name: str) -> None:
        """Forget a remote; it is not touched itself. RemoteNotFoundError."""
        from claif_git.sync import remove_remote

        remove_remote(self._working.store.repo, self._working.store.heads, name)

    def fetch(
        self, remote: str = "origin", ids: Sequence[str] | None = None, *, progress: Callable[[str], None] | None = None
    ) -> SyncReport:
        """Fetch a remote's sessions without changing ours. What does not pass is set aside, by name. RemoteError."""
        from claif_git.session.remotes import local_side
        from claif_git.sync import fetch

        return fetch(local_side(self._working, progress), remote, ids)

    def pull(
        self, ids: Sequence[str] | None = None, remote: str = "origin", *, progress: Callable[[str], None] | None = None
    ) -> SyncReport:
        """Fetch a remote's sessions (all, if none are named) and bring ours up to date: fast-forward, or a merge.

        A merge drops nothing. `problems` of the report names what was set aside or refused. RemoteError.
        """
        from claif_git.session.remotes import pulled

        return pulled(self._working, remote, ids, progress)

    def sync(
        self,
        ids: Sequence[str] | None = None,
        remote: str = "origin",
        *,
        progress: Callable[[str], None] | None = None,
        reported: Callable[[SyncReport], None] | None = None,
    ) -> list[SyncReport]:
        """Pull, then push: the sessions named, or all that the remote has; once more where somebody pushed meanwhile.

        Give the reports in order; `reported` gets each as it comes. DivergedError, RemoteError, as `push` has it.
        """
        from claif_git.session.remotes import sync

        return sync(self._working, remote, ids, progress, reported)

    def status(self, ids: Sequence[str] | None = None, remote: str = "origin") -> StoreStatus:
        """Give how sessions stand beside a remote as it was last seen, what is unsaved, and what a push would move.

        Nothing is fetched: call `fetch` before, to look. A store without an `origin` is fine. RemoteNotFoundError.
        """
        from claif_git.session.standing import status

        return status(self._working, ids, remote)

    def write_bundle(
        self,
        file: str | os.PathLike[str],
        ids: Sequence[str] | None = None,
        *,
        all: bool = False,  # noqa: A002 - as `git bundle create --all` has it
        progress: Progress | None = None,
    ) -> list[str]:
        """Write the sessions named, or `all`, into one file; give their ids. git, `read_bundle` and `clone` read it.

        Nothing else is in it. A bundle that is there is replaced. `progress` is called with (done, in all) while the
        sessions are looked at, before the file is written. InvalidInputError, SessionNotFoundError, StoreError.
        """
        from claif_git.session.bundling import write

        return sorted(write(self._working, file, ids, everything=all, progress=progress))

    def read_bundle(
        self,
        file: str | os.PathLike[str],
        ids: Sequence[str] | None = None,
        *,
        progress: Callable[[str], None] | None = None,
    ) -> SyncReport:
        """Pull from a bundle file, as from a remote: all sessions, if none are named. RemoteError for rubbish."""
        from claif_git.session.bundling import read

        return read(self._working, file, ids, progress)

    def push(
        self,
        ids: Sequence[str] | None = None,
        remote: str = "origin",
        *,
        all: bool = False,  # noqa: A002 - as `git push --all` has it
        dry_run: bool = False,
        templates: Sequence[str] = (),
        progress: Callable[[str], None] | None = None,
    ) -> SyncReport:
        """Send the sessions named, or those that the remote has already, or `all`; and templates that are named.

        DivergedError («pull first») and RemoteError come once the others are sent; their `report` says what went.
        """
        from claif_git.session.remotes import local_side
        from claif_git.sync import push

        side = local_side(self._working, progress)
        return push(side, remote, ids, everything=all, dry_run=dry_run, templates=templates)
