"""Making a session show what it showed at another commit, by a new one on top: nothing is rewritten."""

from __future__ import annotations

from claif_git.errors import MalformedError
from claif_git.format import layout
from claif_git.format.messages import attachment_paths
from claif_git.history.change import Change
from claif_git.history.snapshot import Snapshot


def reset_to(change: Change, target: Snapshot) -> None:
    """Give the session the messages, in their wording, and the settings that it had at `target`."""
    before = change.before
    shown = {entry.path for entry in before.shown}
    wanted = {entry.path: entry.blob for entry in target.shown}
    for path, blob in wanted.items():
        if before.root.file(f"{layout.MESSAGES}/{path}") != blob:
            change.put_blob(path, blob)
            _with_attachments(change, target, blob)
    change.drop((path for path in shown if path not in wanted), (path for path in wanted if path not in shown))
    _settings(change, target)


def _with_attachments(change: Change, target: Snapshot, blob: str) -> None:
    try:
        paths = attachment_paths(target.blob(blob))
    except MalformedError:  # a file that cannot be read refers to nothing
        return
    for path in paths:
        held = target.root.file(path)
        if held and change.root.file(path) is None:
            change.root = change.root.put(path, held)


def _settings(change: Change, target: Snapshot) -> None:
    now, then = change.before.settings, target.settings
    if now.title != then.title:
        change.set_title(then.title)
    if now.order != then.order:
        change.set_order(then.order)
    gone = dict.fromkeys(key for key in now.metadata if key not in then.metadata)
    changed = {key: value for key, value in then.metadata.items() if repr(now.metadata.get(key)) != repr(value)}
    change.set_metadata({**gone, **changed})
