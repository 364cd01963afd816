# ruff: noqa: INP001, E501 - a script beside the pages it writes, no package; lines of prose are long
"""Writes docs/python-api.md from the library itself. `python docs/generate_api.py --check` fails if it is out of date.

What every name does is said by its docstring; this adds their order, their signatures, and what goes for all of them.
"""

from __future__ import annotations

import dataclasses
import importlib
import inspect
import pkgutil
import re
import sys
from collections.abc import Callable, Iterator
from enum import StrEnum
from pathlib import Path
from typing import Any

import claif_git.session
from claif_git import ClaudeClient, Message, MessageRole, Session, SessionManager, build_prompt, clone, errors
from claif_git.chat import take_turn
from claif_git.prompt import Prompt

PAGE = Path(__file__).with_name("python-api.md")
WIDTH = 100
_PART = "A part of SessionManager."
HOMES = ["claif_git.analytics.totals", "claif_git.sync", "claif_git.diff", "claif_git.index", "claif_git.git"]
HOMES += [f"claif_git.session.{module.name}" for module in pkgutil.iter_modules(claif_git.session.__path__)]
"""Modules in which the names of what methods give are looked up."""

INTRODUCTION = """\
# The Python API

<!-- Written by docs/generate_api.py from the library itself: edit its docstrings, then run `make docs`. -->

```python
from claif_git import Message, MessageRole, SessionManager

with SessionManager("talks") as manager:
    session_id = manager.create_session("Code review")
    manager.add_message(session_id, Message(MessageRole.USER, "Can you review this function?"))
```

Public is what `claif_git.__all__` lists, and what its methods take and give: {names}. Each is imported when it is first
asked for.

- **A session id** can be shortened to any prefix that is unique, in every method. None fits: `SessionNotFoundError`; several do:
  `AmbiguousIdError`, which lists them.
- **A message index** is a position in what the session shows, from 0; negative ones count from the end. A bad one is a
  `MessageIndexError`, which is an `IndexError`.
- **Moments** are timezone-aware, in UTC. A naive one that you give is local time. They lie between 1970 and 9990.
- **Metadata, parameters, content blocks** are JSON data: what JSON cannot hold is an `InvalidInputError`, which is a `ValueError`,
  before anything is written. What you get is yours; changing it changes nothing in the store.
- **Threads and processes.** A manager may be shared by threads. Any number of managers, in any number of processes, may write to one
  store; each sees at once what the others wrote. Where others keep a session busy for longer than we wait, it is a
  `ConcurrentUpdateError`; nothing is half done then.
- **A file that breaks the format** is a `MalformedError` that names session, path and line when that message is read.
  `Session.readable` and `Session.problems` give what can be read, and what cannot.
- The library never prints. It reads the environment and the home directory only where you name no store, no author, no key.
"""

ERRORS = """\
## Errors

`from claif_git import errors`. All are a `ClaifGitError`, and the built-in that one would expect beside. `str(error)` is one line; `hint`
says what to do about it, or is empty.

```text
{tree}
```
"""


def page() -> str:
    """Give the whole page."""
    names = ", ".join(f"`{name}`" for name in claif_git.__all__)
    sections = [
        INTRODUCTION.format(names=names),
        *_manager(),
        "## AsyncSessionManager\n",
        _prose(inspect.getdoc(claif_git.AsyncSessionManager)),
        *_function("clone", clone, "## clone\n"),
        *_record(Message, "## ", built=True),
        *_record(MessageRole, "## "),
        *_record(Session, "## "),
        "## Prompts and models\n",
        *_function("build_prompt", build_prompt, "### build_prompt\n"),
        *_record(Prompt, "### "),
        *_class(ClaudeClient, "### "),
        *_function("take_turn", take_turn, "### claif_git.chat.take_turn\n"),
        "## What methods give\n",
        *(part for kind in _results() for part in _record(kind, "### ")),
        ERRORS.format(tree=_tree()),
    ]
    return "\n".join(sections).rstrip("\n") + "\n"


def _manager() -> Iterator[str]:
    yield f"## SessionManager\n\n{_prose(inspect.getdoc(SessionManager))}"
    yield from _function("SessionManager", SessionManager.__init__, "")
    for group, about, names in _groups():
        yield f"### SessionManager: {group}\n"
        if about:
            yield _prose(about)
        for name in names:
            yield from _member(SessionManager, name, "#### ")


def _groups() -> Iterator[tuple[str, str, list[str]]]:
    """Give the manager's public names in the order and the groups of its source: its comments, and its bases."""
    for kind in SessionManager.__mro__[:-1]:
        words = re.sub(r"(?<!^)(?=[A-Z])", " ", kind.__name__).lower()
        group = "the store" if kind is SessionManager else words
        about = "" if kind is SessionManager else (inspect.getdoc(kind) or "").removeprefix(_PART).strip()
        found: dict[str, list[str]] = {group: []}
        for line in inspect.getsource(kind).splitlines():
            if comment := re.fullmatch(r"    # (\w.*)", line):
                group = comment[1]
                found.setdefault(group, [])
            if name := re.match(r"    (?:def )?([a-z]\w*)(?:\(| = \w+$)", line):
                found[group].append(name[1])
        yield from ((title, about, names) for title, names in found.items() if names)


def _member(kind: type, name: str, heading: str) -> Iterator[str]:
    value = inspect.getattr_static(kind, name)
    if isinstance(value, property):
        yield f"{heading}`{name}`\n\n{_prose(inspect.getdoc(value))}"
    elif value.__name__ != name:
        yield f"{heading}`{name}`\n\nThe same as `{value.__name__}`.\n\n{_code(name, value)}"
    else:
        yield from _function(name, value, f"{heading}`{name}`\n")


