"""Running git for a transfer: watched while it runs, its progress passed on, its output bounded."""

from __future__ import annotations

import contextlib
import os
import re
import signal
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import IO

from claif_git.errors import RemoteError
from claif_git.git.command import environment
from claif_git.git.transport import bounds
from claif_git.git.transport.address import Address
from claif_git.git.transport.interface import Progress

_POLL = 0.05  # seconds between two looks at how much has come
_GRACE = 5.0  # seconds for git to end its children
_MOST_ERRORS = 1 << 20
_PERCENT = re.compile(
    r"^(?:remote: )?(?:\S.*: +\d+% \(\d+/\d+\)|(?:Counting|Enumerating|Compressing|Writing) objects|Total \d+ \(delta"
    r"|Delta compression using)"
)
_NOISE = re.compile(r"^(?:hint:|warning:|remote: *$|From |To |Cloning |error: failed to push some refs)")
_GITS = re.compile(r"^error: (?:hook declined to update|failed to update|denying|refusing|unpack failed) ")
_LONGEST_WORDS = 400
_ADVICE = ("Please make sure you have the correct access rights", "and the repository exists.")


@dataclass(frozen=True, slots=True)
class Run:
    """How git ended. `errors` is its stderr without credentials and progress."""

    code: int
    output: bytes
    errors: str


def run_git(
    arguments: Sequence[str],
    *,
    git_dir: Path,
    address: Address,
    settings: Mapping[str, str],
    stdin: bytes = b"",
    most: int = 1 << 30,
    watch: Callable[[], None] | None = None,
    progress: Progress | None = None,
    memory: int = 0,
    silence: int = 0,
    trace: bool = False,
) -> Run:
    """Run git to its end. RemoteError if it cannot be run, or gives more than `most` bytes.

    `settings` go in by the environment, where other users of the machine do not see them. `watch` is called now and
    then, and kills git if it raises. It may take so many bytes of `memory`, and hear nothing for `silence` seconds; 0
    is without limit. With `trace` stderr also has each packet of git's protocol.
    """
    env = _environment(settings)
    env |= {"GIT_ALLOC_LIMIT": str(memory)} if memory else {}
    env |= {"GIT_TRACE_PACKET": "1"} if trace else {}
    command = bounds.bounded(["git", "--no-pager", f"--git-dir={git_dir}", *arguments], memory)
    with _started(command, env) as process:
        errors, output = _Errors(address), _Output(most)
        threads = [
            _reading(process.stderr, errors.take),
            _reading(process.stdout, output.take),
            _writing(process, stdin),
        ]
        quiet = bounds.Silence(address, silence, process.pid, errors.count, output.count)
        try:
            while process.poll() is None:
                _wait(process, threads[1])
                output.check(address)
                quiet.check()
                if watch is not None:
                    watch()
                if progress is not None:
                    errors.tell(progress)
        except BaseException:
            _end(process)
            raise
        finally:
            for thread in threads:
                thread.join(_GRACE)  # a grandchild that outlives git may hold the pipes open
    output.check(address)
    if progress is not None:
        errors.tell(progress)
    return Run(process.returncode, bytes(output.data), errors.text())


def _started(command: Sequence[str], env: Mapping[str, str]) -> subprocess.Popen[bytes]:
    pipe = subprocess.PIPE
    try:
        return subprocess.Popen(command, stdin=pipe, stdout=pipe, stderr=pipe, env=env)
    except OSError as error:
        raise RemoteError(f"git cannot be run: {error.strerror}") from error


def _wait(process: subprocess.Popen[bytes], output: threading.Thread) -> None:
    """Wait a moment for git to end: when its output ends so has it, and that is heard at once, as its end is not."""
    output.join(_POLL)
    if not output.is_alive():
        with contextlib.suppress(subprocess.TimeoutExpired):
            process.wait(_POLL)


def _environment(settings: Mapping[str, str]) -> dict[str, str]:
    env = environment()
    for number, (key, value) in enumerate(settings.items()):
        env[f"GIT_CONFIG_KEY_{number}"], env[f"GIT_CONFIG_VALUE_{number}"] = key, value
    env["GIT_CONFIG_COUNT"] = str(len(settings))
    env["GIT_ALLOW_PROTOCOL"] = "file:git:http:https:ssh"
    env["GIT_PROTOCOL_FROM_USER"] = "1"
    prompt = os.environ.get("GIT_TERMINAL_PROMPT", "1")  # git's own settings are the user's: passwords may be asked for
    env["GIT_TERMINAL_PROMPT"] = prompt if sys.stdin is not None and sys.stdin.isatty() else "0"
    return env


