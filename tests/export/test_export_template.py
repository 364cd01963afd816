from __future__ import annotations

import json
import os
import subprocess
import sys

import pytest
from export_samples import SESSIONS, TOOL_ROUND, said, session
from hypothesis import given, settings

from claif_git.errors import InvalidInputError
from claif_git.export import check_template, export
from claif_git.export import template as module
from claif_git.export.template import Limits, render_template, template_data

SEED = """
# {{ session.title }}

**Created:** {{ session.created_at }}
**Updated:** {{ session.updated_at }}
**Messages:** {{ session.messages|length }}

{% for message in session.messages %}
## {{ message.role|title }} ({{ message.timestamp }})
{{ message.content }}
{% endfor %}
"""
TIGHT = Limits(seconds=20, cpu_seconds=1, memory=96 << 20, output=1000)


def rendered(source, *messages, limits=module.DEFAULT_LIMITS, **about):
    return render_template(source, session(*messages, **about), limits=limits)


def refusal(source, *messages, limits=module.DEFAULT_LIMITS):
    with pytest.raises(InvalidInputError) as caught:
        rendered(source, *messages, limits=limits)
    return str(caught.value)


def test_a_custom_template_renders_as_it_stands():
    made = session(said("user", "Hello"), said("assistant", "Hi", 1))
    check_template(SEED)
    assert export(made, "custom", templates={"custom": SEED}) == (
        "\n# Fix the parser\n\n**Created:** 2026-11-24T21:32:05.123456Z\n**Updated:** 2026-11-24T21:32:05.123456Z\n"
        "**Messages:** 2\n\n\n## User (2026-11-24T21:32:05.123456Z)\nHello\n\n"
        "## Assistant (2026-11-24T21:33:05.123456Z)\nHi\n\n"
    )


def test_a_template_sees_plain_data_only():
    source = (
        "{% for m in session.messages %}{{ m.index }} {{ m.text }} {{ m.blocks|length }} {{ m.model }};{% endfor %}"
    )
    assert rendered(source, *TOOL_ROUND) == ("0 Run the tests 1 ;1 On it. 3 claude-sonnet-5-5;2  1 ;3 It fails. 1 ;")
    assert "### Tool call: `Bash`" in rendered("{{ session.messages[1].content }}", *TOOL_ROUND)
    assert "# A\n" in rendered(
        "{{ session.messages[0].content }}", said("user", [{"type": "text", "text": "# A\n<b>"}])
    )


def test_none_shows_as_nothing_and_dates_take_a_pattern():
    assert rendered("[{{ session.title }}]", title=None) == "[]"
    assert (
        rendered("{{ session.created_at|date }}, {{ session.created_at|date('%d.%m.%Y') }}")
        == "2026-11-24 21:32, 24.11.2026"
    )


def test_jinjas_own_filters_work_in_the_confined_process():
    source = "{{ session.title|wordwrap(4) }} {{ session|tojson|length > 9 }} {{ [3, 1]|sort|pprint }}"
    assert rendered(source).split() == ["Fix", "the", "pars", "er", "True", "[1,", "3]"]


@settings(max_examples=10)
@given(SESSIONS)
def test_any_session_renders(made):
    expected = "".join(f"{message['role']}{message['text']}" for message in template_data(made)["messages"])
    assert render_template("{% for m in session.messages %}{{ m.role }}{{ m.text }}{% endfor %}", made) == expected


@pytest.mark.parametrize(
    ("source", "complaint"),
    [
        ("a\n{% if %}", "line 2: Expected an expression, got 'end of statement block'"),
        ("a\n\n{{ 'b'|nonsuch }}", "line 3: No filter named 'nonsuch'."),
        (
            "{% for m in session.messages %}{{ mesage }}{% endfor %}",
            "line 1: nothing is called 'mesage'; the template is given 'session'",
        ),
        ("{{" + "(" * 5000 + "1" + ")" * 5000 + "}}", "it nests too deeply"),
        ("{% include 'b' %}", None),
        ("{% for i in range(9) %}{{ 1 / 0 }}{% endfor %}", None),
        ("{{ lipsum() }}", "line 1: nothing is called 'lipsum'; the template is given 'session'"),
    ],
)
def test_a_template_is_checked_without_being_run(source, complaint):
    if complaint is None:
        check_template(source)
        return
    with pytest.raises(InvalidInputError) as caught:
        check_template(source)
    assert str(caught.value) == f"the template does not work: {complaint}"


