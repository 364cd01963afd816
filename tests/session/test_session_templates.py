"""Templates that a store keeps: for sessions, and for exports."""

from __future__ import annotations

import subprocess
from pathlib import Path
from typing import Any

import pytest
from support.people import git
from support.talks import talk

from claif_git import SessionManager
from claif_git.errors import InvalidInputError, MalformedError, NotPermittedError, UnknownNameError


def put_by_hand(manager: SessionManager, tmp_path: Path, name: str, text: str) -> None:
    """Commit a file to the store's own branch as somebody would who has only git."""
    work = tmp_path / "by-hand"
    subprocess.run(["rm", "-rf", str(work)], check=True)
    git(tmp_path, "clone", "-q", "-b", "claif-store", str(manager.path), str(work))
    (work / name).parent.mkdir(exist_ok=True)
    (work / name).write_text(text, encoding="utf-8")
    git(work, "add", "-A")
    git(work, "commit", "-q", "-m", "by hand")
    git(work, "push", "-q", "origin", "HEAD:claif-store")


def test_a_template_comes_back_as_it_was_registered_and_can_be_registered_anew(manager: SessionManager) -> None:
    given: dict[str, Any] = {
        "system_message": "Line one\n---\nline: two\n",
        "default_metadata": {"a b": [1, None, {"x": True}], "null": None},
        "suggested_parameters": {"temperature": 0.5, "model": "m"},
    }
    manager.register_template("mine", given)
    with SessionManager(manager.path) as other:
        assert other.templates()["mine"] == {"name": "mine", **given}
        other.register_template("mine", {"name": "a label", "system_message": "new"})
    assert manager.templates()["mine"]["system_message"] == "new"
    assert git(manager.path, "log", "-1", "--format=%s|%an", "claif-store").startswith("template: mine|")
    git(manager.path, "fsck", "--strict")


@pytest.mark.parametrize("name", ["", "a/b", "..", "a b", "x" * 65, "-x", "claif\n", None, 3])
def test_a_name_that_cannot_be_a_files_is_refused(manager: SessionManager, name: Any) -> None:
    with pytest.raises(InvalidInputError):
        manager.register_template(name, {"system_message": "x"})
    with pytest.raises(InvalidInputError):
        manager.register_export_template(name, "x")


@pytest.mark.parametrize("template", [None, [], {"unknown": 1}, {"system_message": 3}, {"default_metadata": [1]}])
def test_a_template_that_cannot_be_is_refused(manager: SessionManager, template: Any) -> None:
    with pytest.raises(InvalidInputError):
        manager.register_template("x", template)
    assert "x" not in manager.templates()


def test_a_damaged_template_is_named(manager: SessionManager, tmp_path: Path) -> None:
    for text in ("[", "system_message: 3\n"):
        put_by_hand(manager, tmp_path, "templates/odd.yaml", text)
        with pytest.raises(MalformedError, match=r"templates/odd\.yaml"):
            manager.templates()
        with pytest.raises(MalformedError, match=r"templates/odd\.yaml"):
            manager.create_session("x", "odd")
    assert manager.get_session(manager.create_session("x", "coding")).template == "coding"
    with pytest.raises(UnknownNameError, match="coding, creative, odd"):
        manager.create_session("x", "even")


def test_an_export_template_registered_here_runs_here(manager: SessionManager) -> None:
    session = talk(manager, "hello", title="Greeting")
    manager.register_export_template("shout", "{{ session.title | upper }}")
    assert manager.export_session(session, "shout") == "GREETING"
    assert manager.export_templates() == {"shout": "{{ session.title | upper }}"}
    with SessionManager(manager.path) as other:
        assert other.export_session(session, "shout") == "GREETING"
    for name, source in (("html", "x"), ("bad", "{% if %}")):
        with pytest.raises(InvalidInputError):
            manager.register_export_template(name, source)


def test_an_export_template_that_came_from_elsewhere_runs_only_once_allowed(
    manager: SessionManager, tmp_path: Path
) -> None:
    session = talk(manager, "hello", title="Greeting")
    put_by_hand(manager, tmp_path, "export-templates/theirs.jinja", "{{ session.title }}!")
    with pytest.raises(NotPermittedError, match="came from elsewhere") as caught:
        manager.export_session(session, "theirs")
    assert "template trust theirs" in caught.value.hint
    with pytest.raises(UnknownNameError):
        manager.trust_export_template("nobody's")
    manager.trust_export_template("theirs")
    assert manager.export_session(session, "theirs") == "Greeting!"
    put_by_hand(manager, tmp_path, "export-templates/theirs.jinja", "changed {{ session.title }}")
    with pytest.raises(NotPermittedError):
        manager.export_session(session, "theirs")
