"""The random id of a store, which a copy of the store does not inherit."""

from __future__ import annotations

import secrets
import threading
import time
from pathlib import Path

from claif_git.git import files
from claif_git.git.locks import wait_for

_WAIT = 10.0


class StoreId:
    """The id stands in a file with that file's own device and inode: where these differ, the store was copied."""

    def __init__(self, private: str) -> None:
        self._path, self._lock = private + "/id", private + "/id.lock"
        self._private = private
        self._guard = threading.Lock()
        self._id = ""

    def get(self) -> str:
        """Give the id (32 hex digits), and draw one if there is none or if it is another store's.

        In a store that cannot be written to it is drawn anew for each process.
        """
        with self._guard:
            if not self._id:
                self._id = self._read() or self._draw()
            return self._id

    def _read(self) -> str:
        path = Path(self._path)
        try:
            found, device, inode = path.read_text(encoding="ascii").split()
            seen = path.stat()
        except (OSError, ValueError):
            return ""
        return found if (device, inode) == (str(seen.st_dev), str(seen.st_ino)) else ""

    def _draw(self) -> str:
        try:
            lock = wait_for(self._lock, exclusive=True, deadline=time.monotonic() + _WAIT)
        except OSError:
            return secrets.token_hex(16)
        if lock is None:
            return secrets.token_hex(16)
        try:
            return self._read() or self._write(secrets.token_hex(16))
        finally:
            lock.close()

    def _write(self, drawn: str) -> str:
        made = Path(files.temporary(self._private))
        files.create(str(made), b"", durable=False)
        seen = made.stat()
        made.write_text(f"{drawn} {seen.st_dev} {seen.st_ino}\n", encoding="ascii")
        made.rename(self._path)
        return drawn
