"""A transfer that is cut off, wherever, leaves the store as it was; the next one goes through."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
import threading

import pytest
from support.people import git

from claif_git.errors import RemoteError
from claif_git.model import Message
from claif_git.session import SessionManager
from claif_git.session.remotes import clone

CHILD = """
import os, signal, sys
from claif_git.session import SessionManager, remotes
from claif_git.git.transport import DulwichTransport, GitTransport, Quarantine
from claif_git.sync import fetching, letting_in
path, transport, where = sys.argv[1:]
remotes.default_transport = {"git": GitTransport, "dulwich": DulwichTransport}[transport]
def die(*_, **__):
    os.kill(os.getpid(), signal.SIGKILL)
if where == "fetched":
    Quarantine.look = die
if where == "inspected":
    fetching.let_in = die
if where == "admitted":
    real = fetching.let_in
    fetching.let_in = lambda *args: (real(*args), die())
if where == "moving":
    Quarantine._move = staticmethod(lambda pack, target: (pack.rename(target / pack.name), die()))
SessionManager(path).pull()
"""


@pytest.fixture
def two(hub, person):
    ada, bob = person("ada", hub), person("bob", hub)
    ada.one = ada.create_session("One")
    for number in range(30):
        ada.add_message(ada.one, Message("user", f"line {number}"))
    ada.push([ada.one])
    return ada, bob


@pytest.mark.parametrize("where", ["fetched", "inspected", "moving", "admitted"])
def test_a_pull_that_is_killed_leaves_the_store_as_it_was(two, transport, where):
    ada, bob = two
    before = git(bob.path, "for-each-ref")
    done = subprocess.run([sys.executable, "-c", CHILD, str(bob.path), transport.name, where], check=False)
    assert done.returncode == -signal.SIGKILL
    assert git(bob.path, "for-each-ref") == before
    assert git(bob.path, "fsck", "--strict", "--no-dangling") == ""
    with SessionManager(bob.path) as again:
        assert again.pull().of(ada.one).outcome == "new"
    assert list((bob.path / "claif/incoming").iterdir()) == []
    assert git(bob.path, "fsck", "--strict", "--no-dangling") == ""
    assert git(bob.path, "rev-parse", ada.one) == git(ada.path, "rev-parse", ada.one)


def test_an_interrupt_in_the_middle_passes_through_and_leaves_nothing(two):
    ada, bob = two
    before = git(bob.path, "for-each-ref")

    def stop(line):
        if "asking" not in line:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        bob.pull(progress=stop)
    assert git(bob.path, "for-each-ref") == before
    assert list((bob.path / "claif/incoming").iterdir()) == []
    assert bob.pull().of(ada.one).outcome == "new"


@pytest.fixture
def rubbish():
    """A server that says something and hangs up."""
    server = socket.create_server(("127.0.0.1", 0))
    said = []

    def serve():
        while True:
            try:
                connection, _ = server.accept()
            except OSError:
                return
            with connection:
                connection.recv(1 << 16)
                connection.sendall(said[0])

    thread = threading.Thread(target=serve)
    thread.start()
    yield said, server.getsockname()[1]
    server.shutdown(socket.SHUT_RDWR)
    server.close()
    thread.join()


@pytest.mark.parametrize(
    "said",
    [
        b"",
        b"rubbish" * 1000,
        b"ffff",
        b"0000",
        b"0010ERR go away!",
        b"HTTP/1.1 500 no\r\nContent-Length: 0\r\n\r\n",
        (
            b"HTTP/1.1 200 OK\r\nContent-Type: application/x-git-upload-pack-advertisement\r\n"
            b"Content-Length: 4\r\n\r\nzzzz"
        ),
    ],
    ids=["nothing", "rubbish", "long", "flush", "error", "http-error", "http-rubbish"],
)
@pytest.mark.usefixtures("transport")
@pytest.mark.parametrize("scheme", ["git", "http"])
def test_rubbish_is_one_line(two, rubbish, scheme, said):
    _, bob = two
    rubbish[0].append(said)
    bob.add_remote("bad", f"{scheme}://127.0.0.1:{rubbish[1]}/x.git")
    before = git(bob.path, "for-each-ref")
    if said == b"0000" and scheme == "git":
        return  # an empty list of refs: an empty remote, to an old git
    with pytest.raises(RemoteError) as caught:
        bob.pull(remote="bad")
    assert str(caught.value).isprintable()
    assert git(bob.path, "for-each-ref") == before


PAGES = [
    b"<html>please log in</html>",
    b"<html>please log in</html>\n",
    b"",
    b"one\ntwo\n",
    b"# service=git-upload-pack\n",
]


@pytest.mark.usefixtures("transport")
@pytest.mark.parametrize("page", PAGES)
@pytest.mark.parametrize("kind", ["text/html", "text/plain", "application/octet-stream"])
def test_a_page_is_no_empty_repository(two, rubbish, page, kind, tmp_path):
    _, bob = two
    head = f"HTTP/1.1 200 OK\r\nContent-Type: {kind}\r\nContent-Length: {len(page)}\r\nConnection: close\r\n\r\n"
    rubbish[0].append(head.encode() + page)
    address = f"http://127.0.0.1:{rubbish[1]}/x.git"
    bob.add_remote("portal", address)
    for verb in (bob.fetch, lambda name: bob.pull(remote=name), lambda name: bob.push([], name)):
        with pytest.raises(RemoteError) as caught:
            verb("portal")
        assert str(caught.value).isprintable()
    with pytest.raises(RemoteError):
        clone(address, tmp_path / "new")
    assert not (tmp_path / "new").exists()


@pytest.mark.usefixtures("transport")
def test_an_empty_remote_is_told_from_one_that_brings_nothing_new(far_hub, person, tmp_path):
    told = []
    clone(far_hub.address, tmp_path / "new", reported=told.append).close()
    ada = person("ada", far_hub)
    assert [report.notes for report in (told[0], ada.pull(), ada.fetch())] == [
        ["origin is empty: there is nothing to pull yet"],
        ["origin is empty: there is nothing to pull yet"],
        ["origin is empty: there is nothing to fetch yet"],
    ]
    ada.push([ada.create_session("One")])
    assert ada.pull().notes == []


def test_no_git_on_the_path_is_no_obstacle(hub, tmp_path):
    code = (
        "import sys\nfrom claif_git.session import SessionManager\nfrom claif_git.model import Message\n"
        "from claif_git.git.transport import transport\nassert transport().name == 'dulwich'\n"
        "with SessionManager(sys.argv[1]) as ada:\n"
        "    ada.add_remote('origin', sys.argv[2])\n    one = ada.create_session('One')\n"
        "    ada.add_message(one, Message('user', 'hello'))\n    ada.push([one])\n"
        "from claif_git.session.remotes import clone\n"
        "with clone(sys.argv[2], sys.argv[3]) as bob:\n    assert bob.get_messages(one)[0].text == 'hello'\n"
    )
    env = {**os.environ, "PATH": str(tmp_path)}
    subprocess.run(
        [sys.executable, "-c", code, str(tmp_path / "a"), str(hub.path), str(tmp_path / "b")], check=True, env=env
    )
    assert git(hub.path, "fsck", "--strict") == ""
