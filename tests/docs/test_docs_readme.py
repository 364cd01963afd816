"""What README.md shows is what a reader gets."""

from __future__ import annotations

import re
import subprocess
from collections.abc import Callable

from support.documents import ROOT, Document, faults

README = ROOT / "README.md"


def test_every_command_prints_what_the_readme_says(run_document: Callable[[str], Document]) -> None:
    document = run_document("README.md")
    assert len(document.commands) > 20
    assert not faults(document), "\n".join(faults(document))


def test_no_block_of_it_is_left_unread() -> None:
    kinds = re.findall(r"^```(\w*)$", README.read_text(encoding="utf-8"), re.MULTILINE)
    assert set(kinds) <= {"", "console", "python", "output", "sh"}


def test_the_commands_of_the_install_section_exist() -> None:
    commands = re.findall(r"^```sh\n(.*?)^```$", README.read_text(encoding="utf-8"), re.MULTILINE | re.DOTALL)
    words = [line.partition("#")[0].strip() for block in commands for line in block.splitlines()]
    assert words == ["pip install .", "make demo", "make test"]
    for target in ("demo", "test"):
        planned = subprocess.run(["make", "-n", target], cwd=ROOT, capture_output=True, text=True, check=True).stdout
        assert {"demo": "fixtures/demo.py", "test": "pytest"}[target] in planned
