"""The process in which an export template runs; `claif_git.export.template` starts it, and it imports nothing of ours.

Started as `python -I -S -B render_child.py LIMITS FOLDER…`: the limits as JSON, and the folders that hold Jinja. One
JSON object comes in on stdin, one goes out on stdout: `{"text": …}` or `{"error": …}`. Exit status 3 says that memory
ran out.
"""

from __future__ import annotations

import json
import sys
import traceback
from datetime import datetime
from typing import Any

if __name__ == "__main__":
    sys.path += sys.argv[2:]

# What Python and Jinja would import on first use, when no file can be opened any more:
import encodings.unicode_escape  # noqa: F401 # by Jinja's lexer
import logging  # noqa: F401 # by Jinja's undefined names
import pprint  # noqa: F401 # by its filter of that name
import textwrap  # noqa: F401 # by its filter wordwrap

import jinja2.debug  # noqa: F401 # on errors
from jinja2 import DictLoader, Environment, Template, TemplateNotFound, TemplateSyntaxError, nodes
from jinja2.meta import find_undeclared_variables
from jinja2.sandbox import ImmutableSandboxedEnvironment

OUT_OF_MEMORY = 3
LONGEST_ERROR = 300


class Refused(Exception):  # noqa: N818 # it is an answer, not a fault
    """The template cannot be used; the text says why."""


def environment() -> Environment:
    """Give the sandbox: no loader, no HTML escaping, None shows as nothing, one filter of our own."""
    env = ImmutableSandboxedEnvironment(
        loader=DictLoader({}), autoescape=False, keep_trailing_newline=True, finalize=_finalize
    )
    env.globals.pop("lipsum")
    env.filters["date"] = _date
    return env


def _finalize(value: object) -> object:
    return "" if value is None else value


def _date(moment: str, pattern: str = "%Y-%m-%d %H:%M") -> str:
    """Write a moment of the session in strftime's terms."""
    return datetime.fromisoformat(moment).strftime(pattern)


def check(env: Environment, source: str) -> str:
    """Compile without running. Refused for a syntax error and for a name that no template has."""
    try:
        env.compile(source)
        tree = env.parse(source)
        unknown = find_undeclared_variables(tree) - set(env.globals) - {"session"}
    except TemplateSyntaxError as error:
        raise Refused(f"line {error.lineno}: {error.message}") from None
    except RecursionError:
        raise Refused("it nests too deeply") from None
    for name in tree.find_all(nodes.Name):
        if name.name in unknown:
            raise Refused(f"line {name.lineno}: nothing is called {name.name!r}; the template is given 'session'")
    return ""


def render(env: Environment, source: str, session: dict[str, Any], longest: int) -> str:
    """Render. Refused, with the line, for whatever goes wrong, and for more than `longest` characters."""
    try:
        return _collected(env.from_string(source), session, longest)
    except (Refused, MemoryError):
        raise
    except TemplateSyntaxError as error:
        raise Refused(f"line {error.lineno}: {error.message}") from None
    except RecursionError:
        raise Refused("it nests too deeply") from None
    except TemplateNotFound:
        raise Refused(f"line {_line_of_failure()}: templates stand alone; there is no other to include") from None
    except Exception as error:  # noqa: BLE001 # a template can raise anything
        raise Refused(f"line {_line_of_failure()}: {type(error).__name__}: {error}") from None


def _collected(template: Template, session: dict[str, Any], longest: int) -> str:
    pieces, length = [], 0
    for piece in template.generate(session=session):
        length += len(piece)
        if length > longest:
            raise Refused(f"its output is longer than {longest:,} characters")
        pieces.append(piece)
    return "".join(pieces)


def _line_of_failure() -> int | str:
    frames = traceback.extract_tb(sys.exc_info()[2])
    return next((frame.lineno or "?" for frame in reversed(frames) if frame.filename == "<template>"), "?")


def confine(limits: dict[str, Any]) -> None:
    """Set what the kernel watches: CPU, memory, and no new file, process or core dump. Where there are such limits."""
    try:
        import resource
    except ImportError:
        return
    cpu = int(limits["cpu_seconds"])
    wanted = {
        "RLIMIT_CPU": (cpu, cpu + 1),
        "RLIMIT_AS": (limits["memory"], limits["memory"]),
        "RLIMIT_DATA": (limits["memory"], limits["memory"]),
        "RLIMIT_CORE": (0, 0),
        "RLIMIT_FSIZE": (0, 0),
        "RLIMIT_NPROC": (0, 0),
        "RLIMIT_NOFILE": (0, 0),
    }
    for name, pair in wanted.items():
        try:
            resource.setrlimit(getattr(resource, name), pair)
        except (AttributeError, ValueError, OSError):
            continue  # this system has no such limit, or a tighter one


def answer(request: dict[str, Any], longest: int) -> dict[str, str]:
    """Do what a request asks, and say how it went; `longest` is what the output may have, in characters."""
    env = environment()
    try:
        if request["verb"] == "check":
            return {"text": check(env, request["source"])}
        return {"text": render(env, request["source"], request["session"], longest)}
    except Refused as refusal:
        words = " ".join(str(refusal).split())
        return {"error": words if len(words) <= LONGEST_ERROR else words[:LONGEST_ERROR] + "…"}


def main() -> int:
    """Answer the one request on stdin."""
    limits = json.loads(sys.argv[1])
    confine(limits)
    try:
        request = json.loads(sys.stdin.buffer.read())
        sys.stdout.buffer.write(json.dumps(answer(request, limits["output"])).encode())
    except MemoryError:
        return OUT_OF_MEMORY
    return 0


if __name__ == "__main__":
    sys.exit(main())
