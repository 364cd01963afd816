from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
from support.documents import ROOT, Document
from support.messages_api import MessagesApi


@pytest.fixture
def run_document(tmp_path: Path) -> Callable[[str], Document]:
    """Run a document's commands in a folder of their own; give it with what they printed."""

    def run(name: str) -> Document:
        document = Document.read(ROOT / name)
        home, folder = tmp_path / "home", tmp_path / "folder"
        home.mkdir()
        folder.mkdir()
        with MessagesApi() as api:
            document.run(folder, home, api.url)
        return document

    return run
