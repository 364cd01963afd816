"""Dulwich's clients, made for one address each: bounded in what they read, with nothing left open after use."""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Iterator
from typing import IO, Any, TypeAlias
from urllib.parse import urljoin, urlsplit, urlunsplit

from dulwich.client import (
    BundleClient,
    GitClient,
    LocalGitClient,
    SSHGitClient,
    SSHVendor,
    SubprocessSSHVendor,
    TCPGitClient,
    Urllib3HttpGitClient,
)
from dulwich.protocol import Protocol

from claif_git.errors import RemoteError
from claif_git.git.command import environment
from claif_git.git.transport.address import Address

_TIMEOUT = 120.0  # seconds without a byte by http
Count: TypeAlias = Callable[[int], None]
"""Told how many bytes were read; raises when it is enough."""
_Connection: TypeAlias = tuple[Protocol, Callable[[], bool], "IO[bytes] | None"]


class _Tcp(TCPGitClient):
    """Remembers its connections, which dulwich leaves open where a remote says nothing."""

    opened: list[Protocol]

    def _connect(self, cmd: bytes, path: str | bytes, protocol_version: int | None = None) -> _Connection:
        connection = super()._connect(cmd, path, protocol_version)
        self.opened.append(connection[0])
        return connection


class _Ssh(SSHGitClient):
    """The same for ssh."""

    opened: list[Protocol]

    def _connect(self, cmd: bytes, path: str | bytes, protocol_version: int | None = None) -> _Connection:
        connection = super()._connect(cmd, path, protocol_version)
        self.opened.append(connection[0])
        return connection


class _Http(Urllib3HttpGitClient):
    """Counts what it reads, and never leaves for another host."""

    count: Count
    pool_manager: Any

    def _http_request(
        self, url: str, headers: dict[str, str] | None = None, data: Any = None, raise_for_status: bool = True
    ) -> Any:
        response, read = super()._http_request(url, headers, data, raise_for_status)
        went_to = urljoin(url, response.redirect_location or "")  # of the same host it may be a path alone
        if self._origin(went_to) != self._origin(self._base_url):
            raise RemoteError("the remote sends us on to another host", hint="use that address, if you trust it")

        def counting(size: int) -> bytes:
            chunk = read(size)
            self.count(len(chunk))
            return chunk

        return response, counting


class _Pool:
    """Urllib3's connections, with what they answered: dulwich lets go of an answer that is an error."""

    def __init__(self, pool: Any) -> None:
        self._pool = pool
        self._answers: list[Any] = []
        self.headers = pool.headers

    def request(self, *args: Any, **options: Any) -> Any:
        """Ask, as urllib3 does."""
        answer = self._pool.request(*args, **options)
        self._answers.append(answer)
        return answer

    def close(self) -> None:
        """Close all answers and connections."""
        for answer in self._answers:
            answer.close()
        self._pool.clear()


@contextlib.contextmanager
def client_for(address: Address, ssh_command: str | None, count: Count) -> Iterator[tuple[GitClient, bytes]]:
    """Give a client and the path to call it with. It asks for whole packs: thin ones need what the reader lacks."""
    opened: list[Protocol] = []

    def activity(size: int, direction: str) -> None:
        if direction == "read":
            count(size)

    client = _make(address, ssh_command, activity)
    if isinstance(client, _Tcp | _Ssh):
        client.opened = opened
    if isinstance(client, _Http):
        client.count = count
    try:
        yield client, address.path.encode("utf-8", "surrogateescape")
    finally:
        for connection in opened:
            with contextlib.suppress(Exception):  # what was closed by the other side, or ended with an error
                connection.close()
        if isinstance(client, _Http):
            client.pool_manager.close()
        client.close()


def _make(address: Address, ssh_command: str | None, activity: Callable[[int, str], None]) -> GitClient:
    if address.kind == "bundle":
        return BundleClient(thin_packs=False)
    if address.kind == "path":
        return LocalGitClient(thin_packs=False, report_activity=activity)
    host = address.host.strip("[]")
    if address.kind == "git":
        return _Tcp(host, address.port, thin_packs=False, report_activity=activity)
    if address.kind == "ssh":
        vendor: SSHVendor = SubprocessSSHVendor()
        command = environment().get("GIT_SSH_COMMAND") or ssh_command
        return _Ssh(
            host,
            address.port,
            address.user or None,
            vendor,
            ssh_command=command,
            thin_packs=False,
            report_activity=activity,
        )
    client = _Http(
        _without_user(address.url),
        username=address.user or None,
        password=address.password or None,
        timeout=_TIMEOUT,
        thin_packs=False,
    )
    client.pool_manager = _Pool(client.pool_manager)
    return client


def _without_user(url: str) -> str:
    parts = urlsplit(url)
    return urlunsplit(parts._replace(netloc=parts.netloc.rpartition("@")[2]))
