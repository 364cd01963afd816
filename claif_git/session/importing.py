"""Importing other tools' conversations: a session a line, a commit a message, the same on every machine."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import ExitStack
from dataclasses import dataclass, field, replace

from claif_git.format.header import SessionHeader
from claif_git.format.messages import identity
from claif_git.git.trees import Add
from claif_git.history.chain import Chain, Line, missing_from
from claif_git.history.commits import one_line
from claif_git.history.description import title_of
from claif_git.history.snapshot import Snapshot
from claif_git.ids import imported_session_id
from claif_git.importers import ImportedBranch, ImportedConversation, Parsed, Problem
from claif_git.model.message import Message, MessageRole
from claif_git.session.operations import Move, record_moves
from claif_git.session.store import IMPORTS
from claif_git.session.trash import tombstone_path
from claif_git.session.undoing import left_out, taken_back
from claif_git.session.working import Progress, Working


@dataclass(frozen=True, slots=True)
class ImportedSession:
    """What became of one line, in a word, and how many messages were added; `title` is the session's here.

    outcome  "new", "grown", "up-to-date", "deleted" (it is in the trash, and stays there), or "undone" (it was imported
             before, and an undo took that back: `redo` or a reset brings it again, an import does not)
    undone   how many messages stay out since an undo took an import of them back, to the trash or in the session
    """

    id: str
    title: str | None
    added: int
    outcome: str
    undone: int = 0


@dataclass
class ImportReport:
    """What an import did, and what in the file could not be read."""

    sessions: list[ImportedSession] = field(default_factory=list)
    problems: list[Problem] = field(default_factory=list)


@dataclass
class _Plan:
    """One line to import: the indexes of its turns, its chain so far, and what that lacks."""

    line: Line
    turns: list[int]
    fork: int
    held: Snapshot | None
    new: list[Message]


def import_parsed(
    working: Working, parsed: Parsed, *, dry_run: bool = False, progress: Progress | None = None
) -> ImportReport:
    """Import what an importer has read. With `dry_run`, only say what would be done."""
    report = ImportReport(problems=list(parsed.problems))
    with working.lock:
        working.flush()
        with working.repo.shared():  # so that no purge removes what is planned on
            planned = [(conversation, _plans(working, conversation)) for conversation in parsed.conversations]
            tips = {} if dry_run else _write(working, planned, progress)
        taking, moves = _Taking(working), list[Move]()
        try:
            for plan in (plan for _, plans in planned for plan in plans):
                told = taking.told(plan)
                if plan.line.session_id in tips and told.outcome in {"new", "grown", "up-to-date"}:
                    moves += _taken_in(working, plan, tips[plan.line.session_id])
                report.sessions.append(replace(told, title=_title(working, plan, tips)))
        finally:
            if moves:
                about = f"{len(moves)} sessions" if len(moves) > 1 else moves[0].session_id
                record_moves(working, "import", moves, about)
                working.upkeep.wrote()
    return report


class _Taking:
    """Tells what becomes of lines, with an eye to what was undone."""

    def __init__(self, working: Working) -> None:
        self._working = working
        self._undone = taken_back(working, frozenset({"import"}))

    def told(self, plan: _Plan) -> ImportedSession:
        """Tell of one line, before it is taken in."""
        session_id, outcome = plan.line.session_id, _outcome(self._working, plan)
        moves = self._undone.get(session_id, [])
        out = len(left_out(self._working, session_id, moves)) if moves and outcome != "deleted" else 0
        if out and outcome == "up-to-date":
            outcome = "undone"
        if outcome == "deleted" and any(move.new is None for move in moves):
            out = len(plan.held.shown) if plan.held is not None else 0
        return ImportedSession(session_id, plan.line.title, len(plan.new), outcome, out)


def _title(working: Working, plan: _Plan, tips: dict[str, str]) -> str | None:
    """Give what a session is called here: what the source says, unless somebody called it something else."""
    session_id = plan.line.session_id
    tip, held = working.store.tip(session_id), plan.held.commit if plan.held else None
    if tip is None or tip == tips.get(session_id, held):
        return plan.line.title
    return title_of(working.peek(session_id, tip))


def _plans(working: Working, conversation: ImportedConversation) -> list[_Plan]:
    """Cut a conversation into lines, the oldest first; each owns the turns that no older one has."""
    lines = sorted((_indexes(conversation, branch), branch.key, branch) for branch in conversation.branches)
    owned: set[int] = set()
    plans: list[_Plan] = []
    for turns, _, branch in lines:
        fork = next((at for at, turn in enumerate(turns) if turn not in owned), len(turns))
        owned.update(turns)
        plans.append(_plan(working, conversation, branch, turns, fork))
    order = {branch.key: at for at, branch in enumerate(conversation.branches)}
    by_key = {plan.line.source[2]: plan for plan in plans}
    return [by_key[key] for key in sorted(by_key, key=lambda key: order[key])]


def _indexes(conversation: ImportedConversation, branch: ImportedBranch) -> list[int]:
    found: list[int] = []
    at: int | None = branch.leaf
    while at is not None:
        found.append(at)
        at = conversation.turns[at].parent
    return found[::-1]


def _plan(
    working: Working, conversation: ImportedConversation, branch: ImportedBranch, turns: list[int], fork: int
) -> _Plan:
    messages = [conversation.turns[turn].message for turn in turns]
    source: tuple[str, ...] = (conversation.source, conversation.key, branch.key)
    session_id, held = _chain_so_far(working, conversation, source, messages[fork:])
    new = missing_from(held, messages)
    if held is not None and new and len(messages) - len(new) < len(held.files):
        # Another conversation that began alike (a list of messages has no name of its own): it is kept apart.
        source = (*source, identity(new[0]))
        session_id, held = _chain_so_far(working, conversation, source, messages[fork:])
        new = missing_from(held, messages)
    line = Line(
        session_id=session_id,
        source=source,
        header=SessionHeader(conversation.created_at, conversation.template, dict(conversation.parameters)),
        title=branch.title if branch.title is not None else conversation.title,
        metadata={**conversation.metadata, **branch.metadata},
        order=conversation.order,
    )
    return _Plan(line, turns, fork, held, new)


def _chain_so_far(
    working: Working, conversation: ImportedConversation, source: tuple[str, ...], own: Sequence[Message]
) -> tuple[str, Snapshot | None]:
    session_id = _session_id(conversation, source, own)
    tip = working.repo.ref(IMPORTS + session_id)
    return session_id, working.peek(session_id, tip) if tip else None


def _session_id(conversation: ImportedConversation, source: tuple[str, ...], own: Sequence[Message]) -> str:
    """Name a line by its first turn, if a person said it: that stays as it is, however the file grows."""
    first = next((message for message in own if message.role is not MessageRole.SYSTEM), None)
    spoken = first is not None and first.role is MessageRole.USER and "kind" not in first.metadata
    words = next(filter(None, map(one_line, first.text.splitlines())), None) if first is not None and spoken else None
    return imported_session_id(words, conversation.created_at, *source)


def _outcome(working: Working, plan: _Plan) -> str:
    session_id = plan.line.session_id
    if working.store.tip(session_id) is None:
        buried = session_id in working.store.trashed() or working.store.branch.read(tombstone_path(session_id))
        return "deleted" if buried else "new"
    return "grown" if plan.new else "up-to-date"


def _write(
    working: Working, planned: list[tuple[ImportedConversation, list[_Plan]]], progress: Progress | None
) -> dict[str, str]:
    """Write the chains as one pack, then move the imports' refs; give the new tips by session. Within `shared()`."""
    total = sum(len(plan.new) for _, plans in planned for plan in plans)
    tips: dict[str, Snapshot] = {}
    with ExitStack() as kept:
        with working.repo.pack_writer(durable=working.durable, kept=kept) as writer:
            count = _Counter(progress, total)
            for conversation, plans in planned:
                tips |= _Chains(working, conversation, writer.add, count).build(plans)
        for session_id, snapshot in tips.items():
            ref = IMPORTS + session_id
            working.repo.move_ref(ref, working.repo.ref(ref), snapshot.commit, durable=working.durable)
    return {session_id: snapshot.commit for session_id, snapshot in tips.items()}


