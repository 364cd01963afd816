"""A session as a document: markdown, JSON, HTML, or what a registered template makes of it.

Pure: a session and options in, text out. Only rendering a template leaves the process, for one of its own. What a
format needs (a markdown parser, a highlighter, a sanitiser) is imported when it is asked for.
"""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import Any

from claif_git.errors import UnknownNameError
from claif_git.export.options import settle
from claif_git.export.template import check_template, render_template
from claif_git.format.interchange import session_to_data, to_json
from claif_git.model import Session

__all__ = ["BUILT_IN_FORMATS", "check_template", "export", "formats"]

_MARKDOWN = {"include_metadata": False, "include_timestamps": True, "include_tokens": False}
_JSON = {"pretty_print": True, "include_metadata": True, "include_timestamps": True, "include_tokens": True}
_HTML = {"include_css": True, "theme": "default", **_MARKDOWN}
_TEMPLATE: dict[str, Any] = {}

BUILT_IN_FORMATS = ("html", "json", "markdown")
"""The formats that are always there; a template of the same name is never reached."""

_NONE: Mapping[str, str] = MappingProxyType({})


def formats(templates: Mapping[str, str] = _NONE) -> list[str]:
    """Give the names of all formats, sorted: the built-in ones and those of `templates`."""
    return sorted({*BUILT_IN_FORMATS, *templates})


def export(
    session: Session, export_format: str = "markdown", *, templates: Mapping[str, str] = _NONE, **options: object
) -> str:
    """Write `session` as a document.

    markdown   include_metadata=False, include_timestamps=True, include_tokens=False
    json       pretty_print=True, include_metadata=True, include_timestamps=True, include_tokens=True
    html       include_css=True, theme="default" or "dark", and markdown's
    any name in `templates` (name to Jinja source)   takes no options

    Messages that cannot be read are left out; the others keep their numbers.
    UnknownNameError for a format or theme that nobody knows; InvalidInputError for an option that the format does not
    take, and for a template that fails or breaks a limit.
    """
    match export_format:
        case "markdown":
            from claif_git.export.markdown import to_markdown

            return to_markdown(session, **settle(export_format, _MARKDOWN, options))
        case "json":
            return _as_json(session, **settle(export_format, _JSON, options))
        case "html":
            from claif_git.export.html import to_html

            return to_html(session, **settle(export_format, _HTML, options))
    if export_format not in templates:
        raise UnknownNameError("export format", export_format, formats(templates))
    settle(export_format, _TEMPLATE, options)
    return render_template(templates[export_format], session)


def _as_json(session: Session, *, pretty_print: bool, **parts: bool) -> str:
    return to_json(session_to_data(session, **parts), pretty=pretty_print)
