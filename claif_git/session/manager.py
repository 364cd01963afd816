"""SessionManager: the public verbs, and the only thing that the faces call."""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from contextlib import AbstractContextManager
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal, Self

from claif_git import config
from claif_git.history.commits import Signature
from claif_git.model.conditions import Condition, Selection
from claif_git.model.message import Message, MessageRole
from claif_git.model.search import SearchHit
from claif_git.model.session import Session
from claif_git.session import saving, shared, templates, trash, writing
from claif_git.session.changing import ChangingHistory
from claif_git.session.exchanging import Exchanging
from claif_git.session.finding import Finder, Searched
from claif_git.session.looking_back import LookingBack
from claif_git.session.operations import record
from claif_git.session.reading import OnMalformed, choose, session_of, told_of
from claif_git.session.store import Store
from claif_git.session.tending import Tending
from claif_git.session.working import Progress, Working
from claif_git.templates import SessionTemplate

if TYPE_CHECKING:
    from claif_git.merge.result import MergeResult
    from claif_git.merge.strategies import Resolver, Strategy


class SessionManager(LookingBack, ChangingHistory, Exchanging, Tending):
    """Conversations in a git repository: a session is a branch, a turn is a commit, a message is a file.

    Every method that takes a session id takes a unique prefix of one, and raises SessionNotFoundError or
    AmbiguousIdError. All methods are thread-safe, and see at once what another process wrote. When a writing
    method returns, what it wrote survives a crash (with `durability="relaxed"`: of the process, not of the machine).

    A child that is forked may go on with its parent's manager if no other thread was using that just then; one of its
    own is always right.
    """

    def __init__(
        self,
        store: str | os.PathLike[str] | None = None,
        *,
        author: str | None = None,
        durability: Literal["full", "relaxed"] = "full",
    ) -> None:
        """Open the store at a path, or the user's default one; make it if there is none.

        `author` is `Name <mail>`; without it, git's configuration says who is speaking. StoreError, StoreNotFoundError.
        """
        self._store = Store.open(config.default_store() if store is None else store)
        who = Signature.parse(author or config.identity())
        self._working = Working(self._store, who, durable=durability == "full")
        self._finding = Finder(self._working)
        self._autosave = saving.Autosave(self._working)

    @property
    def path(self) -> Path:
        """Where the store is."""
        return self._store.path

    def close(self) -> None:
        """Save what autosave still waits for, and let go of files and locks. May be called twice.

        Every other method raises StoreError afterwards. What could not be saved stays a draft, and its error is raised.
        """
        try:
            self._autosave.close()
        finally:
            self._finding.close()
            self._working.close()
            self._store.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    # sessions

    def create_session(
        self,
        title: str | None = None,
        template: str | None = None,
        metadata: Mapping[str, Any] | None = None,
        *,
        parameters: Mapping[str, Any] | None = None,
    ) -> str:
        """Make a session and give its id.

        A template's system message is the first message, its default metadata lie under `metadata`, its suggested
        parameters under `parameters`. UnknownNameError lists the known templates.
        """
        return writing.create(self._working, title, templates.named(self._working, template), metadata, parameters)

    def resolve(self, prefix: str) -> str:
        """Give the full id that a unique prefix stands for."""
        return self._working.resolve(prefix)

    def get_session(self, session_id: str) -> Session:
        """Give a session; its messages are read on first use."""
        return session_of(self._working.read(self.resolve(session_id)), self._finding.messages)

    load_session = get_session

    def list_sessions(
        self,
        filter_metadata: Mapping[str, Any] | None = None,
        *,
        where: Sequence[str | Condition] = (),
        since: datetime | None = None,
        until: datetime | None = None,
        model: str | None = None,
        limit: int | None = None,
        progress: Progress | None = None,
    ) -> list[Session]:
        """Give the sessions, newest change first.

        filter_metadata  keys of the session's own fields (template, title, id) or of its metadata, each with its value;
                         None for what is not set
        where            conditions on the same: `key=value` and `key!=value` (JSON, or else text), `key~text` (in it,
                         whatever its case)
        since, until     of their latest change (both inclusive; naive: local time)
        model            those in which a model of that name answered; `*` stands for any characters
        progress         called with (done, in all) where the index has much to catch up with
        """
        wanted = Selection.of(filter_metadata, where, since, until, model)
        return self._finding.sessions(wanted, limit, progress)

    def search_sessions(
        self,
        query: str,
        limit: int | None = 20,
        *,
        role: MessageRole | str | None = None,
        since: datetime | None = None,
        until: datetime | None = None,
        model: str | None = None,
        regex: bool = False,
        progress: Progress | None = None,
    ) -> list[SearchHit]:
        """Give the best hits, best first, then latest first; at most `limit`, all for None.

        `query` is any text: words that all have to occur, "a phrase", prefix*. Case and diacritics do not count. A hit
        is a message in a session that shows it; in branches of that session it ranks lower. A session whose title
        matches gives its first message that fits `role`, `since` and `until` (both inclusive; naive: local time), and
        `model` (`*` stands for any characters).

        With `regex` it is a regular expression of Python's over what messages say, `^` and `$` the ends of each line.
        Lone surrogates, and control characters in content that is very long (256 KiB) or has attachments, may count as
        spaces there; `grep` takes them as they are. One can be written that takes for ever on some text.
        InvalidInputError if it is none.
        """
        return self._finding.search(Searched(query, regex, role, since, until, model), limit, progress)

    def update_title(self, session_id: str, title: str | None) -> None:
        """Set the title; None takes it away."""
        writing.set_title(self._working, self.resolve(session_id), title)

    def update_metadata(self, session_id: str, metadata: Mapping[str, Any]) -> None:
        """Merge keys into the session's metadata; a key set to None goes."""
        writing.set_metadata(self._working, self.resolve(session_id), metadata)

    def delete_session(self, session_id: str) -> None:
        """Move a session to the trash, where it is kept for 30 days."""
        full = trash.to_delete(self._working, session_id)
        tip = trash.delete(self._working, full)
        record(self._working, "delete", full, tip, None)

    def restore_session(self, session_id: str) -> str:
        """Take a session out of the trash; give its id."""
        full, before = trash.restore(self._working, session_id)
        record(self._working, "restore", full, before, self._store.tip(full))
        return full

    def trashed_sessions(
        self,
        filter_metadata: Mapping[str, Any] | None = None,
        *,
        where: Sequence[str | Condition] = (),
        since: datetime | None = None,
        until: datetime | None = None,
        model: str | None = None,
    ) -> list[Session]:
        """Give the deleted sessions that can still be restored, narrowed as in `list_sessions`."""
        return trash.listed(self._working, Selection.of(filter_metadata, where, since, until, model))

    # messages

    def add_message(self, session_id: str, message: Message, *, author: str | None = None) -> Message:
        """Add a message at the end, as one commit; give it as it is stored.

        One with an `id` that the session holds already is not added again. ConcurrentUpdateError if others kept the
        session busy; nothing is half done then.
        """
        return writing.add(self._working, self.resolve(session_id), message, author)

    def get_messages(
        self,
        session_id: str,
        limit: int | None = None,
        role: MessageRole | str | None = None,
        since: datetime | None = None,
        until: datetime | None = None,
    ) -> list[Message]:
        """Give the latest `limit` messages that fit, oldest first. A naive time is local. MalformedError."""
        snapshot = self._working.read(self.resolve(session_id))
        return choose(snapshot, limit=limit, role=role, since=since, until=until, known=self._finding.messages)

    def update_message_metadata(self, session_id: str, message_index: int, metadata: Mapping[str, Any]) -> None:
        """Merge keys into a message's metadata; a key set to None goes. MessageIndexError."""
        writing.set_message_metadata(self._working, self.resolve(session_id), message_index, metadata)

    def update_session_messages(self, session_id: str, messages: Sequence[Message]) -> None:
        """Make these the session's messages, in one commit: trimming, editing, putting a summary in front.

        What was dropped stays in history; what somebody added since the messages were read is kept.
        """
        writing.set_messages(self._working, self.resolve(session_id), messages)

    # saving

    def save_session(self, session_id: str) -> None:
        """Bring this manager's unsaved turns of a session into its branch. Without any, this does nothing."""
        self._working.save(self.resolve(session_id))

    def configure_autosave(self, enabled: bool = True, interval: float | None = None) -> None:
        """Save each turn at once (the default), every `interval` seconds and at close, or only by `save_session`.

        A turn that is not saved is committed all the same, to a draft of this manager's own.
        """
        self._autosave.configure(enabled=enabled, interval=interval)

    def drafts(self) -> list[saving.Draft]:
        """Give what is not saved, by any manager, alive or dead."""
        return saving.drafts(self._working)

    def recover_session(self, session_id: str) -> int:
        """Save the drafts that dead processes left of a session; give how many there were."""
        return saving.recover(self._working, self.resolve(session_id))

    def batch(self) -> AbstractContextManager[None]:
        """Write all turns of a `with` block as one pack: for bulk work. They are durable when the block ends."""
        return self._working.batch()

    # branching and merging

    def branch_session(self, session_id: str, from_message_index: int = -1, title: str | None = None) -> str:
        """Make a session that holds messages 0 to that index, inclusive; negative counts from the end. Give its id.

        Nothing is copied; `git merge-base` finds the fork point. MessageIndexError.
        """
        from claif_git.session import branching

        return branching.branch(self._working, self.resolve(session_id), from_message_index, title)

    def merge_sessions(
        self,
        primary_session_id: str,
        secondary_session_id: str,
        strategy: str | Strategy = "smart",
        *,
        resolver: Resolver | None = None,
        picks: Sequence[int] | None = None,
        into_primary: bool = False,
        title: str | None = None,
    ) -> MergeResult:
        """Merge two sessions into a new one that has both as parents, or into the primary.

        strategy   "smart" (exchanges said on both sides stand once), "chronological" (the same set by time), "manual"
        resolver   for manual: called with the secondary's messages past the fork, if any; gives those to keep
        picks      for manual: the secondary's message indexes to keep

        What both sides changed is listed in the result's `conflicts`; the primary's stands.
        """
        from claif_git.merge.strategies import Strategy
        from claif_git.session import branching

        primary, secondary = self.resolve(primary_session_id), self.resolve(secondary_session_id)
        wish = branching.Wish(Strategy.of(str(strategy)), resolver, picks)
        return branching.merge(self._working, primary, secondary, wish, into_primary=into_primary, title=title)

    # templates

    def register_template(self, name: str, template: Mapping[str, Any]) -> None:
        """Keep a session template in the store. InvalidInputError."""
        templates.register(self._working, SessionTemplate.from_data(name, template))

    def templates(self) -> dict[str, dict[str, Any]]:
        """Give the session templates as plain data, the built-in ones and the store's."""
        return {name: template.to_data() for name, template in sorted(templates.known(self._working).items())}

    def register_export_template(self, name: str, source: str) -> None:
        """Keep a Jinja template for exports in the store. InvalidInputError if it does not parse."""
        templates.register_export(self._working, name, source)

    def export_templates(self) -> dict[str, str]:
        """Give the store's export templates: name to source."""
        return templates.known_export(self._working)

    def trust_export_template(self, name: str) -> None:
        """Allow an export template that came from elsewhere to run here."""
        templates.trust_export(self._working, name)

    # reading more than one message

    def export_session(
        self,
        session_id: str,
        export_format: str = "markdown",
        *,
        on_malformed: OnMalformed | None = None,
        **options: Any,
    ) -> str:
        """Give a session as markdown, json, html, or by a registered template. UnknownNameError lists the formats.

        on_malformed   called with each thing in the session that cannot be read, and the rest is given; without it the
                       first message that cannot be read is raised, a MalformedError
        """
        from claif_git.export import BUILT_IN_FORMATS, export

        registered = {} if export_format in BUILT_IN_FORMATS else self.export_templates()
        if export_format in registered:
            templates.check_trusted(self._working, export_format, registered[export_format])
        session = told_of(self.get_session(session_id), on_malformed)
        return export(session, export_format, templates=registered, **options)

    def get_session_stats(self, session_id: str, *, on_malformed: OnMalformed | None = None) -> dict[str, Any]:
        """Give counts, tokens, times and cost; zeros and None for what there is none of.

        What cannot be read goes to `on_malformed`, or is raised, as in `export_session`.
        """
        from claif_git.analytics import session_stats

        return session_stats(told_of(self.get_session(session_id), on_malformed))

    def analyze_conversation_flow(self, session_id: str, *, on_malformed: OnMalformed | None = None) -> dict[str, Any]:
        """Give topics, sentiment over time, turn lengths and response times. Offline; docs/analytics.md says how.

        What cannot be read goes to `on_malformed`, or is raised, as in `export_session`.
        """
        from claif_git.analytics import conversation_flow

        return conversation_flow(told_of(self.get_session(session_id), on_malformed))

    # sharing

    def create_shared_session(
        self, participants: Sequence[str], title: str | None = None, *, permissions: Mapping[str, str] | None = None
    ) -> str:
        """Make a session shared among users, who may "read_write" unless `permissions` says "read"."""
        return shared.create_shared(self._working, participants, title, permissions)

    def add_user_message(self, session_id: str, user: str, content: Any) -> Message:
        """Add a participant's message, as its author. NotPermittedError, which is a PermissionError, for others."""
        return shared.say(self._working, self.resolve(session_id), user, content)

    def change_permissions(self, session_id: str, user: str, permissions: Mapping[str, str | None]) -> None:
        """Change who may do what, as `user`; None takes somebody out. NotPermittedError if `user` may not write."""
        shared.change_rights(self._working, self.resolve(session_id), user, permissions)
