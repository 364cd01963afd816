"""The git command is run without questions, surprises or secrets."""

from __future__ import annotations

import pytest

from claif_git.errors import StoreError
from claif_git.git import command, git_available, git_version


@pytest.fixture
def _fresh():
    git_version.cache_clear()
    yield
    git_version.cache_clear()


def test_a_command_gives_its_output_and_its_code(store):
    assert command.run(["rev-parse", "--git-dir"], git_dir=store.path).output.decode().strip() == str(store.path)
    assert (
        command.run(["hash-object", "--stdin"], stdin=b"").output.strip() == b"e69de29bb2d1d6434b8b29ae775ad8c2e48c5391"
    )
    done = command.run(["rev-parse", "--verify", "nothing"], git_dir=store.path, check=False)
    assert (done.code, done.errors) == (128, "fatal: Needed a single revision\n")
    assert command.run(["config", "a.b"], settings={"a.b": "c"}).output == b"c\n"


def test_a_failure_is_one_line_that_says_most(store):
    with pytest.raises(StoreError, match=r"^git rev-parse failed: fatal: Needed a single revision$"):
        command.run(["rev-parse", "--verify", "nothing"], git_dir=store.path)
    with pytest.raises(StoreError, match="git diff failed: exit code 1"):
        command.run(["diff", "--no-index", "--quiet", "/dev/null", str(store.path / "config")])


def test_what_misleads_git_is_not_passed_on(store, monkeypatch, tmp_path):
    for name in (
        "GIT_DIR",
        "GIT_WORK_TREE",
        "GIT_INDEX_FILE",
        "GIT_OBJECT_DIRECTORY",
        "GIT_TRACE",
        "GIT_CONFIG_PARAMETERS",
    ):
        monkeypatch.setenv(name, str(tmp_path / "elsewhere"))
    monkeypatch.setenv("GIT_SSH_COMMAND", "ssh -x")
    assert command.run(["rev-parse", "--git-dir"], git_dir=store.path).output.decode().strip() == str(store.path)
    kept = {key for key in command.environment() if key.startswith("GIT_")}
    assert kept == {"GIT_TERMINAL_PROMPT", "GIT_OPTIONAL_LOCKS", "GIT_PAGER", "GIT_SSH_COMMAND", "GIT_CONFIG_NOSYSTEM"}


def test_no_secret_of_an_address_is_shown():
    text = "fatal: cannot reach https://ada:s3cret@host/x.git and ssh://git@host/y"
    assert command.without_credentials(text) == "fatal: cannot reach https://host/x.git and ssh://host/y"
    with pytest.raises(StoreError) as caught:
        command.run(["ls-remote", "--end-of-options", "https://ada:s3cret@localhost:1/x.git"])
    assert "s3cret" not in str(caught.value)


def test_a_command_that_takes_too_long_is_ended(store):
    with pytest.raises(StoreError, match="did not end within"):
        command.run(["-c", "alias.wait=!sleep 20", "wait"], git_dir=store.path, timeout=0.1)


@pytest.mark.usefixtures("_fresh")
def test_a_machine_without_git_is_no_error_until_it_is_needed(monkeypatch, tmp_path):
    monkeypatch.setenv("PATH", str(tmp_path))
    assert not git_available()
    with pytest.raises(StoreError, match="cannot be run") as caught:
        command.run(["version"])
    assert caught.value.hint == "install git"


@pytest.mark.usefixtures("_fresh")
@pytest.mark.parametrize(
    ("script", "version"), [("echo git version 2.51.0.windows.1", (2, 51)), ("echo huh", (0, 0)), ("exit 3", (0, 0))]
)
def test_the_version_of_git_is_asked_for_once(monkeypatch, tmp_path, script, version):
    fake = tmp_path / "git"
    fake.write_text(f"#!/bin/sh\necho >>{tmp_path}/calls\n{script}\n")
    fake.chmod(0o755)
    monkeypatch.setenv("PATH", f"{tmp_path}:/bin:/usr/bin")
    assert [git_version(), git_version()] == [version, version]
    assert git_available() == (version != (0, 0))
    assert (tmp_path / "calls").read_text() == "\n"


def test_git_is_never_asked_to_read_the_terminal(store):
    done = command.run(
        ["credential", "fill"], git_dir=store.path, stdin=b"protocol=https\nhost=x.invalid\n\n", check=False
    )
    assert done.code != 0
    assert "terminal prompts disabled" in done.errors
