"""What docs/merging.md shows of plain git is what plain git does."""

from __future__ import annotations

from collections.abc import Callable

from support.documents import Document, faults


def test_every_command_prints_what_the_page_says(run_document: Callable[[str], Document]) -> None:
    document = run_document("docs/merging.md")
    assert len(document.commands) > 5
    assert not faults(document), "\n".join(faults(document))
