"""A process that forks after writing has children that write."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

FORKING = """
import os, sys
from claif_git import Message, SessionManager
with SessionManager(sys.argv[1]) as manager:
    session = manager.create_session("A talk")
    manager.add_message(session, Message("user", "parent"))
    child = os.fork()
    if child == 0:
        manager.add_message(session, Message("user", "child"))
        os._exit(0)
    assert os.waitpid(child, 0)[1] == 0
    print(",".join(message.text for message in manager.get_session(session).messages))
"""


def test_a_forked_child_writes_where_its_parent_wrote(tmp_path: Path) -> None:
    done = subprocess.run(
        [sys.executable, "-c", FORKING, str(tmp_path / "store")],
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
        env=dict(os.environ),
    )
    assert (done.returncode, done.stdout) == (0, "parent,child\n"), done.stderr
