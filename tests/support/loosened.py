"""Stores whose objects are files, one each, so that a test can damage or remove one of them."""

from __future__ import annotations

import subprocess
from pathlib import Path


def loosened(store: Path, oid: str) -> Path:
    """Take all packs of a store apart; give the file of one object. Whoever has the packs open still reads them."""
    for pack in (store / "objects/pack").glob("*.pack"):
        whole = pack.read_bytes()
        for file in pack.parent.glob(f"{pack.stem}.*"):
            file.unlink()
        subprocess.run(["git", "-C", str(store), "unpack-objects", "-q"], input=whole, check=True)
    path = store / "objects" / oid[:2] / oid[2:]
    path.chmod(0o644)
    return path