def _end(process: subprocess.Popen[bytes]) -> None:
    """End git: first so that it takes its own children along, then those that are left, such as an ssh that waits."""
    left = list(_below(process.pid))
    process.terminate()
    try:
        process.wait(_GRACE)
    except subprocess.TimeoutExpired:
        process.kill()
    for pid in left:
        with contextlib.suppress(OSError):
            os.kill(pid, signal.SIGTERM)


def _below(pid: int) -> Iterator[int]:
    """Give the processes that a process started, and those that they did, where the system shows them."""
    try:
        tasks = list(Path(f"/proc/{pid}/task").iterdir())
        children = " ".join((task / "children").read_text(encoding="ascii") for task in tasks).split()
    except OSError:
        return
    for child in map(int, children):
        yield from _below(child)
        yield child


class _Output:
    def __init__(self, most: int) -> None:
        self._most = most
        self.data = bytearray()
        self.too_much = False

    def take(self, chunk: bytes) -> None:
        if len(self.data) + len(chunk) > self._most:
            self.too_much = True
        else:
            self.data += chunk

    def count(self) -> int:
        return len(self.data)

    def check(self, address: Address) -> None:
        if self.too_much:
            raise RemoteError(f"{address} sends more than is taken")


class _Errors:
    """Collects stderr, and keeps the progress in it apart."""

    def __init__(self, address: Address) -> None:
        self._address = address
        self._lines: list[str] = []
        self._rest = b""
        self._size = 0
        self._latest = ""
        self._taken = 0

    def count(self) -> int:
        return self._taken

    def take(self, chunk: bytes) -> None:
        self._taken += len(chunk)
        *lines, self._rest = re.split(rb"[\r\n]", self._rest[-_MOST_ERRORS:] + chunk)
        for line in lines:
            self._line(line)

    def _line(self, raw: bytes) -> None:
        line = self._address.redact(raw.decode("utf-8", "replace")).strip()
        if _PERCENT.match(line):
            self._latest = printable(line.removeprefix("remote: "))
        elif line and self._size < _MOST_ERRORS:
            self._size += len(line)
            self._lines.append(line)

    def tell(self, progress: Progress) -> None:
        """Pass the latest line of progress on: in the caller's own thread, which an exception of its own then ends."""
        latest, self._latest = self._latest, ""
        if latest:
            progress(latest)

    def text(self) -> str:
        self._line(self._rest)
        self._rest = b""
        return "\n".join(self._lines)


def _reading(stream: IO[bytes] | None, take: Callable[[bytes], None]) -> threading.Thread:
    def read() -> None:
        if stream is not None:
            while chunk := os.read(stream.fileno(), 1 << 16):
                take(chunk)

    thread = threading.Thread(target=read, name="claif-git-read", daemon=True)
    thread.start()
    return thread


def _writing(process: subprocess.Popen[bytes], data: bytes) -> threading.Thread:
    def write() -> None:
        if process.stdin is not None:
            with contextlib.suppress(BrokenPipeError):
                process.stdin.write(data)
            with contextlib.suppress(BrokenPipeError):
                process.stdin.close()

    thread = threading.Thread(target=write, name="claif-git-write", daemon=True)
    thread.start()
    return thread


def gist(errors: str) -> str:
    """Give the line of git's stderr that says most: the last that is no advice, without its prefix."""
    lines = [line for line in errors.splitlines() if line.strip() and not _NOISE.match(line) and line not in _ADVICE]
    if not lines:
        return ""
    telling = [line for line in lines if line.startswith(("remote: ", "fatal: ", "error: ", "ERROR: "))]
    chosen = (telling or lines)[-1]
    if chosen.startswith("fatal: ") and "Could not read from remote repository" in chosen:
        before = [line for line in lines if line != chosen]
        chosen = before[-1] if before else chosen
    return printable(re.sub(r"^(?:(?:remote|fatal|error|ERROR): )+", "", chosen))[:300]


def said_by_host(text: str, address: Address) -> str:
    """Give the words of a host's own in what it sent beside the answer, as one short line; empty if there are none."""
    lines = (printable(address.redact(line)) for line in re.split(r"[\r\n]", text))
    words = [line for line in lines if line.strip("-=#* ") and not _PERCENT.match(line) and not _GITS.match(line)]
    whole = " ".join(dict.fromkeys(words))
    return whole if len(whole) <= _LONGEST_WORDS else whole[:_LONGEST_WORDS] + "…"


def printable(text: str) -> str:
    """Give text as one line that no terminal takes for anything else."""
    return "".join(mark if mark.isprintable() else " " for mark in text).strip()
