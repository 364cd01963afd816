"""The one place that reads the environment and the home directory. Nothing is cached: a test may change both.

An environment variable that is empty counts as not set.
"""

from __future__ import annotations

import os
import re
from collections.abc import Iterator
from pathlib import Path

DEFAULT_MODEL = "claude-sonnet-5-5"
DEFAULT_BASE_URL = "https://api.anthropic.com"
STORE_NAME = ".claif"
"""A folder of this name marks where a project keeps its conversations."""

_APPLICATION = "claif-git"
_NAMESPACE, _YES = "claif.namespace", {"1", "true", "yes", "on"}
_INCLUDE_DEPTH = 4


def api_key() -> str | None:
    """Give $ANTHROPIC_API_KEY, or None."""
    return _variable("ANTHROPIC_API_KEY")


def base_url() -> str:
    """Give $ANTHROPIC_BASE_URL, or the API's own address."""
    return _variable("ANTHROPIC_BASE_URL") or DEFAULT_BASE_URL


def default_model() -> str:
    """Give $CLAIF_GIT_MODEL, or the model that is asked where nobody says which."""
    return _variable("CLAIF_GIT_MODEL") or DEFAULT_MODEL


def session_env() -> str | None:
    """Give $CLAIF_SESSION, the session that `ask -c` goes on with, or None."""
    return _variable("CLAIF_SESSION")


def named_store() -> Path | None:
    """Give the store that $CLAIF_GIT_STORE names, or None; it need not exist."""
    named = _variable("CLAIF_GIT_STORE")
    return Path(named).expanduser().absolute() if named else None


def default_store() -> Path:
    """Give the store to use where none is named; it need not exist.

    $CLAIF_GIT_STORE, else the nearest in the current folder or above it of a folder `.claif` and a git repository whose
    own configuration says that it holds conversations, else the user's data directory.
    """
    if named := named_store():
        return named
    here = Path.cwd()
    for folder in (here, *here.parents):
        if (folder / STORE_NAME).is_dir():
            return folder / STORE_NAME
        if (git_dir := _git_dir(folder)) and dict(_settings(git_dir / "config", 0)).get(_NAMESPACE, "").lower() in _YES:
            return git_dir
    import platformdirs

    return platformdirs.user_data_path(_APPLICATION) / "store"


def _git_dir(folder: Path) -> Path | None:
    """Give the git folder of a working tree; of a linked one, that of the main one, where configuration stands."""
    inner = folder / ".git"
    try:
        if inner.is_dir():
            return inner
        target = folder / inner.read_text(encoding="utf-8").removeprefix("gitdir:").strip()
        common = target / "commondir"
        return (target / common.read_text(encoding="utf-8").strip() if common.exists() else target).resolve()
    except (OSError, ValueError):
        return None


def in_working_tree(path: Path) -> bool:
    """Say whether a path stands in the working tree of a git repository."""
    return any((folder / ".git").exists() for folder in path.absolute().parents)


def state_folder() -> Path:
    """Give the folder for what a face remembers between runs, such as the last session used; it need not exist."""
    import platformdirs

    return platformdirs.user_state_path(_APPLICATION)


def identity() -> str:
    """Give who is speaking as `Name <mail>`, without control characters and with one pair of angle brackets.

    $GIT_AUTHOR_NAME and $GIT_AUTHOR_EMAIL, else what the user's git configuration says, else the login at this machine
    in `.invalid`: no real address is invented.
    """
    config = _git_config()
    name = _bare(_variable("GIT_AUTHOR_NAME") or config.get("user.name", ""))
    mail = _bare(_variable("GIT_AUTHOR_EMAIL") or config.get("user.email", "") or _variable("EMAIL") or "")
    return f"{name or _login()} <{mail or f'{_login()}@{_host()}.invalid'}>"


def editor() -> str:
    """Give the command line that edits a file, looked up as git does; it may hold arguments."""
    configured = _git_config().get("core.editor", "")
    return _variable("GIT_EDITOR") or configured or _variable("VISUAL") or _variable("EDITOR") or "vi"


def _variable(name: str) -> str | None:
    return os.environ.get(name, "").strip() or None


def _login() -> str:
    import getpass

    try:
        return _bare(getpass.getuser()) or "somebody"
    except (OSError, KeyError):  # no such user id: a container
        return "somebody"


def _host() -> str:
    import socket

    return _bare(socket.gethostname()) or "localhost"


def _bare(text: str) -> str:
    return re.sub(r"[\x00-\x1f\x7f<>]", "", text).strip()


def _git_config() -> dict[str, str]:
    """Read what the user's own git configuration says, `section.key` in lower case; a later value wins."""
    named = _variable("GIT_CONFIG_GLOBAL")
    xdg = Path(_variable("XDG_CONFIG_HOME") or "~/.config").expanduser() / "git" / "config"
    files = [Path(named)] if named else [xdg, Path("~/.gitconfig").expanduser()]
    found: dict[str, str] = {}
    for file in files:
        found.update(_settings(file, _INCLUDE_DEPTH))
    return found


def _settings(file: Path, depth: int) -> Iterator[tuple[str, str]]:
    try:
        text = file.read_text(encoding="utf-8", errors="replace")
    except (OSError, ValueError):  # absent, unreadable, or a path that cannot be
        return
    section = ""
    for line in text.replace("\\\n", "").splitlines():
        heading = re.match(r"\s*\[([^\]]*)\]\s*", line)
        if heading:
            section = heading[1].strip().lower()
        key, equals, value = line[heading.end() if heading else 0 :].partition("=")
        if not equals or key.lstrip().startswith(("#", ";")):
            continue
        name, text_value = f"{section}.{key.strip().lower()}", _unquoted(value)
        if name == "include.path" and depth:
            yield from _settings(file.parent / Path(text_value).expanduser(), depth - 1)
        yield name, text_value


def _unquoted(value: str) -> str:
    """Take quotes, escapes and a trailing comment off a value."""
    text, quoted = "", False
    for piece in re.findall(r"\\.|.", value.strip()):
        if piece == '"':
            quoted = not quoted
        elif piece in "#;" and not quoted:
            break
        else:
            text += {r"\n": "\n", r"\t": "\t"}.get(piece, piece[-1])
    return text if quoted else text.rstrip()
