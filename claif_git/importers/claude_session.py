"""One Claude Code conversation: its tree, and what its lines say about it."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field

from claif_git.importers.conversation import ImportedBranch, ImportedConversation
from claif_git.importers.thread import ROOT, Path, Thread
from claif_git.importers.values import digest, key_of, mapping, title_from, word
from claif_git.model import Json, MessageRole

SOURCE = "claude-code"

_LEARNED = {"cwd": "cwd", "gitBranch": "git_branch", "version": "version"}


@dataclass(slots=True)
class ClaudeSession:
    """A session id's main conversation, or (where `agent` is not empty) one of its subagents'.

    titles      by kind: what the user named it, what the tool did
    summaries   by the uuid of the leaf that they sum up
    counted     the usage already counted, by the id of the API's reply
    """

    session_id: str
    agent: str
    thread: Thread = field(default_factory=Thread)
    metadata: dict[str, Json] = field(default_factory=dict)
    titles: dict[str, str] = field(default_factory=dict)
    summaries: dict[str, str] = field(default_factory=dict)
    counted: dict[str, dict[str, int]] = field(default_factory=dict)
    chained: bool = False

    def learn(self, data: dict[str, Json]) -> None:
        """Note what a line says about the whole; the first to say something is believed."""
        for theirs, ours in _LEARNED.items():
            if ours not in self.metadata and (said := word(data.get(theirs))):
                self.metadata[ours] = said
        if "forked_from" not in self.metadata and (fork := word(mapping(data.get("forkedFrom")).get("sessionId"))):
            self.metadata["forked_from"] = fork

    def parent(self, data: dict[str, Json], *, human: bool) -> int:
        """Tell which turn a line follows.

        A parent that was not seen (lost, or in another file) is the turn before. No parent at all is a new start
        only where a human speaks and the file names parents at all: old and converted files name none.
        """
        named = word(data.get("parentUuid")) or word(data.get("logicalParentUuid"))
        if named is not None:
            self.chained = True
            place = self.thread.place(named)
            return self.thread.last if place is None else place
        if human and self.chained and "parentUuid" in data:
            return ROOT
        return self.thread.last

    def name_at(self, index: int) -> str:
        """Give the id of a turn, or nothing before the first."""
        return "" if index == ROOT else self.thread.turns[index].message.id or ""

    def finish(self) -> ImportedConversation:
        """Give the conversation as it stands."""
        turns = tuple(self.thread.turns)
        paths = sorted(self.thread.paths, key=lambda path: path.tip != len(turns) - 1)
        forks = {turns[path.first].parent for path in paths}
        branches = [self._branch(path, forks) for path in paths]
        title = self._title(branches[0])
        branches[0] = ImportedBranch(branches[0].key, title, branches[0].leaf, branches[0].metadata)
        about = {"source": SOURCE, "source_session": self.session_id, **self.metadata}
        if self.agent:
            about |= {"sidechain": True, "agent": self.agent}
        name = self.session_id.replace("/", "%2F") or digest("no session", self.name_at(0))
        return ImportedConversation(
            source=SOURCE,
            key=key_of(f"{name}/{self.agent}" if self.agent else name),
            title=title,
            created_at=turns[0].message.timestamp,
            metadata=about,
            turns=turns,
            branches=tuple(branches),
        )

    def _branch(self, path: Path, forks: set[int | None]) -> ImportedBranch:
        first = self.thread.turns[path.first]
        own = self._own(path)
        summed = [self.summaries[name] for name in map(self.name_at, own) if name in self.summaries]
        forked = max((place for place, index in enumerate(own) if index in forks), default=-1)
        title = title_from(summed[-1]) if summed else self._first_words(own[forked + 1 :]) or self._first_words(own)
        forked_at = {"forked_at": self.name_at(first.parent)} if first.parent is not None else {}
        return ImportedBranch(key_of(self.name_at(path.first)), title, path.tip, forked_at)

    def _own(self, path: Path) -> list[int]:
        """Give the turns that are on this line and on none that it forked from."""
        found, at = [path.tip], path.tip
        while at != path.first:
            at = self.thread.turns[at].parent or 0
            found.append(at)
        return found[::-1]

    def _title(self, main: ImportedBranch) -> str | None:
        """Give the best title: the user's, the tool's, a summary, what the human said first."""
        for kind in ("custom-title", "ai-title"):
            if kind in self.titles and (title := title_from(self.titles[kind])):
                return title
        if self.summaries:
            return title_from(list(self.summaries.values())[-1])
        if "stray" in self.titles:
            return title_from(self.titles["stray"])
        return self._first_words(range(len(self.thread.turns))) or main.title

    def _first_words(self, indices: Iterable[int]) -> str | None:
        """Give the first line that a human typed in some of the turns."""
        for index in indices:
            message = self.thread.turns[index].message
            human = message.role is MessageRole.USER and "kind" not in message.metadata
            if human and (title := title_from(message.text)):
                return title
        return None
