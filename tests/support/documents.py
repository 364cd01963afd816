"""Documents that run: the commands of a markdown file, in order, in one shell, with what they print held to the text.

In a fence marked `console`, a line that begins with `$ ` is a command (it goes on while lines begin with `> `); what
follows is what it prints. A fence marked `python` is a script; an `output` fence after it is what that prints.
All of a document's commands run in one bash, in a folder of their own, against a Messages API on this machine.

What differs from run to run is compared by its shape: the random part of ids, times, object ids, writer tokens. A line
that is only `…` stands for any number of lines, `…` inside a line for any text.

`python tests/support/documents.py FILE…` writes what documents print into them, but not over one that begins with `…`.
"""

from __future__ import annotations

import os
import re
import subprocess
import sys
import tempfile
from dataclasses import dataclass, field
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
MARK = "\x1e"
_SCRIPT = "python - <<'PYTHON'"
_FENCE = re.compile(r"^```(console|python|output)\n(.*?)^```$", re.MULTILINE | re.DOTALL)
_STAMP = r"\d{4}-\d{2}-\d{2}T\d{2}[-:]\d{2}[-:]\d{2}(?:\.\d{6,})?Z?"
_SHAPES = [
    (re.compile(rf"{_STAMP}-[a-z2-7]{{4}}-"), "STAMP-RUN-"),
    (re.compile(_STAMP), "STAMP"),
    (re.compile(r"\b\d{4}-\d{2}-\d{2}(?=-[a-z2-7]{12}\b)"), "DAY"),
    (re.compile(r"-[a-z2-7]{12}\b"), "-RANDOM"),
    (re.compile(r"\b[0-9a-f]{7,64}\b"), "HEX"),
    (re.compile(r"127\.0\.0\.1:\d+"), "ADDRESS"),
    (re.compile(r"\b\d[\d,]* tokens\b"), "TOKENS"),
    (re.compile(r'(_tokens":)\d+'), r"\1COUNT"),
]


@dataclass
class Command:
    """One command of a document: what to run, what it should print, and what it printed."""

    run: str
    expected: str
    line: int
    printed: str = ""
    status: int = 0

    @property
    def holds(self) -> bool:
        """Whether it printed what the document says, and did not fail unless the document shows an error."""
        return bool(re.fullmatch(_pattern(self.expected), _shaped(self.printed))) and (
            self.status == 0 or "error: " in self.expected
        )


@dataclass
class Document:
    """A markdown file with commands in it."""

    path: Path
    commands: list[Command] = field(default_factory=list)

    @classmethod
    def read(cls, path: Path) -> Document:
        """Take the commands out of a file."""
        text = path.read_text(encoding="utf-8")
        found = cls(path)
        for match in _FENCE.finditer(text):
            line = text.count("\n", 0, match.start()) + 2
            if match[1] == "console":
                found.commands += _console(match[2], line)
            elif match[1] == "python":
                found.commands.append(Command(f"{_SCRIPT}\n{match[2]}PYTHON", "", line))
            else:
                found.commands[-1].expected = match[2]
        return found

    def run(self, folder: Path, home: Path, api: str) -> None:
        """Run all commands in `folder`, one shell for all."""
        lines = [f"{command.run}\nprintf '{MARK}%s\\n' $?\n" for command in self.commands]
        done = subprocess.run(
            ["bash", "-c", "exec 2>&1\n" + "".join(lines)],
            cwd=folder,
            env=environment(home, api),
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            check=True,
        )
        pieces = re.split(rf"{MARK}(\d+)\n", done.stdout.decode("utf-8", "backslashreplace"))
        for command, printed, status in zip(self.commands, pieces[::2], pieces[1::2], strict=False):
            command.printed, command.status = _ended(printed), int(status)


def environment(home: Path, api: str) -> dict[str, str]:
    """Give the environment of a person at home in `home`, who has this project installed."""
    (home / ".gitconfig").write_text(
        "[user]\n\tname = Ada Example\n\temail = ada@example.org\n[init]\n\tdefaultBranch = main\n", encoding="utf-8"
    )
    return {
        "PATH": f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}",
        "PYTHONPATH": os.environ.get("PYTHONPATH", ""),
        "HOME": str(home),
        "LC_ALL": "C.UTF-8",
        "TZ": "UTC",
        "GIT_PAGER": "cat",
        "GIT_CONFIG_NOSYSTEM": "1",
        "CLAIF_FIXTURES": str(ROOT / "fixtures"),
        "ANTHROPIC_BASE_URL": api,
        "ANTHROPIC_API_KEY": "sk-ant-local",
    }


def _console(text: str, line: int) -> list[Command]:
    found: list[Command] = []
    for number, each in enumerate(text.splitlines(), line):
        if each.startswith("$ "):
            found.append(Command(each[2:], "", number))
        elif each.startswith("> ") and not found[-1].expected:
            found[-1].run += f"\n{each[2:]}"
        else:
            found[-1].expected += f"{each}\n"
    return found


def _ended(text: str) -> str:
    return text if not text or text.endswith("\n") else f"{text}\n"


def _shaped(text: str) -> str:
    for pattern, word in _SHAPES:
        text = pattern.sub(word, text)
    return "".join(f"{line.rstrip()}\n" for line in text.splitlines())


def _pattern(expected: str) -> str:
    lines = [
        r"(?:.*\n)*" if line == "…" else f"{'.*'.join(map(re.escape, line.split('…')))}\n"
        for line in _shaped(expected).splitlines()
    ]
    return "".join(lines)


def faults(document: Document) -> list[str]:
    """Say what did not hold, a command each."""
    return [
        f"{document.path.name}:{command.line}: {command.run} (exit status {command.status})\n"
        f"--- the document says\n{command.expected}--- it printed\n{command.printed}"
        for command in document.commands
        if not command.holds
    ]


def rewrite(document: Document) -> str:
    """Give the document with what its commands printed in place of what it says: all of it, so that ids agree."""
    commands = iter(document.commands)
    script: list[Command] = []

    def written(match: re.Match[str]) -> str:
        if match[1] == "python":
            script[:] = [next(commands)]
            return match[0]
        if match[1] == "output":
            return f"```output\n{_told(script[0])}```"
        own = [next(commands) for _ in _console(match[2], 0)]
        shown = ("$ " + "\n> ".join(command.run.split("\n")) + f"\n{_told(command)}" for command in own)
        return f"```console\n{''.join(shown)}```"

    return _FENCE.sub(written, document.path.read_text(encoding="utf-8"))


def _told(command: Command) -> str:
    is_shortened = any(line.startswith("…") for line in command.expected.splitlines())
    return command.expected if is_shortened else command.printed


def main(paths: list[str]) -> None:
    """Run documents and write what they printed into them."""
    sys.path.insert(0, str(ROOT / "fixtures"))
    from messages_api import MessagesServer  # type: ignore[import-not-found]  # a script of the fixtures

    for path in paths:
        document = Document.read(Path(path))
        with tempfile.TemporaryDirectory() as folder, tempfile.TemporaryDirectory() as home, MessagesServer() as api:
            document.run(Path(folder), Path(home), api.url)
        sys.stdout.write("\n".join(faults(document)))
        document.path.write_text(rewrite(document), encoding="utf-8")


if __name__ == "__main__":
    main(sys.argv[1:])
