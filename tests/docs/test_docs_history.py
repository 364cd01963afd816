"""What docs/history.md shows is what the commands print."""

from __future__ import annotations

from collections.abc import Callable

from support.documents import Document, faults


def test_every_command_prints_what_the_page_says(run_document: Callable[[str], Document]) -> None:
    document = run_document("docs/history.md")
    assert len(document.commands) > 8
    assert not faults(document), "\n".join(faults(document))
