"""The child's own code, in this process, where its lines can be counted."""

from __future__ import annotations

import io
import json
import sys
from types import SimpleNamespace

import pytest

from claif_git.export import render_child as child

LIMITS = {"cpu_seconds": 5, "memory": 1 << 29, "output": 40}
DATA = {"title": "T", "messages": [], "created_at": "2026-11-24T21:32:05.123456Z"}


def answer(source, verb="render"):
    return child.answer({"verb": verb, "source": source, "session": DATA}, LIMITS["output"])


@pytest.mark.parametrize(
    ("source", "said"),
    [
        ("{{ session.title }}{{ none }}", {"text": "T"}),
        ("{{ session.created_at|date('%Y') }}", {"text": "2026"}),
        ("\n{{ 1 / 0 }}", {"error": "line 2: ZeroDivisionError: division by zero"}),
        ("{% include 'a' %}", {"error": "line 1: templates stand alone; there is no other to include"}),
        ("{% if %}", {"error": "line 1: Expected an expression, got 'end of statement block'"}),
        ("{{ 'a' * 41 }}", {"error": "its output is longer than 40 characters"}),
        ("{{" + "(" * 5000 + "1" + ")" * 5000 + "}}", {"error": "it nests too deeply"}),
    ],
)
def test_rendering_answers(source, said):
    assert answer(source) == said


@pytest.mark.parametrize(
    ("source", "said"),
    [
        ("{{ session.title }}", {"text": ""}),
        ("{% if %}", {"error": "line 1: Expected an expression, got 'end of statement block'"}),
        ("{{ nope }}", {"error": "line 1: nothing is called 'nope'; the template is given 'session'"}),
        ("{{" + "(" * 5000 + "1" + ")" * 5000 + "}}", {"error": "it nests too deeply"}),
    ],
)
def test_checking_answers(source, said):
    assert answer(source, "check") == said


def test_an_error_is_one_line_of_bounded_length():
    text = answer("{{ {}['a\n' ~ 'b' * 900].c }}")["error"]
    assert "\n" not in text
    assert len(text) == child.LONGEST_ERROR + 1
    assert text.endswith("…")


class Resource(SimpleNamespace):
    """Counts limits, refuses one, knows not all."""

    RLIMIT_CPU, RLIMIT_AS, RLIMIT_CORE = "cpu", "as", "core"

    def __init__(self):
        super().__init__(set={})

    def setrlimit(self, name, pair):
        if name == "core":
            raise ValueError(name)
        self.set[name] = pair


def test_limits_are_set_where_the_system_has_them(monkeypatch):
    resource = Resource()
    monkeypatch.setitem(sys.modules, "resource", resource)
    child.confine(LIMITS)
    assert resource.set == {"cpu": (5, 6), "as": (1 << 29, 1 << 29)}
    monkeypatch.setitem(sys.modules, "resource", None)
    child.confine(LIMITS)


def run_main(monkeypatch, source):
    request = {"verb": "render", "source": source, "session": DATA}
    monkeypatch.setattr(child, "confine", lambda _: None)
    monkeypatch.setattr(sys, "argv", ["render_child.py", json.dumps(LIMITS)])
    monkeypatch.setattr(sys, "stdin", SimpleNamespace(buffer=io.BytesIO(json.dumps(request).encode())))
    out = io.BytesIO()
    monkeypatch.setattr(sys, "stdout", SimpleNamespace(buffer=out))
    return child.main(), out.getvalue()


def test_one_request_gets_one_answer(monkeypatch):
    assert run_main(monkeypatch, "{{ session.title }}") == (0, b'{"text": "T"}')


def test_memory_that_runs_out_is_an_exit_status(monkeypatch):
    def greedy(*_):
        raise MemoryError

    monkeypatch.setattr(child, "answer", greedy)
    assert run_main(monkeypatch, "") == (child.OUT_OF_MEMORY, b"")
