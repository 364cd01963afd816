# ruff: noqa: INP001, E501 - a script beside the pages it writes, no package; rows of tables are long
"""Writes docs/cli.md from the commands themselves. `python docs/generate_cli.py --check` fails if it is out of date."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import typer

from claif_git.cli.app import PROGRAM, root
from claif_git.cli.context import Run
from claif_git.cli.lazy import LazyGroup

PAGE = Path(__file__).with_name("cli.md")
WIDTH = 100

INTRODUCTION = """\
# The command line

<!-- Written by docs/generate_cli.py from the commands themselves: edit those, then run `make docs`. -->

`claif-git`, or `python -m claif_git`. Every command has `--help` with examples; the pages below are those.

- **Ids** can be shortened to any prefix that is unique; one that fits several is an error that lists them.
- **Data goes to stdout, everything else to stderr.** `session create`, `branch` and `merge` print the session's id and
  nothing else, so `ID=$(claif-git session create)` works.
- **On a terminal** there are tables, rendered markdown and colours. **In a pipe** there is a line a thing, its cells
  parted by tabs, times in UTC; or JSON with `--json`.
- **Messages cannot steer the terminal.** Control characters, bidirectional marks and invisible characters in messages,
  titles, ids and what a remote says are shown as `\\x1b` or `\\u202e`. Only `session export`, `--raw`, `diff --git` and
  `template show` pass text as it is stored, and only where no terminal reads it.
- **The store** is `--store PATH` (before the command), else `$CLAIF_GIT_STORE`, else the nearest `.claif` folder, or code
  repository that was told to hold conversations (`init --namespace`), in the current folder or above it, else one in
  your data folder. It is made when something is first put into it; to read from one that was named and is not there is
  an error.

| exit code | what it says |
| --- | --- |
| 0 | done |
| 1 | it failed; stderr says why in a line that begins with `error:`, and often what to do in one with `hint:` |
| 2 | the command makes no sense: an unknown option, a number out of range, a name nobody knows |
| 3 | what was named is not there, or fits several |
| 4 | refused: no API key or a wrong one, no permission, an unsafe address, a push that has to pull first |
| 130 | interrupted by Ctrl-C |
| 141 | whoever read the output went away, as `head` does; nothing is said |

| variable | what it does |
| --- | --- |
| `ANTHROPIC_API_KEY` | the key that `ask` needs |
| `ANTHROPIC_BASE_URL` | another endpoint that speaks the Messages API |
| `CLAIF_GIT_MODEL` | the model to ask where neither `--model` nor the session says which |
| `CLAIF_GIT_STORE` | the store to use |
| `CLAIF_SESSION` | the session that `ask -c` goes on with |
| `GIT_EDITOR`, `VISUAL`, `EDITOR` | the editor of `merge --strategy manual`, looked up as git does |
| `NO_COLOR` | no colours |
| `CLAIF_GIT_DEBUG` | `1`: an error comes with its traceback |

`claif-git --install-completion` teaches your shell to complete commands, options, session ids, remotes, templates and
formats.
"""

JSON_SHAPES = """\
## JSON

What `--json` prints is stable: keys may be added, none goes or changes its meaning. Times are ISO 8601 in UTC with
microseconds. What a terminal would obey or hide stands as `\\uXXXX`; all else is readable.

