"""A session's settings: a file each, so that two people who change different ones never meet."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime
from typing import TypeAlias, TypeVar

from claif_git.errors import MalformedError, StoreError
from claif_git.format import layout
from claif_git.format.header import decode_header
from claif_git.format.settings import decode_setting
from claif_git.git.trees import Folder
from claif_git.model.blocks import Json

ReadBlob: TypeAlias = Callable[[str], bytes]
Parsed = TypeVar("Parsed")
PATH_ORDER, CHRONOLOGICAL = "path", "chronological"


@dataclass(frozen=True, slots=True)
class Settings:
    """What a session's folder says.

    `owner` is the session whose folder it was read from; `later_format` says that a later version wrote it, which this
    one may show but not touch.
    """

    owner: str = ""
    created_at: datetime | None = None
    template: str | None = None
    parameters: dict[str, Json] = field(default_factory=dict)
    title: str | None = None
    order: str = PATH_ORDER
    metadata: dict[str, Json] = field(default_factory=dict)
    problems: tuple[MalformedError, ...] = ()
    later_format: str = ""


def read_settings(root: Folder, session_id: str, read_blob: ReadBlob) -> Settings:
    """Read a session's settings; those of the one folder there is, where the branch has none of its own name.

    A file that cannot be read is a problem that names it, and counts as absent.
    """
    owner = settings_owner(root, session_id)
    return _Reader(root, owner, read_blob).settings() if owner else Settings()


def settings_owner(root: Folder, session_id: str) -> str:
    """Name the session whose folder speaks for this branch: its own, else the only one; "" if there is none."""
    folders = [name for name, item in root.folder(layout.SESSIONS).items.items() if isinstance(item, Folder)]
    if session_id in folders:
        return session_id
    return folders[0] if len(folders) == 1 else ""


class _Reader:
    def __init__(self, root: Folder, owner: str, read_blob: ReadBlob) -> None:
        self._folder, self._owner, self._read_blob = root.folder(layout.session_folder(owner)), owner, read_blob
        self._problems: list[MalformedError] = []
        self._later_format = ""

    def settings(self) -> Settings:
        """Give all that the folder says."""
        header = self._parsed(layout.HEADER_FILE, decode_header)
        metadata = [
            self._parsed(f"{layout.METADATA}/{name}", decode_setting)
            for name in self._folder.folder(layout.METADATA).items
        ]
        title, order = self._value(layout.TITLE_FILE), self._value(layout.ORDER_FILE)
        return Settings(
            owner=self._owner,
            created_at=header.created_at if header else None,
            template=header.template if header else None,
            parameters=dict(header.parameters) if header else {},
            title=title if isinstance(title, str) else None,
            order=CHRONOLOGICAL if order == CHRONOLOGICAL else PATH_ORDER,
            metadata={pair[0]: pair[1] for pair in sorted(filter(None, metadata)) if pair[1] is not None},
            problems=tuple(self._problems),
            later_format=self._later_format,
        )

    def _value(self, path: str) -> Json:
        setting = self._parsed(path, decode_setting)
        return setting[1] if setting else None

    def _parsed(self, path: str, decode: Callable[[bytes], Parsed]) -> Parsed | None:
        blob = self._folder.file(path)
        try:
            return decode(self._read_blob(blob)) if blob else None
        except (MalformedError, StoreError) as error:
            if isinstance(error, StoreError) and decode is decode_header:
                self._later_format = str(error)
            reason = error if isinstance(error, MalformedError) else MalformedError(str(error))
            place = f"{layout.session_folder(self._owner)}/{path}"
            self._problems.append(reason.located(session_id=self._owner, path=place))
            return None
