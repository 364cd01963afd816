"""Where a message stands: the page that takes the next one, and the latest moment that a tree knows of."""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

from claif_git.format import layout
from claif_git.git.trees import Folder, Item, Leaf


class Entry(NamedTuple):
    """A message file: its path below `messages/`, and its blob."""

    path: str
    blob: str


class Stray(NamedTuple):
    """Something below `messages/` that is not named as a message is."""

    path: str


def message_files(messages: Folder) -> Iterator[Entry | Stray]:
    """Give what stands below `messages/` in path order: message files, and strays that no rule names.

    StoreError if there are too many.
    """
    messages.check_size(layout.parse_run_name)
    return _files_below(messages, "", 0)


def _files_below(messages: Folder, prefix: str, depth: int) -> Iterator[Entry | Stray]:
    for name, item in messages.ordered():
        path = prefix + name
        if isinstance(item, Leaf):
            named = prefix and item.mode == 0o100644 and layout.parse_message_name(name)
            yield Entry(path, item.oid) if named else Stray(path)
        elif layout.parse_run_name(name) is None or depth > 32:
            yield Stray(path)
        else:
            yield from _files_below(item, path + "/", depth + 1)


def latest_stamp(root: Folder) -> str:
    """Give the latest stamp of every well-formed name in the tree (runs, messages, drops), or "" if there is none."""
    drops = (layout.drop_stamp(name) for name in root.folder(layout.DROPS).items)
    return max(
        [_latest_below(root.folder(layout.MESSAGES), "", 0, set()), *(stamp for stamp in drops if stamp)], default=""
    )


def _latest_below(folder: Folder, latest: str, depth: int, seen: set[tuple[str | None, int]]) -> str:
    """Give the latest stamp below `folder`, or `latest` if none is later.

    From the end, where the latest are: a name that sorts before a stamp bears none that is later, and is passed over.
    Of a run's pages only the last is read: a page is begun when the one before is full. What was `seen` (a tree, at a
    depth) has no later one.
    """
    if folder.oid is not None:
        if (folder.oid, depth) in seen:
            return latest
        seen.add((folder.oid, depth))
    later: layout.RunName | None = None
    for name in sorted(folder.items, reverse=True):
        item = folder.items[name]
        if isinstance(item, Folder):
            run = layout.parse_run_name(name)
            if run is None:
                continue
            latest = max(latest, run.stamp)
            is_last = run.page is None or later is None or run[:2] != later[:2] or later.page is None
            if is_last and depth <= 32:
                latest = _latest_below(item, latest, depth + 1, seen)
            later = run
        elif name > latest:
            message = layout.parse_message_name(name)
            latest = max(latest, message.stamp) if message else latest
    return latest


def place(root: Folder, writer: str, stamp: str, *, opens: bool) -> str:
    """Give the folder, below `messages/`, that takes `writer`'s next message, which is stamped `stamp`.

    The last page in path order, if it is this writer's and not full; the run's next page, if full; else a new run.
    A run that fills a crowded folder ends with an exchange: what `opens` the next one goes into a new run, elsewhere.
    """
    chain = _last_folders(root.folder(layout.MESSAGES))
    prefix, folder = chain[-1]
    last = _last_named(folder)
    if last is not None and isinstance(last[1], Folder):
        name, page = last
        run = layout.parse_run_name(name)
        if run is not None and run.page is not None and run.writer == writer:
            if len(page) < layout.PAGE_SIZE:
                return prefix + name
            crowded = len(folder) >= layout.FOLDER_SIZE and opens
            if run.page < layout.LAST_PAGE and not crowded:
                return prefix + layout.run_name(run.stamp, writer, run.page + 1)
    return _folder_for_run(chain, writer, stamp) + layout.run_name(stamp, writer, 0)


def _last_folders(messages: Folder) -> list[tuple[str, Folder]]:
    """Give `messages/` and the chain of `-more` folders that ends it, each with its prefix."""
    chain = [("", messages)]
    while len(chain) <= 32:
        prefix, folder = chain[-1]
        last = _last_named(folder)
        run = layout.parse_run_name(last[0]) if last else None
        if last is None or run is None or run.page is not None or not isinstance(last[1], Folder):
            break
        chain.append((f"{prefix}{last[0]}/", last[1]))
    return chain


def _last_named(folder: Folder) -> tuple[str, Item] | None:
    for name, item in reversed(folder.ordered()):
        if isinstance(item, Folder) and layout.parse_run_name(name):
            return name, item
    return None


def _folder_for_run(chain: list[tuple[str, Folder]], writer: str, stamp: str) -> str:
    """Give the prefix of the folder that takes a new run: the last of the chain, or a `-more` folder to be made.

    Depth is bounded: `messages/` takes FOLDER_SIZE runs, then as many `-more` folders of runs, and from then on `-more`
    folders that hold runs and as many `-more` folders again.
    """
    prefix, folder = chain[-1]
    if len(folder) < layout.FOLDER_SIZE:
        return prefix
    outer = ""
    if (
        len(chain) > 1
        and _count_more(chain[0][1]) > layout.FOLDER_SIZE
        and _count_more(chain[1][1]) < layout.FOLDER_SIZE
    ):
        outer = chain[1][0]
    return f"{outer}{layout.more_name(stamp, writer)}/"


def _count_more(folder: Folder) -> int:
    return sum(name.endswith("-more") for name in folder.items)
