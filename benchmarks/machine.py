"""What a run was made on: processor, memory, file system, versions."""

from __future__ import annotations

import importlib.metadata
import os
import platform
import sqlite3
import statistics
import subprocess
import time
from pathlib import Path

_DISTRIBUTIONS = ("claif-git", "llm", "openai-agents", "langgraph-checkpoint-sqlite", "dulwich")


def described(work: Path) -> list[str]:
    """Give lines about this machine and the versions of what was measured."""
    versions = [f"{name} {_version(name)}" for name in _DISTRIBUTIONS]
    git = subprocess.run(["git", "--version"], capture_output=True, text=True, check=False).stdout.split()[-1:]
    disk = f"file system {_file_system(work)}, where writing and syncing a block takes {_sync_time(work):.2f} ms"
    making = f"and making a file {_making_time(work):.2f} ms"
    system = f"{platform.system()} {platform.release()}"
    engines = f"Python {platform.python_version()}, SQLite {sqlite3.sqlite_version}, git {''.join(git) or 'absent'}"
    return [
        f"{os.cpu_count()} processors ({_processor()}), {_memory()}, {system}, {disk}, {making}",
        ", ".join([engines, *versions]),
    ]


def _version(name: str) -> str:
    try:
        return importlib.metadata.version(name)
    except importlib.metadata.PackageNotFoundError:
        return "absent"


def _processor() -> str:
    try:
        lines = Path("/proc/cpuinfo").read_text(encoding="utf-8").splitlines()
    except OSError:
        return platform.processor() or platform.machine()
    names = (line.partition(":")[2].strip() for line in lines if line.startswith("model name"))
    return next(names, platform.machine())


def _memory() -> str:
    return f"{os.sysconf('SC_PAGE_SIZE') * os.sysconf('SC_PHYS_PAGES') / 2**30:.0f} GB"


def _file_system(work: Path) -> str:
    try:
        rows = [line.split() for line in Path("/proc/mounts").read_text(encoding="utf-8").splitlines()]
    except OSError:
        return "unknown"
    place = str(work.resolve()) + "/"
    fitting = [(len(row[1]), row[2]) for row in rows if place.startswith(row[1].rstrip("/") + "/")]
    return max(fitting, default=(0, "unknown"))[1]


def _sync_time(work: Path) -> float:
    """Give the median milliseconds of writing a block to a file and syncing it."""
    path, taken = work / "synced", list[float]()
    with path.open("wb", buffering=0) as file:
        for _ in range(50):
            start = time.perf_counter()
            file.write(b"x" * 4096)
            os.fsync(file.fileno())
            taken.append((time.perf_counter() - start) * 1000)
    path.unlink()
    return statistics.median(taken)


def _making_time(work: Path) -> float:
    """Give the median milliseconds of making an empty file.

    Where much was deleted in the last minute, ext4 takes ten times as long: it looks for inodes not lately freed.
    """
    taken = list[float]()
    folder = work / "made"
    folder.mkdir(exist_ok=True)
    for at in range(50):
        start = time.perf_counter()
        os.close(os.open(folder / f"{at}", os.O_WRONLY | os.O_CREAT))
        taken.append((time.perf_counter() - start) * 1000)
    return statistics.median(taken)
