"""The tutorial runs from its first line to its last."""

from __future__ import annotations

from collections.abc import Callable

from support.documents import Document, faults


def test_every_command_prints_what_the_tutorial_says(run_document: Callable[[str], Document]) -> None:
    document = run_document("docs/tutorial.md")
    assert len(document.commands) > 40
    assert not faults(document), "\n".join(faults(document))
