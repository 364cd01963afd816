"""init, status, sync, and bundles, from the command line."""

from __future__ import annotations

import json
import subprocess
from pathlib import Path

import pytest
from cli_fakes import Fake, claif

from claif_git import Message, SessionManager
from claif_git.errors import RemoteError
from claif_git.session.standing import SessionStatus, StoreStatus
from claif_git.sync import Outcome, State, SyncReport


def say(text: str, *, to: str = "", store: Path | None = None) -> str:
    with SessionManager(store) as manager:
        one = to or manager.create_session("A talk")
        manager.add_message(one, Message("user", text))  # type: ignore[arg-type]
        return one


@pytest.fixture
def hub(tmp_path: Path) -> Path:
    made = tmp_path / "hub.git"
    subprocess.run(["git", "init", "-q", "--bare", str(made)], check=True)
    assert claif("remote", "add", "origin", str(made)).code == 0
    return made


def test_init_makes_a_store_of_its_own_and_leaves_one_that_is_there(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    ran = claif("init")
    assert (ran.code, ran.out, ran.err) == (0, f"{tmp_path / '.claif'}\n", "")
    assert claif("init").err == "it is a store already\n"
    assert claif("--store", "named", "init").out == f"{tmp_path / 'named'}\n"
    assert claif("init", "other").out == f"{tmp_path / 'other'}\n"
    assert claif("init", "--namespace").code == 3
    subprocess.run(["git", "init", "-q", str(tmp_path / "code")], check=True)
    monkeypatch.chdir(tmp_path / "code")
    assert ".git/info/exclude" in claif("init").err


def test_init_in_a_code_repository_warns_who_can_read(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    subprocess.run(["git", "init", "-q", str(tmp_path / "code")], check=True)
    monkeypatch.chdir(tmp_path / "code")
    ran = claif("init", "--namespace")
    assert (ran.code, ran.out) == (0, f"{tmp_path / 'code/.git'}\n")
    assert "everyone who can read the code" in ran.err
    monkeypatch.delenv("CLAIF_GIT_STORE", raising=False)
    one = claif("session", "create", "--title", "Here").out.strip()
    shown = subprocess.run(["git", "for-each-ref", "--format=%(refname)"], capture_output=True, text=True, check=True)
    assert f"refs/claif/heads/{one}" in shown.stdout.split()
    assert "stay until git's own gc" in claif("session", "purge", one, "--force").err


def test_status_tells_what_there_is_to_say_and_what_leaves(hub: Path) -> None:
    one = say("one")
    ran = claif("status")
    assert (ran.code, ran.out) == (0, "")
    assert ran.err.splitlines() == [
        "origin was never looked at; to look: claif-git status --fetch",
        "1 session only here; to send: claif-git push ID",
    ]
    claif("push", one)
    ran = claif("status")
    assert (ran.out, ran.err.splitlines()[1]) == ("", "1 session up to date")
    assert claif("status", "--all").out == f"{one}\tup-to-date\t\t\t\tA talk\n"
    say("two", to=one)
    assert claif("status").out == f"{one}\tahead\t+1\t\tleaves\tA talk\n"
    other = hub.parent / "other"
    claif("clone", str(hub), str(other))
    say("three", to=one, store=other)
    claif("--store", str(other), "push")
    assert claif("status", one[:5]).out == f"{one}\tahead\t+1\t\tleaves\tA talk\n"
    assert claif("status", "--fetch").out == f"{one}\tdiverged\t+1 -1\t\t\tA talk\n"
    (row,) = json.loads(claif("status", "--json").out)["sessions"]
    assert (row["state"], row["ahead"], row["behind"], row["leaves"]) == ("diverged", 1, 1, False)


def test_status_without_a_remote_and_with_a_crashed_programs_turns() -> None:
    rows = [SessionStatus("a-1", "A\x1b", State.LOCAL, ahead=1, unsaved=3, crashed=True)]
    ran = claif("status", manager=Fake(answers={"status": StoreStatus("", None, rows)}))
    assert (ran.code, ran.out) == (0, "a-1\tlocal\t+1\t3 (crashed)\t\tA\\x1b\n")
    assert ran.err.splitlines()[0] == "no remote; to name one: claif-git remote add origin ADDRESS"
    assert ran.err.splitlines()[-1].endswith("claif-git session recover a-1")


def test_sync_pulls_and_pushes(hub: Path) -> None:
    one = say("one")
    assert claif("sync", one).out == f"{one}\tsent\t2\t\n"
    assert claif("sync").err == "origin: everything is up to date\n"
    other = hub.parent / "other"
    claif("clone", str(hub), str(other))
    say("two", to=one)
    claif("push")
    say("three", to=one, store=other)
    assert claif("--store", str(other), "sync").out == f"{one}\tmerged\t1\t\n{one}\tsent\t2\t\n"
    done = json.loads(claif("sync", "--json").out)
    assert [report["verb"] for report in done] == ["pull", "push"]


def reports(*, ok: bool) -> list[SyncReport]:
    pulled, pushed = SyncReport("origin", "pull"), SyncReport("origin", "push")
    pulled.add("good-1", Outcome.MERGED, commits=2)
    if not ok:
        pulled.add("bad-1", Outcome.SET_ASIDE, "a name that breaks the format")
    return [pulled, pushed]


class Syncing(Fake):
    """A manager whose sync pulls, and then fails if it is told so."""

    def sync(self, *_: object, reported: object, **__: object) -> None:
        for report in reports(ok=False)[:1]:
            reported(report)  # type: ignore[operator]
        if "sync" in self.answers:
            raise self.answers["sync"]


def test_what_did_not_go_through_a_sync_is_named_and_is_a_failure() -> None:
    ran = claif("sync", manager=Syncing())
    assert (ran.code, ran.out) == (1, "good-1\tmerged\t2\t\n")
    assert ran.err == "warning: bad-1 set-aside: a name that breaks the format\n"


@pytest.mark.parametrize("has_report", [True, False])
def test_what_a_sync_did_before_it_failed_is_told(has_report: bool) -> None:
    error = RemoteError("the remote went away")
    if has_report:
        error.report = SyncReport("origin", "push")
    ran = claif("sync", manager=Syncing(answers={"sync": error}))
    assert (ran.code, ran.out) == (1, "good-1\tmerged\t2\t\n")
    assert ran.err.endswith("error: the remote went away\n")
    ran = claif("sync", "--json", manager=Syncing(answers={"sync": error}))
    assert len(json.loads(ran.out)) == 1 + has_report


def test_sessions_travel_in_a_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    one, two = say("one"), say("two")
    monkeypatch.chdir(tmp_path)
    ran = claif("bundle", "create", "x.bundle", one)
    assert (ran.code, ran.out, ran.err) == (0, f"{one}\n", "1 session in x.bundle\n")
    other = str(tmp_path / "other")
    assert claif("--store", other, "pull", "x.bundle").out == f"{one}\tnew\t2\t\n"
    assert sorted(claif("bundle", "create", "x.bundle", "--all").out.split()) == sorted([one, two])
    assert claif("--store", other, "pull", two, "./x.bundle").out == f"{two}\tnew\t2\t\n"
    assert claif("--store", other, "pull", "x.bundle", "./x.bundle").code == 2
    for args in ((), (one, "--all")):
        assert claif("bundle", "create", "y.bundle", *args).code == 2
    assert not (tmp_path / "y.bundle").exists()
