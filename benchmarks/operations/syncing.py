"""Cloning, and one turn fetched and pushed, beside the same by the git command."""

from __future__ import annotations

import shutil
from pathlib import Path

from benchmarks.backends import OURS
from benchmarks.bench import Bench
from benchmarks.driving import Worker, run_command
from benchmarks.operations.reading import sessions_of

_ALL = "+refs/heads/*:refs/remotes/origin/*"


def remote(bench: Bench) -> None:
    """Clone a store; then say something on one side and fetch it, and on the other and push it. Both ways in turn.

    By a path git would only make hard links to the files, without a look at any: it is told to transfer them.
    """
    if OURS not in bench.backends:
        return
    talks = sessions_of(bench, bench.sizes.remote)
    hub = bench.filled("hub", OURS, talks)
    work = bench.work / "remote"
    shutil.rmtree(work, ignore_errors=True)
    with bench.worker(OURS, hub) as there:
        for at in range(max(2, bench.sizes.loads // 3)):
            bench.say(f"remote, round {at + 1}")
            mine, plain = work / f"{at}-ours", work / f"{at}-git"
            with bench.worker(OURS, mine) as here:
                bench.results.add("clone", OURS, here.call("clone_from", None, str(hub / "store"))["ms"])
                copied = ("clone", "-q", "--mirror", "--no-local", str(hub / "store"), str(plain))
                bench.results.add("clone", "git", [_git(work, *copied)])
                _git(work, "-C", str(plain), "config", "remote.origin.fetch", _ALL)
                _git(work, "-C", str(plain), "fetch", "-q", "origin")
                for turn in range(5):
                    there.call("append", talks[turn], offset=900)
                    _fetch(bench, here, work, plain)
                    _push(bench, here, work, plain, turn, talks[10 + turn].key)


def _fetch(bench: Bench, here: Worker, work: Path, plain: Path) -> None:
    bench.results.add("fetch", OURS, here.call("fetch_turn")["ms"])
    bench.results.add("fetch", "git", [_git(work, "-C", str(plain), "fetch", "-q", "origin")])


def _push(bench: Bench, here: Worker, work: Path, plain: Path, turn: int, key: str) -> None:
    branch = here.call("say_in_clone", None, key)["value"]
    bench.results.add("push", OURS, here.call("push_turn", None, branch)["ms"])
    name = f"refs/heads/plain-{plain.name}-{turn}"
    tree = f"{branch}^{{tree}}"
    script = f'git -C {plain} update-ref {name} "$(git -C {plain} commit-tree -m x -p {branch} {tree})"'
    run_command(["sh", "-c", script.replace("git -C", "git -c user.name=b -c user.email=b@e -C")], work)
    bench.results.add(
        "push", "git", [_git(work, "-C", str(plain), "push", "-q", str(bench.folder("hub", OURS) / "store"), name)]
    )


def _git(work: Path, *words: str) -> float:
    return run_command(["git", *words], work)[0] * 1000