@pytest.mark.parametrize(
    ("source", "complaint"),
    [
        ("a\n{{ session.x.y }}", "line 2: UndefinedError: 'dict object' has no attribute 'x'"),
        ("a\n{% for i in [1] %}\n{{ 1 / 0 }}{% endfor %}", "line 3: ZeroDivisionError: division by zero"),
        (
            "{{ ''.__class__.__mro__ }}",
            "line 1: SecurityError: access to attribute '__class__' of 'str' object is unsafe.",
        ),
        (
            "{{ session.messages.append(1) }}",
            "line 1: SecurityError: access to attribute 'append' of 'list' object is unsafe.",
        ),
        ("\n{% include '/etc/passwd' %}", "line 2: templates stand alone; there is no other to include"),
        ("{% if %}", "line 1: Expected an expression, got 'end of statement block'"),
        ("{{" + "(" * 5000 + "1" + ")" * 5000 + "}}", "it nests too deeply"),
        ("{{ session[session.title] }}{{ {}['a' * 900] + 1 }}", None),
    ],
)
def test_a_template_that_fails_says_where(source, complaint):
    text = refusal(source)
    assert len(text) < 400
    assert complaint is None or text == f"the template does not work: {complaint}"


@pytest.mark.parametrize(
    ("source", "complaint"),
    [
        ("{{ 'a' * 10**9 }}", "the template wanted more than 96 MiB of memory"),
        ("{{ '%999999999d'|format(1) }}", "the template wanted more than 96 MiB of memory"),
        ("{{ 'a' * 2000 }}", "the template does not work: its output is longer than 1,000 characters"),
        (
            "{% for a in range(99999) %}{% for b in range(99999) %}{% endfor %}{% endfor %}",
            "the template was stopped after 1 s of computing",
        ),
        ("{% set x = 3 ** (9 ** 8) %}", "the template was stopped after 1 s of computing"),
    ],
)
def test_a_limit_that_is_broken_is_named(source, complaint):
    assert refusal(source, limits=TIGHT) == complaint


def test_a_template_that_takes_too_long_is_stopped():
    endless = "{% for a in range(99999) %}{% for b in range(99999) %}{% endfor %}{% endfor %}"
    limits = Limits(seconds=0.6, cpu_seconds=30)
    assert refusal(endless, limits=limits) == "the template was stopped after 0.6 s"


def test_a_huge_source_is_not_even_read():
    assert refusal("a" * 11, limits=Limits(source=10)) == "the template is larger than 10 characters"


def test_a_session_beyond_the_memory_limit_is_a_limit_too():
    assert refusal("{{ session.title }}", said("user", "a" * (70 << 20)), limits=Limits(memory=64 << 20)) == (
        "the template wanted more than 64 MiB of memory"
    )


def test_the_process_inherits_neither_environment_nor_files(monkeypatch, tmp_path):
    probe = tmp_path / "probe.py"
    probe.write_text(
        "import json, os, sys\n"
        "sys.stdin.buffer.read()\n"
        "seen = {'env': sorted(os.environ), 'fds': sorted(os.listdir('/dev/fd')), 'cwd': os.getcwd(),"
        " 'site': 'site' in sys.modules, 'isolated': sys.flags.isolated}\n"
        "print(json.dumps({'text': json.dumps(seen)}))\n"
    )
    monkeypatch.setenv("ANTHROPIC_API_KEY", "secret")
    monkeypatch.setattr(module, "_CHILD", probe)
    with (tmp_path / "open").open("w") as held:
        os.dup2(held.fileno(), held.fileno(), inheritable=True)
        seen = json.loads(rendered(""))
    assert set(seen["env"]) <= {"LC_CTYPE", "__CF_USER_TEXT_ENCODING"}
    assert seen["fds"] in (["0", "1", "2"], ["0", "1", "2", "3"])
    assert seen["cwd"] == "/"
    assert not seen["site"]
    assert seen["isolated"] == 1


def test_a_process_that_dies_is_an_error(monkeypatch, tmp_path):
    (tmp_path / "dies.py").write_text("raise SystemExit(7)")
    monkeypatch.setattr(module, "_CHILD", tmp_path / "dies.py")
    assert refusal("") == "the process that renders templates died (7)"


def test_the_process_can_open_nothing_once_it_is_confined():
    code = (
        "import sys; sys.path.insert(0, sys.argv[1]); import render_child\n"
        "render_child.confine({'cpu_seconds': 5, 'memory': 1 << 29})\n"
        "try: open('/etc/hostname'); print('open')\n"
        "except OSError as error: print(error.strerror)"
    )
    done = subprocess.run(
        [sys.executable, "-c", code, str(module._CHILD.parent)], capture_output=True, text=True, check=True
    )
    assert done.stdout == "Too many open files\n"
