from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest
from export_samples import TOOL_ROUND, session

from claif_git.errors import InvalidInputError, UnknownNameError
from claif_git.export import BUILT_IN_FORMATS, export, formats

SHELL = {"shell": "{{ session.title }}"}


def test_the_formats_are_the_built_in_ones_and_the_registered_ones():
    assert formats() == ["html", "json", "markdown"] == sorted(BUILT_IN_FORMATS)
    assert formats(SHELL) == ["html", "json", "markdown", "shell"]


def test_markdown_is_the_default():
    assert export(session(*TOOL_ROUND)) == export(session(*TOOL_ROUND), "markdown")


def test_an_unknown_format_lists_the_known_ones():
    with pytest.raises(
        UnknownNameError, match="unknown export format 'pdf'; known: html, json, markdown, shell"
    ) as caught:
        export(session(), "pdf", templates=SHELL)
    assert caught.value.known == ["html", "json", "markdown", "shell"]


@pytest.mark.parametrize(
    ("export_format", "taken"),
    [
        ("markdown", "include_metadata, include_timestamps, include_tokens"),
        ("json", "include_metadata, include_timestamps, include_tokens, pretty_print"),
        ("html", "include_css, include_metadata, include_timestamps, include_tokens, theme"),
        ("shell", "no options"),
    ],
)
def test_an_unknown_option_lists_the_ones_the_format_takes(export_format, taken):
    with pytest.raises(InvalidInputError) as caught:
        export(session(), export_format, templates=SHELL, paper="A4")
    assert str(caught.value) == f"the export format {export_format!r} does not take paper; it takes {taken}"


@pytest.mark.parametrize(
    ("options", "complaint"),
    [
        ({"include_css": "no"}, "include_css is True or False, not 'no'"),
        ({"include_tokens": 1}, "include_tokens is True or False, not 1"),
        ({"theme": None}, "theme is a name, not None"),
    ],
)
def test_an_option_of_another_type_is_refused(options, complaint):
    with pytest.raises(InvalidInputError, match=complaint):
        export(session(), "html", **options)


def test_an_unknown_theme_lists_the_known_ones():
    with pytest.raises(UnknownNameError, match="unknown theme 'sepia'; known: dark, default"):
        export(session(), "html", theme="sepia")


@pytest.mark.parametrize("export_format", BUILT_IN_FORMATS)
def test_an_empty_session_exports(export_format):
    text = export(session(title=None), export_format)
    assert text.endswith("\n")
    assert "None" not in text


def test_importing_the_package_loads_no_library():
    heavy = {"jinja2", "markdown_it", "pygments", "nh3", "pydantic", "anthropic", "dulwich"}
    code = f"import sys, json, claif_git.export; print(json.dumps(sorted({heavy!r} & set(sys.modules))))"
    root = str(Path(__file__).parents[2])
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, cwd=root, check=True)
    assert json.loads(done.stdout) == []