| command | what it prints |
| --- | --- |
| `session list` | a list of sessions: `id`, `title`, `template` (each text or null), `created_at`, `updated_at`, `message_count`, `metadata` |
| `session show` | a session as above, with `parameters` and `messages` |
| a message | `index` (its number), `role`, `timestamp`, `content` (text, or a list of content blocks), `id`, `model` (text or null), `tokens` (a number, the API's usage, or null), `metadata` |
| `session create` | `id` |
| `session search` | a list of hits: `session_id`, `title`, `message_index`, `role`, `timestamp`, `snippet`, `score` |
| `session stats` | what `SessionManager.get_session_stats` gives; with `--flow`, `flow` as `analyze_conversation_flow` gives it |
| `log` | a list of turns: `commit`, `parents`, `author`, `time`, `subject`, `kind`, `message_index`, `role`, `model`, `tokens` (null where there is none), `sessions` (ids of those that end there) |
| `show` | `session_id`, `turn` (as in `log`), `message` (as above, or null), `edited` (whether it stands otherwise now than the commit has it), `changes` (as `diff` gives them, beside the commit's parent; null for a turn) |
| `tree` | a list of sessions, each before its branches: `id`, `title`, `updated_at`, `message_count`, `own_count`, `depth`, `fork` (`parent`, `commit`, `message_index`; or null), `merged` (a list of `id`, `commit`) |
| `blame` | a list: `index`, `commit`, `branch`, `author`, `role`, `model`, `time`, `text` (the first line) |
| `grep` | a list: `session_id`, `message_index` (null unless it is shown), `state` (`shown`, `dropped`, `edited`, `unsaved` or `deleted`), `role`, `timestamp`, `commit`, `path`, `number` (of the line), `line`, `spans` (where it matches) |
| `diff` | `a`, `b` (ids), `commit_a`, `commit_b`, `fork` (a commit or null), `shared`, `common` (numbers of messages), `only_a`, `only_b` (messages with `dropped`), `changed` (`index_a`, `index_b`, `by`, `before`, `after`, `content`, `fields`), `settings` (`key`, `a`, `b`) |
| `push`, `pull`, `fetch` | `remote`, `verb`, `dry_run`, `sessions` (`session_id`, `outcome`, `detail`, `commits`), `templates`, `notes` |
| `sync` | a list of those, in the order in which they were done |
| `status` | `remote` (empty if there is none), `seen` (when it was last looked at, or null), `sessions`: `session_id`, `title`, `state` (`up-to-date`, `ahead`, `behind`, `diverged`, `unrelated`, `local`, `remote`, `deleted`, `deleted-there`), `ahead`, `behind`, `leaves`, `unsaved` (a number of commits), `crashed` |
| `ask` | `session_id`, `text`, `message` (as above, without `index`), `usage` (`total`, `input`, `output`, `cache_read`, `cache_write`), `notes` |
| `template list` | `session` and `export`: lists of names |
| `template show` | a template as `template add` takes it: `name`, `system_message`, `default_metadata`, `suggested_parameters` |
| `import` | a list: `file`, `id`, `title`, `added` (a number of messages), `outcome` |
| `remote list` | addresses by name |
| `stats` | `sessions`, `messages`, `total_tokens`, `input_tokens`, `output_tokens`, `cache_read_tokens`, `cache_write_tokens`, `cost` (US dollars, or null), `unpriced_messages`, `unreadable`, `prices_as_of`, `by` (or null), `groups` (a list: `name` or null, and figures as above) |
| `doctor` | a list of findings: `area`, `level` (`ok`, `note` or `problem`), `message`, `hint`, `session_id` (or null), `repair` (what `--fix` does about it), `fixed` |
| `reindex` | `path` (null: it could not be shared), `version`, `bytes`, `sessions`, `messages`, `blobs` |
| `gc` | `expired` (ids that left the trash), `maintenance` (what packing did, or null) |
"""


def page() -> str:
    """Give the whole page."""
    return "\n".join([INTRODUCTION, JSON_SHAPES, "## Commands\n", *_sections(root(), PROGRAM, None)])


def _sections(command: Any, path: str, parent: Any) -> Iterator[str]:
    context = command.make_context(
        path.rpartition(" ")[2], [], parent=parent, resilient_parsing=True, terminal_width=WIDTH, obj=Run()
    )
    yield f"### `{path}`\n\n```text\n{_help(command, context)}\n```\n"
    if isinstance(command, LazyGroup):
        for name in command.list_commands(context):
            yield from _sections(command.commands[name], f"{path} {name}", context)


def _help(command: Any, context: typer.Context) -> str:
    text: str = command.get_help(context)
    return "\n".join(line.rstrip() for line in text.strip().splitlines())


def main() -> int:
    """Write the page, or with --check say whether it is as it should be."""
    if "--check" not in sys.argv[1:]:
        PAGE.write_text(page(), encoding="utf-8")
        return 0
    if PAGE.exists() and PAGE.read_text(encoding="utf-8") == page():
        return 0
    sys.stderr.write("docs/cli.md is out of date; run: make docs\n")
    return 1


if __name__ == "__main__":
    sys.exit(main())
