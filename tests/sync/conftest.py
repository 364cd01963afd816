"""Stores that share a hub, reached every way there is, with git and without."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest
from support.git_servers import LIGHTTPD, SSHD, git_daemon, make_hub, ssh_server, web_server

from claif_git.git.transport import DulwichTransport, GitTransport, Transport
from claif_git.session import SessionManager

TRANSPORTS = {"git": GitTransport, "dulwich": DulwichTransport}
WAYS = ("path", "git", "http", "ssh")


@dataclass
class Way:
    """One way to hubs: the folder that they stand in, the address before their names, and how ssh is called."""

    folder: Path
    prefix: str
    ssh_command: str | None = None


@pytest.fixture(params=sorted(TRANSPORTS))
def transport(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> Transport:
    """Each of the two, which every manager of the test then uses."""
    made: Transport = TRANSPORTS[request.param]()
    monkeypatch.setattr("claif_git.session.remotes.default_transport", lambda: made)
    return made


@pytest.fixture(scope="session")
def _daemon(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Way]:
    folder = tmp_path_factory.mktemp("daemon")
    with git_daemon(folder) as prefix:
        yield Way(folder, prefix)


@pytest.fixture(scope="session")
def _http(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Way]:
    if LIGHTTPD is None:
        pytest.skip("there is no lighttpd on this machine")
    folder = tmp_path_factory.mktemp("http")
    with web_server(tmp_path_factory.mktemp("lighttpd"), folder) as prefix:
        yield Way(folder, prefix)


@pytest.fixture(scope="session")
def _ssh(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Way]:
    if SSHD is None or shutil.which("ssh") is None:
        pytest.skip("there is no sshd on this machine")
    folder = tmp_path_factory.mktemp("ssh")
    with ssh_server(folder) as (prefix, command):
        yield Way(folder, f"{prefix}{str(folder).removeprefix('/')}/", command)


@pytest.fixture(params=WAYS)
def way(request: pytest.FixtureRequest, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Way:
    """Each way to reach a hub."""
    if request.param == "path":
        return Way(tmp_path, f"{tmp_path}/")
    found: Way = request.getfixturevalue({"git": "_daemon", "http": "_http", "ssh": "_ssh"}[request.param])
    if found.ssh_command:
        monkeypatch.setenv("GIT_SSH_COMMAND", found.ssh_command)
    return found


@dataclass
class Hub:
    """A bare repository, where it is, and how it is addressed."""

    path: Path
    address: str


@pytest.fixture
def hub(tmp_path: Path) -> Hub:
    """An empty hub at a path."""
    path = make_hub(tmp_path / "hub.git")
    return Hub(path, str(path))


@pytest.fixture
def far_hub(way: Way, tmp_path: Path) -> Hub:
    """An empty hub, reached each way."""
    name = f"{tmp_path.name}.git"
    return Hub(make_hub(way.folder / name), way.prefix + name)


@pytest.fixture
def person(tmp_path: Path) -> Iterator[Callable[[str, Hub], SessionManager]]:
    """Gives a new store whose origin is a hub; all are closed in the end."""
    made: list[SessionManager] = []

    def make(name: str, hub: Hub) -> SessionManager:
        manager = SessionManager(tmp_path / name, author=f"{name} <{name}@example.org>", durability="relaxed")
        manager.add_remote("origin", hub.address)
        made.append(manager)
        return manager

    yield make
    for manager in made:
        manager.close()
