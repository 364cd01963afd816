"""Templates that a store keeps: for sessions, and for exports."""

from __future__ import annotations

import hashlib
import re

from claif_git.errors import InvalidInputError, MalformedError, NotPermittedError, UnknownNameError, quoted
from claif_git.format.lines import line, read_lines
from claif_git.model.times import now
from claif_git.session.working import Working
from claif_git.templates import BUILT_IN, NAME_PATTERN, SessionTemplate

SESSION_TEMPLATES, EXPORT_TEMPLATES = "templates", "export-templates"
SESSION_SUFFIX, EXPORT_SUFFIX = ".yaml", ".jinja"
_TRUSTED = "trusted-export-templates"
"""A file of this machine, never of the store: SHA-256 of the export templates that its user wrote or allowed."""


def register(working: Working, template: SessionTemplate) -> None:
    """Keep a session template in the store."""
    data = template.to_data()
    text = "".join(
        line(key, data[key]) for key in ("name", "system_message", "default_metadata", "suggested_parameters")
    )
    path = f"{SESSION_TEMPLATES}/{template.name}{SESSION_SUFFIX}"
    with working.lock:
        working.store.branch.write({path: text.encode()}, f"template: {template.name}", working.who, now())


def known(working: Working) -> dict[str, SessionTemplate]:
    """Give the session templates by name: the built-in ones, and over them the store's. MalformedError names a file."""
    return {**BUILT_IN, **{name: _read(name, data) for name, data in _kept(working).items()}}


def _kept(working: Working) -> dict[str, bytes]:
    files = working.store.branch.files(SESSION_TEMPLATES)
    return {name.removesuffix(SESSION_SUFFIX): data for name, data in files.items()}


def _read(name: str, data: bytes) -> SessionTemplate:
    try:
        return SessionTemplate.from_data(name, read_lines(data))
    except (MalformedError, InvalidInputError) as error:
        raise MalformedError(str(error), path=f"{SESSION_TEMPLATES}/{name}{SESSION_SUFFIX}") from error


def named(working: Working, name: str | None) -> SessionTemplate | None:
    """Give a session template; None for no name. UnknownNameError lists the known ones.

    MalformedError if that one is damaged; that another is does not matter here.
    """
    if name is None:
        return None
    kept = _kept(working)
    if name in kept:
        return _read(name, kept[name])
    if name not in BUILT_IN:
        raise UnknownNameError("template", str(name), sorted({*BUILT_IN, *kept}))
    return BUILT_IN[name]


def register_export(working: Working, name: str, source: str) -> None:
    """Keep an export template in the store, and trust it here. InvalidInputError if it does not parse."""
    from claif_git.export import check_template, formats

    if not isinstance(name, str) or not re.fullmatch(NAME_PATTERN, name):
        raise InvalidInputError(f"a template's name is 1 to 64 letters, digits, '_' or '-', not {quoted(str(name))}")
    if name in formats({}):
        raise InvalidInputError(f"{name!r} is a built-in export format")
    check_template(source)
    with working.lock:
        path = f"{EXPORT_TEMPLATES}/{name}{EXPORT_SUFFIX}"
        working.store.branch.write({path: source.encode()}, f"export template: {name}", working.who, now())
        _trust(working, source)


def known_export(working: Working) -> dict[str, str]:
    """Give the store's export templates: name to source."""
    files = working.store.branch.files(EXPORT_TEMPLATES)
    return {name.removesuffix(EXPORT_SUFFIX): data.decode("utf-8", "replace") for name, data in files.items()}


def trust_export(working: Working, name: str) -> None:
    """Allow an export template that came from elsewhere to run here. UnknownNameError."""
    sources = known_export(working)
    if name not in sources:
        raise UnknownNameError("export template", name, list(sources))
    _trust(working, sources[name])


def check_trusted(working: Working, name: str, source: str) -> None:
    """Refuse to run what nobody here wrote or allowed. NotPermittedError."""
    file = working.repo.path / "claif" / _TRUSTED
    trusted = file.read_text("ascii").split() if file.exists() else []
    if _digest(source) not in trusted:
        raise NotPermittedError(
            f"the export template {name!r} came from elsewhere and has not been allowed to run here",
            hint=f"read it (claif-git template show {name}), then: claif-git template trust {name}",
        )


def _trust(working: Working, source: str) -> None:
    file = working.repo.path / "claif" / _TRUSTED
    file.parent.mkdir(parents=True, exist_ok=True)
    with file.open("a", encoding="ascii") as out:
        out.write(_digest(source) + "\n")


def _digest(source: str) -> str:
    return hashlib.sha256(source.encode("utf-8", "surrogatepass")).hexdigest()