def _class(kind: type, heading: str) -> Iterator[str]:
    yield from _function(kind.__name__, kind.__init__, f"{heading}{kind.__name__}\n", doc=inspect.getdoc(kind))
    for name, value in vars(kind).items():
        if not name.startswith("_") and inspect.isfunction(value):
            yield from _member(kind, name, f"#{heading}")


def _function(name: str, function: Callable[..., Any], heading: str, *, doc: str | None = None) -> Iterator[str]:
    if heading:
        yield heading
    yield _code(name, function)
    yield _prose(doc or inspect.getdoc(function))


def _record(kind: Any, heading: str, *, built: bool = False) -> Iterator[str]:
    """Give a class that is mostly data: what it says of itself, its fields, its methods; `built`: how one is made."""
    yield f"{heading}{kind.__name__}\n"
    if built:
        yield _code(kind.__name__, kind.__init__).replace("<factory>", "{}")
    yield _prose(inspect.getdoc(kind))
    if issubclass(kind, StrEnum):
        yield _values(kind)
        return
    fields = dataclasses.fields(kind) if dataclasses.is_dataclass(kind) else ()
    shown = [f"{field.name}: {field.type}" for field in fields if field.repr]
    if issubclass(kind, tuple):
        shown = [f"{name}: {vars(kind)['__annotations__'][name].__forward_arg__}" for name in kind._fields]
    if shown and not built:
        yield "```text\n" + "\n".join(shown) + "\n```\n"
    for name, value in vars(kind).items():
        held = value.fget if isinstance(value, property) else value
        if not name.startswith("_") and inspect.isfunction(held):
            about = " ".join((inspect.getdoc(held) or "").split("\n\n")[0].split())
            yield f"- `{name}{'' if isinstance(value, property) else _signature(held)}`: {about}"
    if any(not name.startswith("_") and callable(value) for name, value in vars(kind).items()):
        yield ""


def _results() -> list[type]:
    """Give the classes that the manager's methods give, each once, and those that these are made of."""
    functions = [value for _, value in inspect.getmembers(SessionManager, inspect.isfunction)]
    queue = [(value.__globals__, str(value.__annotations__.get("return", ""))) for value in functions]
    found: dict[type, None] = {}
    while queue:
        names, text = queue.pop(0)
        for word in re.findall(r"\b[A-Z]\w+", text):
            kind = _found(word, names)
            if kind is None or kind in found or kind in {Message, Session, MessageRole, Prompt, SessionManager}:
                continue
            found[kind] = None
            queue += [
                (vars(sys.modules[kind.__module__]), str(text))
                for text in vars(kind).get("__annotations__", {}).values()
            ]
    return sorted(found, key=lambda kind: kind.__name__)


def _found(word: str, names: dict[str, Any]) -> type | None:
    places = [names, *(vars(importlib.import_module(home)) for home in HOMES)]
    value = next((place[word] for place in places if word in place), None)
    is_ours = inspect.isclass(value) and value.__module__.startswith("claif_git.")
    return value if is_ours and not issubclass(value, Exception) else None  # type: ignore[arg-type]


def _code(name: str, function: Callable[..., Any]) -> str:
    text = f"{name}{_signature(function)}"
    if len(text) > WIDTH:
        opened, _, rest = text.partition("(")
        inner, _, given = rest.rpartition(")")
        parameters = "".join(f"    {parameter},\n" for parameter in _parted(inner))
        text = f"{opened}(\n{parameters}){given}"
    return f"```text\n{text}\n```\n"


class _Plain:
    """An annotation that shows as it is written."""

    def __init__(self, text: str) -> None:
        self._text = text

    def __repr__(self) -> str:
        return self._text


def _signature(function: Callable[..., Any]) -> str:
    signature = inspect.signature(function)
    parameters = [
        parameter.replace(annotation=_Plain(parameter.annotation))
        if isinstance(parameter.annotation, str)
        else parameter
        for parameter in signature.parameters.values()
        if parameter.name != "self"
    ]
    given = signature.return_annotation
    ends = "" if given in (inspect.Signature.empty, "None") else f" -> {given}"
    return f"{inspect.Signature(parameters)}{ends}"


def _parted(text: str) -> list[str]:
    """Part parameters at the commas that stand in no bracket."""
    parts, depth = [""], 0
    for letter in text:
        depth += (letter in "([{") - (letter in ")]}")
        if letter == "," and not depth:
            parts.append("")
        else:
            parts[-1] += letter
    return [part.strip() for part in parts]


def _prose(doc: str | None) -> str:
    """Give a docstring as markdown: what is aligned or indented stays as it stands."""
    paragraphs = []
    for paragraph in (doc or "").split("\n\n"):
        aligned = any(re.search(r"^ |\S {2,}\S", line) for line in paragraph.splitlines())
        paragraphs.append(f"```text\n{paragraph}\n```" if aligned else paragraph)
    return "\n\n".join(paragraphs) + "\n"


def _values(kind: Any) -> str:
    return "\n".join(f"- `{item.name}`: `{item.value!r}`" for item in kind) + "\n"


def _tree() -> str:
    lines = (errors.__doc__ or "").splitlines()
    return "\n".join(line[4:] for line in lines if line.startswith("    "))


def main() -> int:
    """Write the page, or with --check say whether it is as it should be."""
    if "--check" not in sys.argv[1:]:
        PAGE.write_text(page(), encoding="utf-8")
        return 0
    if PAGE.exists() and PAGE.read_text(encoding="utf-8") == page():
        return 0
    sys.stderr.write("docs/python-api.md is out of date; run: make docs\n")
    return 1


if __name__ == "__main__":
    sys.exit(main())
