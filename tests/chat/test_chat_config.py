from __future__ import annotations

import getpass
from pathlib import Path

import pytest

from claif_git import config


@pytest.fixture
def home():
    return Path.home()


def test_key_and_address_are_what_the_environment_says(monkeypatch):
    assert (config.api_key(), config.base_url()) == (None, "https://api.anthropic.com")
    monkeypatch.setenv("ANTHROPIC_API_KEY", " sk-x \n")
    monkeypatch.setenv("ANTHROPIC_BASE_URL", "http://127.0.0.1:1")
    assert (config.api_key(), config.base_url()) == ("sk-x", "http://127.0.0.1:1")


def test_an_empty_variable_is_not_set(monkeypatch):
    for name in ("ANTHROPIC_API_KEY", "CLAIF_GIT_MODEL", "CLAIF_SESSION"):
        monkeypatch.setenv(name, "")
    assert (config.api_key(), config.default_model(), config.session_env()) == (None, config.DEFAULT_MODEL, None)


def test_model_and_session_are_what_the_environment_says(monkeypatch):
    monkeypatch.setenv("CLAIF_GIT_MODEL", "claude-mine")
    monkeypatch.setenv("CLAIF_SESSION", "chat-1")
    assert (config.default_model(), config.session_env()) == ("claude-mine", "chat-1")


def test_the_named_store_comes_first(monkeypatch, home, tmp_path):
    (tmp_path / ".claif").mkdir()
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("CLAIF_GIT_STORE", "~/mine")
    assert config.default_store() == home / "mine"
    monkeypatch.setenv("CLAIF_GIT_STORE", "here")
    assert config.default_store() == tmp_path / "here"


def test_the_nearest_store_above_comes_next(monkeypatch, tmp_path):
    monkeypatch.delenv("CLAIF_GIT_STORE")
    inner = tmp_path / "a" / "b"
    inner.mkdir(parents=True)
    (tmp_path / ".claif").mkdir()
    (inner / ".claif").write_text("a file is no store", encoding="utf-8")
    monkeypatch.chdir(inner)
    assert config.default_store() == tmp_path / ".claif"
    (tmp_path / "a" / ".claif").mkdir()
    assert config.default_store() == tmp_path / "a" / ".claif"


def test_the_users_own_store_comes_last(monkeypatch, home, tmp_path):
    monkeypatch.delenv("CLAIF_GIT_STORE")
    monkeypatch.chdir(tmp_path)
    assert config.default_store().is_relative_to(home)
    assert config.default_store().name == "store"
    assert config.state_folder().is_relative_to(home)


def test_the_speaker_is_the_one_that_git_knows():
    assert config.identity() == "Ada Example <ada@example.org>"


def test_the_environment_goes_over_gits_configuration(monkeypatch):
    monkeypatch.setenv("EMAIL", "other@example.org")
    monkeypatch.setenv("GIT_AUTHOR_NAME", "Eve <\nExample>")
    assert config.identity() == "Eve Example <ada@example.org>"
    monkeypatch.setenv("GIT_AUTHOR_EMAIL", "eve@example.org")
    assert config.identity() == "Eve Example <eve@example.org>"


def test_without_any_name_no_real_address_is_invented(monkeypatch, home):
    (home / ".gitconfig").unlink()
    monkeypatch.delenv("EMAIL", raising=False)
    monkeypatch.setattr(getpass, "getuser", lambda: "ada")
    assert config.identity().startswith("ada <ada@")
    assert config.identity().endswith(".invalid>")


def test_a_user_without_a_login_is_somebody(monkeypatch, home):
    (home / ".gitconfig").unlink()
    monkeypatch.delenv("EMAIL", raising=False)

    def nobody():
        raise KeyError("getpwuid(): uid not found: 4711")

    monkeypatch.setattr(getpass, "getuser", nobody)
    assert config.identity().startswith("somebody <somebody@")


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ('[user]\nname = "Ada B."   ; comment\nemail=a@b.c # comment', "Ada B. <a@b.c>"),
        ("[USER]\n\tName=Ada \\\n B.\n; name = Eve\n\tEMAIL = a@b.c", "Ada  B. <a@b.c>"),
        ('[user] name = A "#1" B\n[user]\nemail = first\nemail = a@b.c\nbare', "A #1 B <a@b.c>"),
        (r"[user]" + "\n" + r'name = "A \"B\" \\ C"' + "\nemail = a@b.c\n[core]\nname = x", r'A "B" \ C <a@b.c>'),
    ],
)  # fmt: skip
def test_gits_configuration_is_read_as_git_reads_it(home, text, expected):
    (home / ".gitconfig").write_text(text, encoding="utf-8")
    assert config.identity() == expected


def test_included_files_are_read_and_do_not_run_in_circles(home):
    (home / ".gitconfig").write_text("[include]\npath = .more\n[user]\nname = Last", encoding="utf-8")
    (home / ".more").write_text("[user]\nname=First\nemail=a@b.c\n[include]\npath=~/.gitconfig", encoding="utf-8")
    assert config.identity() == "Last <a@b.c>"


def test_the_users_file_goes_over_the_one_in_the_configuration_folder(home):
    folder = home / ".config" / "git"
    folder.mkdir(parents=True)
    (folder / "config").write_text("[user]\nname = Low\nemail = low@example.org", encoding="utf-8")
    (home / ".gitconfig").write_text("[user]\nname = High", encoding="utf-8")
    assert config.identity() == "High <low@example.org>"


def test_a_configuration_file_that_is_named_stands_alone(home, monkeypatch, tmp_path):
    (tmp_path / "mine").write_text("[user]\nname = Mine\nemail = m@b.c", encoding="utf-8")
    monkeypatch.setenv("GIT_CONFIG_GLOBAL", str(tmp_path / "mine"))
    assert config.identity() == "Mine <m@b.c>"
    assert (home / ".gitconfig").exists()


def test_the_editor_is_looked_up_as_git_does(monkeypatch, home):
    for name in ("VISUAL", "EDITOR"):
        monkeypatch.delenv(name, raising=False)
    assert config.editor() == "vi"
    monkeypatch.setenv("EDITOR", "ed")
    assert config.editor() == "ed"
    monkeypatch.setenv("VISUAL", "emacs -nw")
    assert config.editor() == "emacs -nw"
    (home / ".gitconfig").write_text("[core]\n\teditor = code --wait\n", encoding="utf-8")
    assert config.editor() == "code --wait"
    monkeypatch.setenv("GIT_EDITOR", "nano")
    assert config.editor() == "nano"
