"""Real git servers on loopback: git daemon, git http-backend behind a password, and sshd with a key."""

from __future__ import annotations

import base64
import contextlib
import getpass
import os
import shutil
import socket
import subprocess
import threading
import time
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from urllib.parse import unquote

HOST = "127.0.0.1"
USER, PASSWORD = "ada", "s3cret-w0rd"
SSHD = shutil.which("sshd", path="/usr/sbin:/usr/local/sbin:/usr/bin")


def make_hub(path: Path) -> Path:
    """Make an empty bare repository that anybody may push to."""
    subprocess.run(["git", "init", "-q", "--bare", str(path)], check=True)
    subprocess.run(["git", "-C", str(path), "config", "http.receivepack", "true"], check=True)
    return path


def free_port() -> int:
    """Give a port that nobody listens on, a moment ago."""
    with socket.socket() as probe:
        probe.bind((HOST, 0))
        return int(probe.getsockname()[1])


def _environment(home: Path) -> dict[str, str]:
    return {"PATH": os.environ["PATH"], "HOME": str(home), "GIT_CONFIG_NOSYSTEM": "1", "LC_ALL": "C"}


@contextlib.contextmanager
def git_daemon(root: Path) -> Iterator[str]:
    """Serve the repositories below `root`; give the address that their names are put behind."""
    for _ in range(5):
        port = free_port()
        process = subprocess.Popen(
            [
                "git", "daemon", f"--listen={HOST}", f"--port={port}", f"--base-path={root}", "--export-all",
                "--enable=receive-pack", "--reuseaddr", "--informative-errors", str(root),
            ],
            env=_environment(root), stderr=subprocess.DEVNULL, start_new_session=True,
        )  # fmt: skip
        if _answers(process, port):
            break
    try:
        yield f"git://{HOST}:{port}/"
    finally:
        _end(process)


def _answers(process: subprocess.Popen[bytes], port: int) -> bool:
    for _ in range(400):
        if process.poll() is not None:
            return False
        with contextlib.suppress(OSError), socket.create_connection((HOST, port), 1):
            return True
        time.sleep(0.02)
    raise AssertionError("the server does not come up")


def _end(process: subprocess.Popen[bytes]) -> None:
    with contextlib.suppress(ProcessLookupError):
        os.killpg(process.pid, 15)
    process.wait()


class _Backend(BaseHTTPRequestHandler):
    """Runs git http-backend as a CGI program, for who knows the password."""

    root: Path
    protocol_version = "HTTP/1.1"

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - its signature
        pass

    def do_GET(self) -> None:
        self._run(b"")

    def do_POST(self) -> None:
        self._run(self._body())

    def _body(self) -> bytes:
        if self.headers.get("Transfer-Encoding", "").lower() != "chunked":
            return self.rfile.read(int(self.headers.get("Content-Length", "0")))
        body = b""
        while size := int(self.rfile.readline().split(b";")[0], 16):
            body += self.rfile.read(size)
            self.rfile.readline()
        self.rfile.readline()
        return body

    def _run(self, body: bytes) -> None:
        expected = "Basic " + base64.b64encode(f"{USER}:{PASSWORD}".encode()).decode()
        if self.headers.get("Authorization") != expected:
            self._answer(401, [("WWW-Authenticate", 'Basic realm="git"')], b"no\n")
            return
        path, _, query = self.path.partition("?")
        env = _environment(self.root) | {
            "GIT_PROJECT_ROOT": str(self.root),
            "GIT_HTTP_EXPORT_ALL": "1",
            "PATH_INFO": unquote(path),
            "QUERY_STRING": query,
            "REQUEST_METHOD": self.command,
            "CONTENT_TYPE": self.headers.get("Content-Type", ""),
            "CONTENT_LENGTH": str(len(body)),
            "REMOTE_USER": USER,
            "REMOTE_ADDR": HOST,
            "HTTP_CONTENT_ENCODING": self.headers.get("Content-Encoding", ""),
            "GIT_PROTOCOL": self.headers.get("Git-Protocol", ""),
        }
        done = subprocess.run(["git", "http-backend"], input=body, env=env, capture_output=True, check=False)
        head, _, content = done.stdout.partition(b"\r\n\r\n")
        lines = [line.partition(": ")[::2] for line in head.decode("latin-1").split("\r\n") if line]
        status = next((int(value.split()[0]) for name, value in lines if name.lower() == "status"), 200)
        self._answer(status, [pair for pair in lines if pair[0].lower() != "status"], content)

    def _answer(self, status: int, headers: list[tuple[str, str]], content: bytes) -> None:
        self.send_response(status)
        for name, value in headers:
            self.send_header(name, value)
        self.send_header("Content-Length", str(len(content)))
        self.end_headers()
        self.wfile.write(content)


@contextlib.contextmanager
def http_server(root: Path) -> Iterator[str]:
    """Serve the repositories below `root`; give the address, user and password in it."""
    handler = type("Backend", (_Backend,), {"root": root})
    server = ThreadingHTTPServer((HOST, 0), handler)
    server.daemon_threads = True
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05})
    thread.start()
    try:
        yield f"http://{USER}:{PASSWORD}@{HOST}:{server.server_address[1]}/"
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


@contextlib.contextmanager
def ssh_server(folder: Path) -> Iterator[tuple[str, str]]:
    """Run an sshd that takes one key; give the address, and the command that logs in there."""
    assert SSHD is not None
    if os.geteuid() == 0:
        Path("/run/sshd").mkdir(exist_ok=True)  # sshd does not run as root without it; nothing is ever put there
    for name in ("host", "user"):
        key = ["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", str(folder / name)]
        subprocess.run(key, check=True)
    (folder / "keys").write_text((folder / "user.pub").read_text())
    for _ in range(5):
        port = free_port()
        (folder / "sshd_config").write_text(
            f"ListenAddress {HOST}\nPort {port}\nHostKey {folder}/host\nAuthorizedKeysFile {folder}/keys\n"
            f"PidFile {folder}/pid\nStrictModes no\nPasswordAuthentication no\nKbdInteractiveAuthentication no\n"
            "PermitRootLogin prohibit-password\nAcceptEnv GIT_PROTOCOL\nUsePAM no\n"
        )
        process = subprocess.Popen(
            [SSHD, "-D", "-e", "-f", str(folder / "sshd_config")], stderr=subprocess.DEVNULL, start_new_session=True
        )
        if _answers(process, port):
            break
    known = f"[{HOST}]:{port} {(folder / 'host.pub').read_text()}"
    (folder / "known").write_text(known)
    options = f"-F none -i {folder}/user -o UserKnownHostsFile={folder}/known -o IdentitiesOnly=yes -o BatchMode=yes"
    try:
        yield f"ssh://{getpass.getuser()}@{HOST}:{port}/", f"ssh {options}"
    finally:
        _end(process)
