"""docs/python-api.md says what the library says."""

from __future__ import annotations

import inspect
import re
import subprocess
import sys

import pytest
from support.documents import ROOT

import claif_git
from claif_git import ClaudeClient, SessionManager

PAGE = ROOT / "docs" / "python-api.md"
METHODS = [
    (kind, name)
    for kind in (SessionManager, ClaudeClient)
    for name, _ in inspect.getmembers(kind, inspect.isfunction)
    if not name.startswith("_")
]


def test_the_page_is_what_the_library_says() -> None:
    ran = subprocess.run(
        [sys.executable, str(ROOT / "docs" / "generate_api.py"), "--check"], capture_output=True, text=True, check=False
    )
    assert (ran.returncode, ran.stderr) == (0, "")


def test_every_public_name_is_there() -> None:
    page = PAGE.read_text(encoding="utf-8")
    for name in claif_git.__all__:
        assert f"`{name}`" in page
    for name, value in inspect.getmembers(SessionManager):
        if not name.startswith("_") and isinstance(value, property):
            assert f"#### `{name}`" in page


@pytest.mark.parametrize(("kind", "name"), METHODS, ids=lambda value: getattr(value, "__name__", value))
def test_a_method_is_there_with_its_signature(kind: type, name: str) -> None:
    page = PAGE.read_text(encoding="utf-8")
    found = re.search(
        rf"^#+ `{name}`\n(?:\n[^\n`#]+`\w+`\.\n)?\n```text\n{name}(\(.*?)\n```$", page, re.MULTILINE | re.DOTALL
    )
    assert found is not None, "run: make docs"
    names: dict[str, object] = {}
    exec(f"from __future__ import annotations\ndef shown{_with_self(found[1])}: ...", names)  # noqa: S102 - our page
    shown, real = (inspect.signature(function) for function in (names["shown"], getattr(kind, name)))  # type: ignore[arg-type]
    assert shown.parameters == real.parameters
    assert shown.return_annotation in (real.return_annotation, inspect.Signature.empty)


def _with_self(signature: str) -> str:
    return "(self)" + signature[2:] if signature.startswith("()") else "(self, " + signature[1:]
