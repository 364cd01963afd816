"""Remotes and differences from the command line, between real stores."""

from __future__ import annotations

import json
import subprocess
from pathlib import Path

import pytest
from cli_fakes import Fake, claif

from claif_git import Message, SessionManager
from claif_git.errors import RemoteError
from claif_git.sync.report import Outcome, SyncReport


@pytest.fixture
def hub(tmp_path: Path) -> Path:
    made = tmp_path / "hub.git"
    subprocess.run(["git", "init", "-q", "--bare", str(made)], check=True)
    assert claif("remote", "add", "origin", str(made)).code == 0
    return made


def say(text: str, *, title: str = "", to: str = "", store: Path | None = None) -> str:
    with SessionManager(store) as manager:
        session_id = to or manager.create_session(title)
        manager.add_message(session_id, Message("user", text))  # type: ignore[arg-type]
        return session_id


def test_nothing_leaves_that_is_not_named(hub: Path) -> None:
    first, second = say("one", title="First"), say("two", title="Second")
    ran = claif("push")
    assert (ran.code, ran.out) == (0, "")
    assert "name those to send, or say --all" in ran.err
    ran = claif("push", first, "--dry-run")
    assert (ran.out, ran.err) == (f"{first}\tsent\t2\t\n", "dry run: nothing was sent\n")
    assert claif("push", first[:5]).out == f"{first}\tsent\t2\t\n"
    assert claif("push").err == "origin: everything is up to date\n"
    assert claif("push", "--all").out == f"{second}\tsent\t2\t\n"
    branches = subprocess.run(["git", "-C", str(hub), "branch"], capture_output=True, text=True, check=True).stdout
    assert {first, second} < set(branches.replace("*", " ").split())


@pytest.mark.usefixtures("hub")
def test_a_session_in_the_trash_is_said_to_be_there() -> None:
    kept, gone = say("one", title="First"), say("two", title="Second")
    claif("push", kept, gone)
    claif("session", "delete", gone, "--force")
    assert claif("sync", gone).out.endswith(f"{gone}\tdeleted\t0\t\n")
    for command in (("sync", gone), ("sync", "second"), ("pull", gone), ("status", gone), ("session", "show", gone)):
        ran = claif(*command)
        assert ran.code == 3
        assert ran.err.endswith(
            f"error: the session '{gone}' is in the trash\nhint: to restore it: claif-git session restore {gone}\n"
        )
    assert claif("push", gone).out == f"{gone}\tup-to-date\t0\tdeleted here, and not at the remote\n"


def test_two_stores_share_a_hub(hub: Path, tmp_path: Path) -> None:
    session_id = say("one", title="First")
    claif("push", session_id)
    other = tmp_path / "other"
    ran = claif("clone", str(hub), str(other), terminal_err=True)
    assert (ran.code, ran.out) == (0, f"{other}\n")
    assert "cloning" in ran.err
    say("two", to=session_id, store=other)
    assert claif("--store", str(other), "push").code == 0
    say("three", to=session_id)
    refused = claif("push")
    assert (refused.code, "claif-git pull --remote origin" in refused.err) == (4, True)
    assert json.loads(claif("fetch", "--json").out)["sessions"][0]["session_id"] == session_id
    assert claif("pull").out.startswith(f"{session_id}\tmerged\t")
    assert claif("push").code == 0
    assert claif("--store", str(other), "pull", session_id).out.startswith(f"{session_id}\tfast-forward\t")
    texts = [
        message["content"] for message in json.loads(claif("session", "show", session_id, "--json").out)["messages"]
    ]
    assert sorted(texts) == ["one", "three", "two"]


def test_a_clone_goes_nowhere_that_is_taken(hub: Path, tmp_path: Path) -> None:
    assert claif("clone", str(hub), str(tmp_path)).code == 2
    assert claif("clone", str(tmp_path / "absent.git"), str(tmp_path / "new")).code == 1
    assert claif("clone", "ext::sh -c id", str(tmp_path / "new")).code == 4
    assert not (tmp_path / "new").exists()


def test_an_address_that_runs_a_program_is_refused() -> None:
    ran = claif("remote", "add", "x", "ext::sh -c id")
    assert (ran.code, ran.out) == (4, "")


def report_of(verb: str) -> SyncReport:
    report = SyncReport("origin", verb, notes=["a note\x1b[2J"], templates=["mine"])
    report.add("bad-1", Outcome.SET_ASIDE, "a name that \x1b[31mbreaks the format")
    report.add("good-1", Outcome.UPDATED, commits=3)
    return report


def test_what_did_not_go_through_is_named_and_is_a_failure() -> None:
    ran = claif("pull", manager=Fake(answers={"pull": report_of("pull")}))
    assert (ran.code, ran.out) == (1, "good-1\tupdated\t3\t\nmine\ttemplate\t\t\n")
    assert ran.err == ("note: a note\\x1b[2J\nwarning: bad-1 set-aside: a name that \\x1b[31mbreaks the format\n")


def test_what_went_before_a_failure_is_told() -> None:
    error = RemoteError("the remote went away")
    error.report = report_of("push")
    ran = claif("push", manager=Fake(answers={"push": error}))
    assert (ran.code, ran.out.splitlines()[0]) == (1, "good-1\tupdated\t3\t")
    assert ran.err.endswith("error: the remote went away\n")
    assert claif("push", manager=Fake(answers={"push": RemoteError("gone")})).err == "error: gone\n"


