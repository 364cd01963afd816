"""The runner of documents sees what differs, and only that."""

from __future__ import annotations

from pathlib import Path

import pytest
from support.documents import Command, Document, faults, rewrite

TEXT = """\
# A page

```console
$ echo one-k3xq7mzt2abc 2026-11-24T21:32:05Z
one-aaaaaaaaaaaa 2020-01-01T00:00:00Z
$ printf 'a\\nb\\nc\\n'
a
…
$ for word in x y; do
> echo $word
> done
x
y
```

```python
print(6 * 7)
```

```output
42
```
"""


@pytest.fixture
def page(tmp_path: Path) -> Path:
    file = tmp_path / "page.md"
    file.write_text(TEXT, encoding="utf-8")
    return file


def ran(file: Path, tmp_path: Path) -> Document:
    document = Document.read(file)
    for name in ("home", "folder"):
        (tmp_path / name).mkdir()
    document.run(tmp_path / "folder", tmp_path / "home", "http://127.0.0.1:9")
    return document


def test_ids_and_times_may_differ_and_an_ellipsis_stands_for_lines(page: Path, tmp_path: Path) -> None:
    document = ran(page, tmp_path)
    assert [command.status for command in document.commands] == [0, 0, 0, 0]
    assert faults(document) == []


@pytest.mark.parametrize(
    ("right", "wrong"), [("x\ny\n", "x\nz\n"), ("42", "43"), ("\na\n…", "\nb\n…"), ("one-aaa", "two-aaa")]
)
def test_anything_else_is_a_fault_that_says_where(right: str, wrong: str, page: Path, tmp_path: Path) -> None:
    page.write_text(TEXT.replace(right, wrong), encoding="utf-8")
    assert len(faults(ran(page, tmp_path))) == 1


def test_a_page_is_written_anew_from_what_was_printed(page: Path, tmp_path: Path) -> None:
    page.write_text(TEXT.replace("x\ny\n", "").replace("42", "?").replace("a\n…", "…"), encoding="utf-8")
    written = "one-k3xq7mzt2abc 2026-11-24T21:32:05Z"
    expected = TEXT.replace("one-aaaaaaaaaaaa 2020-01-01T00:00:00Z", written).replace("a\n…", "…")
    assert rewrite(ran(page, tmp_path)) == expected


def test_a_command_that_fails_where_no_error_is_shown_is_a_fault() -> None:
    assert not Command("false", "", 1, status=1).holds
    assert Command("false", "error: no\n", 1, "error: no\n", 1).holds
