"""Lets a person edit a text in the editor of their choice."""

from __future__ import annotations

import os
import shlex
import subprocess
import tempfile
from pathlib import Path

from claif_git import config
from claif_git.errors import ClaifGitError


def edited(text: str, name: str) -> str:
    """Give the text as the person left it. ClaifGitError if the editor cannot be run or says that it failed."""
    with tempfile.TemporaryDirectory(prefix="claif-git-") as folder:
        file = Path(folder) / name
        file.write_bytes(text.encode("utf-8", "backslashreplace"))  # line ends as they are
        command = [*shlex.split(config.editor(), posix=os.name != "nt"), str(file)]
        try:
            code = subprocess.run(command, check=False).returncode
        except OSError as error:
            raise ClaifGitError(f"the editor {command[0]!r} cannot be run: {error.strerror}", hint=_HINT) from error
        if code:
            raise ClaifGitError(f"the editor {command[0]!r} ended with {code}; nothing was done", hint=_HINT)
        return file.read_bytes().decode("utf-8", "replace")


_HINT = "set $GIT_EDITOR, $VISUAL or $EDITOR"
