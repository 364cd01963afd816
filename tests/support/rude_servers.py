"""Servers on loopback that no git server is like: silent ones, endless ones, and ones that say rubbish."""

from __future__ import annotations

import contextlib
import socket
import threading
from collections.abc import Callable, Iterator

HOST = "127.0.0.1"
Answer = Callable[[socket.socket], None]


class Rude:
    """One, at `port`; `sent` counts the bytes that it got rid of, `asked` what it was asked."""

    def __init__(self, answer: Callable[[Rude, socket.socket], None]) -> None:
        self._answer = answer
        self._server = socket.create_server((HOST, 0))
        self.port = self._server.getsockname()[1]
        self.sent = 0
        self.asked: list[bytes] = []
        self.ended = threading.Event()
        self._threads: list[threading.Thread] = []

    def run(self) -> None:
        while True:
            try:
                connection, _ = self._server.accept()
            except OSError:
                return
            thread = threading.Thread(target=self._serve, args=(connection,))
            self._threads.append(thread)
            thread.start()

    def _serve(self, connection: socket.socket) -> None:
        with connection, contextlib.suppress(OSError):
            self._answer(self, connection)

    def send(self, connection: socket.socket, data: bytes) -> None:
        connection.sendall(data)
        self.sent += len(data)

    def close(self) -> None:
        self.ended.set()
        with contextlib.suppress(OSError):
            self._server.shutdown(socket.SHUT_RDWR)
        self._server.close()
        for thread in self._threads:
            thread.join(20)


@contextlib.contextmanager
def rude(answer: Callable[[Rude, socket.socket], None]) -> Iterator[Rude]:
    """Serve one answer to whoever connects, each in a thread of its own."""
    server = Rude(answer)
    thread = threading.Thread(target=server.run)
    thread.start()
    try:
        yield server
    finally:
        server.close()
        thread.join()


def silence(server: Rude, connection: socket.socket) -> None:
    """Take what comes, and say nothing until the other side has had enough."""
    connection.settimeout(0.1)
    while not server.ended.is_set():
        try:
            if not (came := connection.recv(1 << 16)):
                return
            server.asked.append(came)
        except TimeoutError:
            continue


def pkt(data: bytes) -> bytes:
    """Give a line as git's protocol frames it."""
    return b"%04x" % (len(data) + 4) + data


def refs(count: int, name: bytes = b"refs/heads/x") -> bytes:
    """Give many refs as a server shows them."""
    return b"".join(pkt(b"%040x %s%08d\n" % (7, name, number)) for number in range(count))


def slowly(port: int, piece: int = 4096, pause: float = 0.02) -> Callable[[Rude, socket.socket], None]:
    """Pass everything on to a real server at `port`, and what it answers back piece by piece."""

    def answer(server: Rude, connection: socket.socket) -> None:
        with socket.create_connection((HOST, port)) as real:
            asking = threading.Thread(target=_pass_on, args=(connection, real))
            asking.start()
            with contextlib.suppress(OSError):
                while came := real.recv(piece):
                    server.send(connection, came)
                    server.ended.wait(pause)
            for side in (connection, real):
                with contextlib.suppress(OSError):
                    side.shutdown(socket.SHUT_RDWR)
            asking.join()

    return answer


def _pass_on(source: socket.socket, target: socket.socket) -> None:
    with contextlib.suppress(OSError):
        while came := source.recv(1 << 16):
            target.sendall(came)
        target.shutdown(socket.SHUT_WR)