class _Counter:
    def __init__(self, progress: Progress | None, total: int) -> None:
        self._progress, self._total, self._done = progress, total, 0

    def step(self) -> None:
        self._done += 1
        if self._progress is not None:
            self._progress(self._done, self._total)


class _Chains:
    """Builds the chains of one conversation; a line that forks from another starts at that one's commit of the turn."""

    def __init__(self, working: Working, conversation: ImportedConversation, add: Add, count: _Counter) -> None:
        self._working, self._conversation, self._add, self._count = working, conversation, add, count
        self._at_turn: dict[int, Snapshot] = {}

    def build(self, plans: list[_Plan]) -> dict[str, Snapshot]:
        """Give the tips of the lines that have something new."""
        tips: dict[str, Snapshot] = {}
        needed = {plan.turns[plan.fork - 1] for plan in plans if plan.fork and plan.held is None}
        for plan in sorted(plans, key=lambda plan: plan.turns):
            from_start: Snapshot | None = None
            if plan.held is None or needed & set(plan.turns[plan.fork :]):
                from_start = self._from_the_start(plan)
            tip = self._grown(plan, plan.held or from_start)
            if plan.held is None or tip.commit != plan.held.commit:
                tips[plan.line.session_id] = tip
        return tips

    def _chain(self, plan: _Plan, start: Snapshot | None) -> Chain:
        return Chain(plan.line, self._working.repo, self._add, start)

    def _from_the_start(self, plan: _Plan) -> Snapshot:
        chain = self._chain(plan, None)
        chain.begin(self._at_turn[plan.turns[plan.fork - 1]] if plan.fork else None)
        for turn in plan.turns[plan.fork :]:
            chain.append(self._conversation.turns[turn].message)
            self._at_turn[turn] = chain.tip
            if plan.held is None:
                self._count.step()
        return chain.tip

    def _grown(self, plan: _Plan, tip: Snapshot | None) -> Snapshot:
        chain = self._chain(plan, tip)
        if plan.held is not None:
            for message in plan.new:
                chain.append(message)
                self._count.step()
        chain.settle()
        return chain.tip


def _taken_in(working: Working, plan: _Plan, tip: str) -> list[Move]:
    """Bring the session to its import's tip: make it, fast-forward it, or merge, so that turns added since stay."""
    session_id = plan.line.session_id
    before = working.store.tip(session_id)
    after = working.join(session_id, working.store.head(session_id), tip)
    return [Move(session_id, before, after)] if after != before else []
