"""The tree of commands, and the run of one command line from arguments to exit code."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Annotated, Any

import typer

from claif_git.cli import environment
from claif_git.cli.context import Run, run_of
from claif_git.cli.errors import exit_code, report
from claif_git.cli.lazy import Entry, Family, LazyGroup, Loaded
from claif_git.cli.terminal import Output
from claif_git.cli.warned import told

PROGRAM = "claif-git"
COLOURS = ("auto", "always", "never")

COMMANDS: dict[str, Entry | Family] = {
    "ask": Entry("ask", "Ask a model, in a new session or going on with one."),
    "say": Entry("say", "Add a message to a session without asking a model."),
    "session": Family(
        "Make, read, search and delete sessions.",
        {
            "list": Entry("session_list", "List the sessions, the latest change first."),
            "create": Entry("session_create", "Make a session and print its id."),
            "set": Entry("session_set", "Set a session's title or metadata."),
            "show": Entry("session_show", "Show a session's messages, numbered."),
            "export": Entry("session_export", "Write a session as markdown, JSON, HTML or through a template."),
            "delete": Entry("session_delete", "Delete sessions; they can be restored for 30 days."),
            "restore": Entry("session_restore", "Bring deleted sessions back."),
            "search": Entry("session_search", "Find messages that hold all the words, and sessions whose title does."),
            "stats": Entry("session_stats", "Count a session's messages, tokens and times."),
            "purge": Entry("session_purge", "Remove a session for good."),
            "recover": Entry("session_recover", "Save turns that a crashed program had not saved."),
        },
    ),
    "branch": Entry("branch", "Start a new session from a message of another."),
    "merge": Entry("merge", "Merge a session into another."),
    "log": Entry("log", "List a session's turns, the latest first."),
    "diff": Entry("diff", "Show what each of two sessions has past their fork."),
    "show": Entry("show", "Show one turn, or what another commit changed."),
    "tree": Entry("tree", "Show all sessions as a forest: who was branched from whom."),
    "blame": Entry(
        "blame", "Show who or which model said each message, in which commit, and on which branch it first stood."
    ),
    "grep": Entry("grep", "Find lines of messages that match a pattern, in all sessions or in those named."),
    "undo": Entry("undo", "Take the last change back."),
    "redo": Entry("redo", "Do again what undo took back."),
    "reset": Entry("reset", "Make a session show what it showed at a point of its history."),
    "edit": Entry("edit", "Change what a message says."),
    "drop": Entry("drop", "Leave messages out of a session."),
    "cherry-pick": Entry("cherry_pick", "Say messages of one session again in another."),
    "op": Family(
        "Look at what was done to the store.",
        {"log": Entry("op_log", "List what was done to the store, the latest first.")},
    ),
    "template": Family(
        "List, show and add templates for sessions and exports.",
        {
            "list": Entry("template_list", "List the templates."),
            "show": Entry("template_show", "Show a template."),
            "add": Entry("template_add", "Add a template to the store, or replace one."),
            "trust": Entry("template_trust", "Allow an export template that came from elsewhere to run here."),
        },
    ),
    "import": Entry("import_", "Import conversations from other programs' files."),
    "remote": Family(
        "Name the repositories that sessions are pushed to and pulled from.",
        {
            "add": Entry("remote_add", "Name a remote."),
            "list": Entry("remote_list", "List the remotes."),
            "remove": Entry("remote_remove", "Forget a remote; it is not touched itself."),
        },
    ),
    "init": Entry("init", "Make a store, and print where it is."),
    "clone": Entry("clone", "Copy a store from a remote."),
    "sync": Entry("sync", "Pull from a remote, then push to it."),
    "status": Entry(
        "status", "Show how sessions stand beside a remote, what is not saved, and what the next push would send."
    ),
    "push": Entry("push", "Send sessions to a remote."),
    "pull": Entry("pull", "Fetch a remote's sessions and bring ours up to date."),
    "fetch": Entry("fetch", "Fetch a remote's sessions without changing ours."),
    "bundle": Family(
        "Exchange sessions by file.",
        {"create": Entry("bundle_create", "Write sessions into one file, and print their ids.")},
    ),
    "stats": Entry("stats", "Count the sessions, messages, tokens and costs of the whole store."),
    "gc": Entry("gc", "Pack the store."),
    "doctor": Entry("doctor", "Say how the store stands, and what is wrong with it."),
    "reindex": Entry("reindex", "Build the index of lists and searches anew."),
}


def _version(value: bool) -> None:
    if value:
        typer.echo(f"{PROGRAM} {_installed_version()}")
        raise typer.Exit


def _installed_version() -> str:
    from importlib.metadata import PackageNotFoundError, version

    try:
        return version(PROGRAM)
    except PackageNotFoundError:
        return "(run from a source tree)"


def _root(
    ctx: typer.Context,
    store: Annotated[
        Path | None, typer.Option("--store", metavar="PATH", help="The store to use instead of the default one.")
    ] = None,
    colour: Annotated[
        str, typer.Option("--color", metavar="WHEN", help="Colours and tables: auto, always or never.")
    ] = "auto",
    version: Annotated[
        bool, typer.Option("--version", callback=_version, is_eager=True, help="Show the version and exit.")
    ] = False,
) -> None:
    """Conversations with language models, kept in plain git.

    A session is a branch, a turn is a commit, a message is a file. Ids can be shortened to any prefix that is unique.
    Data goes to stdout, everything else to stderr.
    """
    del store, version
    if colour not in COLOURS:
        raise typer.BadParameter(f"{colour!r} is not auto, always or never.", param_hint="--color")
    run_of(ctx).out.colour = colour


def root() -> LazyGroup:
    """Make the tree, none of its commands loaded."""
    app = typer.Typer(cls=LazyGroup, rich_markup_mode=None, pretty_exceptions_enable=False)
    app.callback()(_root)
    group: Any = typer.main.get_command(app)
    group.commands = Loaded(COMMANDS)
    return group  # type: ignore[no-any-return]  # typer made it of the class it was given


def run(args: Sequence[str], state: Run | None = None) -> int:
    """Run one command line and give its exit code; whatever goes wrong has been said on stderr."""
    state = state or Run(Output(no_colour=environment.no_colour()))
    try:
        with told(state.out):
            code = root().main(list(args), prog_name=PROGRAM, standalone_mode=False, obj=state)
        state.out.flush()
    except SystemExit:  # a shell was answered that completes
        raise
    except BaseException as error:  # noqa: BLE001 - the one place that turns anything into a line and a code
        return _last_words(error, state.out)
    return code if isinstance(code, int) else 0


def _last_words(error: BaseException, out: Output) -> int:
    try:
        return report(error, out, debug=environment.debug())
    except (typer.Exit, OSError):  # nobody reads stderr any more
        return exit_code(error)
    finally:
        out.abandon()
