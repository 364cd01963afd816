"""Real git servers on loopback: git daemon, git http-backend behind a web server's password, and sshd with a key."""

from __future__ import annotations

import contextlib
import getpass
import os
import shutil
import socket
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path

HOST = "127.0.0.1"
USER, PASSWORD = "ada", "s3cret-w0rd"
_SYSTEM = "/usr/sbin:/usr/local/sbin:/usr/bin"
SSHD = shutil.which("sshd", path=_SYSTEM)
LIGHTTPD = shutil.which("lighttpd", path=_SYSTEM)


def make_hub(path: Path) -> Path:
    """Make an empty bare repository that anybody may push to."""
    subprocess.run(["git", "init", "-q", "--bare", str(path)], check=True)
    with (path / "config").open("a") as config:
        config.write("[http]\n\treceivepack = true\n")
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


_LIGHTTPD = """
server.modules = ("mod_auth", "mod_authn_file", "mod_alias", "mod_setenv", "mod_cgi")
server.document-root = "{folder}/empty"
server.bind = "{host}"
server.port = {port}
server.errorlog = "{folder}/log"
server.upload-dirs = ("{folder}")
auth.backend = "plain"
auth.backend.plain.userfile = "{folder}/users"
auth.require = ("/" => ("method" => "basic", "realm" => "git", "require" => "valid-user"))
alias.url = ("/git" => "{backend}")
cgi.assign = ("" => "")
setenv.set-environment = ("GIT_PROJECT_ROOT" => "{root}", "GIT_HTTP_EXPORT_ALL" => "1", "HOME" => "{folder}",
  "GIT_CONFIG_NOSYSTEM" => "1", "LC_ALL" => "C")
"""


@contextlib.contextmanager
def web_server(folder: Path, root: Path) -> Iterator[str]:
    """Run lighttpd from `folder` with git's http-backend over what stands below `root`, for who knows the password.

    Gives the address, user and password in it.
    """
    assert LIGHTTPD is not None
    (folder / "empty").mkdir()
    (folder / "users").write_text(f"{USER}:{PASSWORD}\n")
    path = subprocess.run(["git", "--exec-path"], check=True, capture_output=True, text=True).stdout.strip()
    for _ in range(5):
        port = free_port()
        config = _LIGHTTPD.format(folder=folder, root=root, host=HOST, port=port, backend=f"{path}/git-http-backend")
        (folder / "lighttpd.conf").write_text(config)
        process = subprocess.Popen(
            [LIGHTTPD, "-D", "-f", str(folder / "lighttpd.conf")],
            env=_environment(folder), stderr=subprocess.DEVNULL, start_new_session=True,
        )  # fmt: skip
        if _answers(process, port):
            break
    else:
        raise AssertionError((folder / "log").read_text())
    try:
        yield f"http://{USER}:{PASSWORD}@{HOST}:{port}/git/"
    finally:
        _end(process)


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
