"""The pages on sharing and on taking back run from their first line to their last."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from support.documents import Document, faults


@pytest.mark.parametrize(("page", "least"), [("docs/sharing.md", 30), ("docs/undo.md", 12)])
def test_every_command_prints_what_the_page_says(
    page: str, least: int, run_document: Callable[[str], Document]
) -> None:
    document = run_document(page)
    assert len(document.commands) > least
    assert not faults(document), "\n".join(faults(document))
