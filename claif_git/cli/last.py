"""Which session was used last in a folder: what `ask -c` goes on with.

One small file in the store for each folder, named by a hash of its path: what the store does not say of itself, such
as a folder's name, does not go into it. Losing it costs nothing.
"""

from __future__ import annotations

import hashlib
import os
import tempfile
from contextlib import suppress
from pathlib import Path

_FOLDER = "claif/last"


def remember(store: Path, folder: Path, session_id: str) -> None:
    """Note that `session_id` was used in `folder`. A store that cannot be written to is no error."""
    file = _file(store, folder)
    with suppress(OSError):
        file.parent.mkdir(parents=True, exist_ok=True)
        # Written aside and renamed: two shells in one folder may do this at the same moment.
        handle, aside = tempfile.mkstemp(dir=file.parent)
        with os.fdopen(handle, "w", encoding="utf-8") as stream:
            stream.write(f"{session_id}\n")
        Path(aside).replace(file)


def recall(store: Path, folder: Path) -> str | None:
    """Give the session that was used last in `folder`, or None."""
    try:
        return _file(store, folder).read_text(encoding="utf-8").strip() or None
    except (OSError, UnicodeDecodeError):
        return None


def _file(store: Path, folder: Path) -> Path:
    return store / _FOLDER / hashlib.sha256(os.fsencode(folder.absolute())).hexdigest()[:32]
