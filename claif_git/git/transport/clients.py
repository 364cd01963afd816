"""Dulwich's clients, made for one address each: bounded in what they read, with nothing left open after use."""

from __future__ import annotations

import contextlib
import io
import os
import select
import selectors
import socket
from collections.abc import Callable, Iterator
from typing import IO, Any, TypeAlias, cast
from urllib.parse import urljoin, urlsplit, urlunsplit

from dulwich.client import (
    GitClient,
    LocalGitClient,
    SSHGitClient,
    SSHVendor,
    SubprocessSSHVendor,
    SubprocessWrapper,
    TCPGitClient,
    Urllib3HttpGitClient,
)
from dulwich.protocol import DEFAULT_GIT_PROTOCOL_VERSION_FETCH, DEFAULT_GIT_PROTOCOL_VERSION_SEND, Protocol
from dulwich.repo import Repo
from urllib3 import Retry

from claif_git.errors import RemoteError
from claif_git.git.command import environment
from claif_git.git.transport.address import Address
from claif_git.git.transport.limits import Limits

_PIECE = 1 << 16
_PIPE = 4096  # bytes that a pipe which can be written to takes without waiting
Count: TypeAlias = Callable[[int], None]
"""Told how many bytes were read; raises when it is enough."""
_Connection: TypeAlias = tuple[Protocol, Callable[[], bool], "IO[bytes] | None"]


class _Tcp(TCPGitClient):
    """Waits no longer than `silence` seconds, and remembers its connections, which dulwich leaves open at times."""

    opened: list[Protocol]
    silence: float | None

    def _connect(self, cmd: bytes, path: str | bytes, protocol_version: int | None = None) -> _Connection:
        asked = protocol_version if protocol_version is not None else DEFAULT_GIT_PROTOCOL_VERSION_FETCH
        self.protocol_version = asked if cmd == b"upload-pack" else DEFAULT_GIT_PROTOCOL_VERSION_SEND
        sock = socket.create_connection((self._host, self._port), timeout=self.silence)
        sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        reader = sock.makefile("rb")

        def write(data: bytes) -> int:
            for start in range(0, len(data), _PIECE):
                sock.sendall(data[start : start + _PIECE])
            return len(data)

        def close() -> None:
            reader.close()
            sock.close()

        def no_more() -> None:
            with contextlib.suppress(OSError):
                sock.shutdown(socket.SHUT_WR)

        protocol = Protocol(reader.read, write, close, report_activity=self._report_activity, shutdown_write=no_more)
        self.opened.append(protocol)
        whole = path if isinstance(path, bytes) else path.encode()
        version = b"\0\0version=2\0" if cmd == b"upload-pack" and self.protocol_version == 2 else b""
        whole = whole[1:] if whole.startswith(b"/~") else whole
        protocol.send_cmd(b"git-" + cmd, whole, b"host=" + self._host.encode("ascii") + version)
        return protocol, lambda: bool(select.select([sock], [], [], 0)[0]), None


class _Ssh(SSHGitClient):
    """Remembers its connections."""

    opened: list[Protocol]

    def _connect(self, cmd: bytes, path: str | bytes, protocol_version: int | None = None) -> _Connection:
        connection = super()._connect(cmd, path, protocol_version)
        self.opened.append(connection[0])
        return connection


class _PatientSsh(SubprocessSSHVendor):
    """Runs ssh, and waits no longer than `silence` seconds for it."""

    def __init__(self, silence: float | None) -> None:
        super().__init__()
        self._silence = silence

    def run_command(self, *arguments: Any, **options: Any) -> SubprocessWrapper:
        """Run it."""
        return _Piped(super().run_command(*arguments, **options), self._silence)


class _Piped(SubprocessWrapper):
    """A wrapper of dulwich's, which is kept since its reader closes the pipe when it goes."""

    def __init__(self, plain: SubprocessWrapper, silence: float | None) -> None:
        self._plain, self.proc, self._silence = plain, plain.proc, silence
        self.read = io.BufferedReader(_Reader(self._wait_to_read)).read
        self.write = self._write  # type: ignore[assignment] # which is a file's there

    def _wait_to_read(self, buffer: Any) -> int:
        out = cast("IO[bytes]", self.proc.stdout)
        self._wait(out, selectors.EVENT_READ)
        return os.readv(out.fileno(), [buffer])

    def _write(self, data: bytes) -> int:
        pipe = cast("IO[bytes]", self.proc.stdin)
        done = 0
        while done < len(data):
            self._wait(pipe, selectors.EVENT_WRITE)
            done += os.write(pipe.fileno(), data[done : done + _PIPE])
        return done

    def _wait(self, pipe: IO[bytes], what: int) -> None:
        with selectors.DefaultSelector() as waiting:
            waiting.register(pipe, what)
            if not waiting.select(self._silence):
                self.proc.terminate()
                raise TimeoutError


class _Reader(io.RawIOBase):
    def __init__(self, read_into: Callable[[Any], int]) -> None:
        self._read_into = read_into

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any) -> int:
        return self._read_into(buffer)


class _Local(LocalGitClient):
    """Reads no object that is too large."""

    most: int

    def _open_repo(self, path: str | bytes) -> contextlib.closing[Repo]:  # type: ignore[override] # a class method there
        from claif_git.git.transport.guarded import open_guarded

        return contextlib.closing(open_guarded(os.fsdecode(path), self.most))


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
        """Ask, as urllib3 does, but once: who says nothing would be waited for again and again."""
        options.setdefault("retries", Retry(connect=1, read=0, status=0, other=0, redirect=5))
        answer = self._pool.request(*args, **options)
        self._answers.append(answer)
        return answer

    def close(self) -> None:
        """Close all answers and connections."""
        for answer in self._answers:
            answer.close()
        self._pool.clear()


@contextlib.contextmanager
def client_for(
    address: Address, ssh_command: str | None, count: Count, limits: Limits
) -> Iterator[tuple[GitClient, bytes]]:
    """Give a client and the path to call it with. It asks for whole packs: thin ones need what the reader lacks.

    Whoever uses it gets a TimeoutError, or one of urllib3's, from a remote that says nothing for too long.
    """
    opened: list[Protocol] = []

    def activity(size: int, direction: str) -> None:
        if direction == "read":
            count(size)

    client = _make(address, ssh_command, activity, limits)
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


def _make(address: Address, ssh_command: str | None, activity: Callable[[int, str], None], limits: Limits) -> GitClient:
    silence = float(limits.max_silence) or None
    if address.kind == "path":
        local = _Local(thin_packs=False, report_activity=activity)
        local.most = limits.max_object_size
        return local
    host = address.host.strip("[]")
    if address.kind == "git":
        tcp = _Tcp(host, address.port, thin_packs=False, report_activity=activity)
        tcp.silence = silence
        return tcp
    if address.kind == "ssh":
        command = environment().get("GIT_SSH_COMMAND") or ssh_command
        vendor: SSHVendor = _PatientSsh(silence)
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
        timeout=silence,
        thin_packs=False,
    )
    client.pool_manager = _Pool(client.pool_manager)
    return client


def _without_user(url: str) -> str:
    parts = urlsplit(url)
    return urlunsplit(parts._replace(netloc=parts.netloc.rpartition("@")[2]))