def test_what_of_a_clone_was_set_aside_is_told(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    def clone(_address: str, path: Path, *, progress: object, reported: object) -> Fake:
        assert callable(progress)
        assert callable(reported)
        reported(report_of("pull"))
        return Fake(path=path)

    monkeypatch.setattr("claif_git.session.remotes.clone", clone)
    ran = claif("--store", str(tmp_path / "s"), "clone", "/hub")
    assert (ran.code, ran.out) == (1, f"{tmp_path / 's'}\n")
    assert "warning: bad-1 set-aside" in ran.err


def test_a_difference_shows_what_each_has_past_the_fork() -> None:
    a = say("shared\x1b", title="A")
    b = claif("branch", a, "--title", "B").out.strip()
    say("only\nin a", to=a)
    say("only in b", to=b)
    with SessionManager() as manager:
        manager.update_message_metadata(b, 0, {"seen": True})
    lines = claif("diff", a, b).out.splitlines()
    assert lines[0].startswith("shared: 1 message at the beginning, fork ")
    assert lines[1:4] == [
        f"--- {a}: 1 message of its own",
        f"+++ {b}: 1 message of its own",
        "changed: 1 message, 1 setting",
    ]
    assert "~ #0 changed by B" in lines
    assert "  metadata.seen: [-null-]{+true+}" in lines
    assert [line for line in lines if line.startswith(("- ", "+ ")) and "user" not in line] == [
        "- only",
        "- in a",
        "+ only in b",
    ]
    assert lines[-1] == 'title: [-"A"-]{+"B"+}'
    shown = json.loads(claif("diff", a, b, "--json").out)
    assert [one["content"] for one in shown["only_a"]] == ["only\nin a"]
    assert claif("diff", a, b, "--stat").out.splitlines() == lines[:4]
    assert "\x1b[31m- only\x1b[0m" in claif("diff", a, b, terminal=True, no_colour=False).out


def test_strangers_have_no_fork_and_changed_words_are_marked() -> None:
    a, b = say("one", title="T"), say("two", title="T")
    assert "no common commit" in claif("diff", a, b).out
    c = claif("branch", a, "--title", "T").out.strip()
    with SessionManager() as manager:
        manager.edit_message(c, 0, "one more")
    assert "[-one-]" in claif("diff", a, c).out or "{+ more+}" in claif("diff", a, c).out


def test_a_file_that_is_not_there_is_said_to_be_that(hub: Path, tmp_path: Path) -> None:
    for name in ("nofile.bundle", "./nofile", str(tmp_path / "no" / "x.bundle")):
        ran = claif("pull", name)
        assert (ran.code, ran.out, ran.err) == (3, "", f"error: {name}: no such file\n")
    ran = claif("pull", str(hub))
    assert (ran.code, "is a folder" in ran.err) == (2, True)
    assert claif("pull", "no-such-id").code == 3


def test_a_clone_or_pull_of_an_empty_remote_says_so(hub: Path, tmp_path: Path) -> None:
    ran = claif("clone", str(hub), str(tmp_path / "other"))
    assert (ran.code, ran.err) == (0, "note: origin is empty: there is nothing to pull yet\n")
    assert claif("pull").err == "note: origin is empty: there is nothing to pull yet\n"
    assert claif("fetch").err == "note: origin is empty: there is nothing to fetch yet\n"
    ran = claif("sync", say("one", title="One"))
    assert (ran.code, "sent" in ran.out) == (0, True)
    assert claif("pull").err == "origin: everything is up to date\n"


def test_a_password_in_an_address_is_warned_of_and_never_shown(tmp_path: Path) -> None:
    ran = claif("remote", "add", "web", "http://ada:Qx7-vW9@127.0.0.1:1/x.git", terminal_err=True)
    assert (ran.code, "credential helper" in ran.err, "Qx7" in ran.err) == (0, True, False)
    assert claif("remote", "list").out == "web\thttp://127.0.0.1:1/x.git\n"
    ran = claif("clone", "http://ada:Qx7-vW9@127.0.0.1:1/x.git", str(tmp_path / "other"), terminal_err=True)
    assert (ran.code, "Qx7" in ran.out + ran.err) == (1, False)
    ran = claif("remote", "add", "typo", "https:/ada:Qx7-vW9@example.org/x.git")
    assert (ran.code, "Qx7" in ran.out + ran.err) == (4, False)


@pytest.mark.usefixtures("hub")
def test_a_push_of_a_session_in_the_trash_says_why_nothing_is_sent() -> None:
    kept, gone = say("one", title="Kept"), say("two", title="Gone")
    claif("push", kept)
    claif("session", "delete", gone)
    row, note = f"{gone}\tup-to-date\t0\tdeleted here, and not at the remote\n", f"{gone}: deleted here, and not at"
    ran = claif("push", gone)
    assert (ran.code, ran.out, ran.err) == (0, row, f"note: {note} the remote\n")
    ran = claif("push", gone, "--json")
    assert (json.loads(ran.out)["sessions"][0]["outcome"], ran.err) == ("up-to-date", f"note: {note} the remote\n")
    assert claif("push", kept).err == "origin: everything is up to date\n"
    assert claif("push").err == "origin: everything is up to date\n"


def test_a_bundle_of_code_is_no_conversation(tmp_path: Path) -> None:
    code, file = tmp_path / "code", tmp_path / "code.bundle"
    for words in (
        ("init", "-q"),
        ("commit", "-q", "--allow-empty", "-m", "code"),
        ("bundle", "create", "-q", str(file), "--all"),
    ):
        code.mkdir(exist_ok=True)
        subprocess.run(["git", "-C", str(code), *words], check=True)
    ran = claif("pull", str(file))
    assert (ran.code, ran.out, ran.err) == (0, "", f"note: {file}: no session in it\n")
    ran = claif("clone", str(file), str(tmp_path / "new"))
    said = "note: origin: no session in it; the store is made all the same, with it as its origin\n"
    assert (ran.code, ran.out, ran.err) == (0, f"{tmp_path / 'new'}\n", said)
