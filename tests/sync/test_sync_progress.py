"""A person at a terminal sees how far a transfer is, in one line that is gone in the end; a program sees nothing."""

from __future__ import annotations

import os
import pty
import re
import shutil
import subprocess
import sys
import threading

import pytest
from support.rude_servers import rude, slowly

from claif_git.model import Message

RUN = [sys.executable, "-c", "from claif_git.cli import main; main()"]


@pytest.fixture
def bob(far_hub, person):
    """Somebody whose pull takes a second."""
    ada = person("ada", far_hub)
    ada.one = ada.create_session("One")
    with ada.batch():
        for number in range(60):
            ada.add_message(ada.one, Message("user", f"{number} {os.urandom(1500).hex()}"))
    ada.push([ada.one])
    port, name = re.fullmatch(r"git://127.0.0.1:(\d+)/(.*)", far_hub.address).groups()
    manager = person("bob", far_hub)
    with rude(slowly(int(port))) as server:
        manager.add_remote("slow", f"git://127.0.0.1:{server.port}/{name}")
        yield manager


def seen_at_a_terminal(*arguments, env):
    """Run claif-git with stderr at a terminal; give its exit code, stdout, and what the terminal got."""
    master, slave = pty.openpty()
    got = bytearray()

    def read():
        try:
            while came := os.read(master, 4096):
                got.extend(came)
        except OSError:  # the other side is closed
            return

    process = subprocess.Popen([*RUN, *arguments], stdout=subprocess.PIPE, stderr=slave, env=env)
    os.close(slave)
    reader = threading.Thread(target=read)
    reader.start()
    out, _ = process.communicate()
    reader.join()
    os.close(master)
    return process.returncode, out.decode(), got.decode()


@pytest.mark.parametrize("way", ["git"], indirect=True)
@pytest.mark.parametrize("kind", ["with git", "without git"])
def test_a_transfer_shows_how_far_it_is(bob, kind, tmp_path):
    (tmp_path / "bin").mkdir()
    env = {**os.environ, "PATH": os.environ["PATH"] if kind == "with git" else str(tmp_path / "bin"), "TERM": "xterm"}
    assert (shutil.which("git", path=env["PATH"]) is None) is (kind == "without git")
    code, out, shown = seen_at_a_terminal("--store", str(bob.path), "pull", "--remote", "slow", env=env)
    assert (code, "\tnew\t" in out) == (0, True)
    lines = [line for line in shown.split("\r\x1b[K") if line]
    assert lines[0] == "pulling from slow"
    pattern = r"Receiving objects: +\d+% \(\d+/\d+\).*" if kind == "with git" else r"receiving: [\d,]+ KiB"
    steps = [line for line in lines if re.fullmatch(pattern, line)]
    assert len(steps) > 1
    assert len(set(steps)) == len(steps)
    assert shown.endswith("\r\x1b[K")
    assert "\n" not in shown


@pytest.mark.parametrize("way", ["git"], indirect=True)
def test_a_pipe_gets_no_progress(bob):
    done = subprocess.run(
        [*RUN, "--store", str(bob.path), "pull", "--remote", "slow"], capture_output=True, text=True, check=True
    )
    assert done.stderr == ""
