"""A session's `session.yaml`: what is written once, when it is made."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from claif_git.errors import MalformedError, StoreError
from claif_git.format.lines import line, line_of, moment, read_lines
from claif_git.model import iso

FORMAT = 1


@dataclass(frozen=True)
class SessionHeader:
    """The format's version, the moment of creation in UTC, the template's name, the parameters that it suggests."""

    created_at: datetime
    template: str | None = None
    parameters: dict[str, Any] = field(default_factory=dict)
    format: int = FORMAT


def encode_header(header: SessionHeader) -> bytes:
    """Write a header. InvalidInputError for parameters that the format cannot hold."""
    text = f"format: {header.format}\ncreated_at: {iso(header.created_at)}\n"
    if header.template is not None:
        text += line("template", header.template)
    if header.parameters:
        text += line("parameters", header.parameters)
    return text.encode()


def decode_header(data: bytes) -> SessionHeader:
    """Read a header; keys unknown to this version are passed over. MalformedError; StoreError for a later format."""
    values = read_lines(data)
    version, template, parameters = values.get("format"), values.get("template"), values.get("parameters")
    if type(version) is not int or version < 1:
        raise MalformedError("format is the number of a version", line=_line(data, "format"))
    if version > FORMAT:
        raise StoreError(f"written in format {version}; this version reads {FORMAT}", hint="upgrade claif-git")
    if template is not None and not (isinstance(template, str) and template):
        raise MalformedError("template is a name", line=_line(data, "template"))
    if parameters is not None and not isinstance(parameters, dict):
        raise MalformedError("parameters are a mapping", line=_line(data, "parameters"))
    try:
        created_at = moment(values.get("created_at"), "created_at")
    except MalformedError as error:
        raise MalformedError(error.reason, line=_line(data, "created_at")) from None
    return SessionHeader(created_at, template, parameters or {}, version)


def _line(data: bytes, key: str) -> int | None:
    return line_of(data.decode("utf-8", "replace"), key)
