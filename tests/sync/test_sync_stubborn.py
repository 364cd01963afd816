"""Remotes that never end, or never begin: both transports give up in one line, whatever the way there."""

from __future__ import annotations

import os
import shutil
import time
import tracemalloc
from pathlib import Path

import pytest
from support.forge import Forge
from support.people import git
from support.rude_servers import pkt, refs, rude, silence

from claif_git.errors import RemoteError
from claif_git.git.transport import bounds
from claif_git.model import Message

pytestmark = pytest.mark.usefixtures("transport")
MOST = 64 << 20


@pytest.fixture
def ada(hub, person):
    manager = person("ada", hub)
    manager.one = manager.create_session("One")
    manager.add_message(manager.one, Message("user", "hello"))
    return manager


VERBS = {
    "fetch": lambda manager: manager.fetch("rude"),
    "push": lambda manager: manager.push([manager.one], "rude"),
}


@pytest.mark.parametrize("verb", sorted(VERBS))
@pytest.mark.parametrize("scheme", ["git", "http", "ssh"])
def test_who_says_nothing_is_not_waited_for(ada, scheme, verb):
    if scheme == "ssh" and shutil.which("ssh") is None:
        pytest.skip("there is no ssh on this machine")
    git(ada.path, "config", "claif.maxSilence", "1")
    with rude(silence) as server:
        ada.add_remote("rude", f"{scheme}://127.0.0.1:{server.port}/x.git")
        with pytest.raises(RemoteError, match="has said nothing for 1 seconds") as caught:
            VERBS[verb](ada)
    assert "claif.maxSilence" in caught.value.hint


def test_a_program_in_the_place_of_ssh_that_hangs_is_ended(ada, monkeypatch, tmp_path):
    program = tmp_path / "hang"
    program.write_text(f"#!/bin/sh\necho $$ >> {tmp_path}/pids\nexec sleep 1000\n")
    program.chmod(0o755)
    monkeypatch.setenv("GIT_SSH_COMMAND", str(program))
    monkeypatch.setenv("GIT_SSH_VARIANT", "ssh")
    git(ada.path, "config", "claif.maxSilence", "1")
    ada.add_remote("rude", "ssh://example.org/x.git")
    with pytest.raises(RemoteError, match="said nothing"):
        ada.fetch("rude")
    for pid in (tmp_path / "pids").read_text().split():
        for _ in range(500):
            if not is_running(pid):
                break
            time.sleep(0.01)
        assert not is_running(pid)


def is_running(pid):
    try:
        return Path(f"/proc/{pid}/stat").read_text().split()[2] not in "ZX"
    except OSError:
        return False


def test_a_slow_remote_is_waited_for_as_long_as_it_goes_on(ada):
    """What matters is how long nothing comes, not how long it takes."""
    ada.push([ada.one])
    git(ada.path, "config", "claif.maxSilence", "2")
    tip = git(ada.path, "rev-parse", ada.one)
    lines = [pkt(f"{tip} refs/heads/x{number}".encode() + (b"\0\n" if not number else b"\n")) for number in range(6)]

    def slowly(server, connection):
        connection.recv(1 << 16)
        for line in lines:
            server.send(connection, line)
            server.ended.wait(0.6)
        server.send(connection, b"0000")
        connection.recv(1 << 16)

    with rude(slowly) as server:
        ada.add_remote("rude", f"git://127.0.0.1:{server.port}/x.git")
        ada._store.repo.config_set("claif.maxRefs", "5")
        with pytest.raises(RemoteError, match="more than 5 refs"):
            ada.fetch("rude")


def test_it_is_never_given_up_where_the_setting_says_so(ada):
    git(ada.path, "config", "claif.maxSilence", "0")

    def late(server, connection):
        connection.recv(1 << 16)
        server.ended.wait(1.5)
        server.send(connection, pkt(b"ERR not today"))

    with rude(late) as server:
        ada.add_remote("rude", f"git://127.0.0.1:{server.port}/x.git")
        with pytest.raises(RemoteError, match="not today"):
            ada.fetch("rude")


@pytest.mark.parametrize("verb", ["fetch", "push"])
@pytest.mark.parametrize("scheme", ["git", "http"])
def test_refs_without_end_are_not_read_to_the_end_of_memory(ada, scheme, verb, monkeypatch):
    if os.uname().sysname != "Linux":
        pytest.skip("only Linux bounds what a process allocates")
    monkeypatch.setattr(bounds, "BASE", 32 << 20)
    git(ada.path, "config", "claif.maxRefs", "100")
    many = refs(20_000)

    def flood(server, connection):
        connection.recv(1 << 16)
        if scheme == "http":
            kind = b"application/x-git-upload-pack-advertisement"
            server.send(connection, b"HTTP/1.1 200 OK\r\nContent-Type: " + kind + b"\r\nConnection: close\r\n\r\n")
            server.send(connection, pkt(b"# service=git-upload-pack\n") + b"0000")
        server.send(connection, pkt(b"%040x HEAD\0agent=git/2\n" % 7))
        while not server.ended.is_set():
            server.send(connection, many)

    with rude(flood) as server:
        ada.add_remote("rude", f"{scheme}://127.0.0.1:{server.port}/x.git")
        with pytest.raises(RemoteError, match="more than is taken"):
            VERBS[verb](ada)
        assert server.sent < MOST


HUGE = 64 << 20


@pytest.mark.parametrize(("way", "packed"), [("path", True), ("path", False), ("git", True)], indirect=["way"])
def test_what_is_too_large_is_never_in_memory(far_hub, person, packed):
    """A few kilobytes can stand for gigabytes: what they would be is known before they are inflated."""
    forge = Forge(far_hub.path)
    forge.forge("good")
    forge.forge("huge", {"x": b"\0" * HUGE})
    forge.repo.close()
    if packed:
        git(far_hub.path, "repack", "-adq")
    bob = person("bob", far_hub)
    git(bob.path, "config", "claif.maxObjectSize", "1m")
    tracemalloc.start()
    try:
        report = bob.pull()
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    assert {row.session_id: row.outcome for row in report.sessions} == {"good": "new", "huge": "set-aside"}
    assert "larger than 1048576 bytes" in report.of("huge").detail
    assert peak < HUGE // 4


def test_what_is_too_large_in_a_bundle_is_never_in_memory(ada, tmp_path, hub):
    forge = Forge(hub.path)
    forge.forge("huge", {"x": b"\0" * HUGE})
    forge.repo.close()
    git(hub.path, "bundle", "create", "-q", str(tmp_path / "x.bundle"), "--all")
    git(ada.path, "config", "claif.maxObjectSize", "1m")
    tracemalloc.start()
    try:
        report = ada.read_bundle(tmp_path / "x.bundle")
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    assert report.of("huge").outcome == "set-aside"
    assert peak < HUGE // 4
