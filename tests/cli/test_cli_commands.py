"""What each command asks of the library, and what it shows of the answer."""

from __future__ import annotations

import json
from datetime import timedelta
from pathlib import Path

import pytest
from cli_fakes import START, Draft, Fake, claif, session_of

from claif_git.cli.text import ago
from claif_git.merge.result import MergeResult
from claif_git.merge.trees import Conflict
from claif_git.model import Message, MessageRole
from claif_git.model.search import SearchHit, Snippet


@pytest.fixture
def manager() -> Fake:
    first = session_of(
        "flaky-aaaa",
        ("system", "Be brief."),
        ("user", "Why does it fail?"),
        Message("assistant", "A race.", START + timedelta(seconds=9), tokens=12, model="claude-x"),  # type: ignore[arg-type]
        title="Flaky\ttest",
        template="coding",
        metadata={"project": "webapp"},
    )
    return Fake(held={"flaky-aaaa": first, "other-bbbb": session_of("other-bbbb", ("user", "Hello"))})


def test_list_in_a_pipe_is_a_line_a_session_parted_by_tabs(manager: Fake) -> None:
    ran = claif("session", "list", manager=manager)
    assert ran.out.splitlines() == [
        "flaky-aaaa\tFlaky test\t3\t2026-11-24T21:35:00Z\tcoding",
        "other-bbbb\t\t1\t2026-11-24T21:33:00Z\t",
    ]
    assert manager.calls[-1] == ("close",)


def test_list_on_a_terminal_is_a_table_with_headings(manager: Fake) -> None:
    lines = claif("session", "list", manager=manager, terminal=True).out.splitlines()
    assert lines[0].split() == ["id", "title", "messages", "updated", "template"]
    assert lines[1].startswith("flaky-aaaa  Flaky test")
    assert claif("session", "list", manager=Fake(), terminal=True).out == ""


def test_a_table_keeps_ids_whole_and_fits_the_width(manager: Fake, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COLUMNS", "60")
    manager.held["flaky-aaaa"].title = "word " * 40
    lines = claif("session", "list", manager=manager, terminal=True).out.splitlines()
    assert max(map(len, lines)) <= 60
    assert lines[1].startswith("flaky-aaaa  word")
    assert "…" in lines[1]


def test_headings_are_as_wide_as_rows_where_a_terminal_is_too_narrow_for_both(
    manager: Fake, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("COLUMNS", "20")
    heading, row, *_ = claif("session", "list", manager=manager, terminal=True).out.splitlines()
    assert heading.split() == ["id", "title", "messages", "updated", "template"]
    assert heading.index("template") == row.index("coding")


@pytest.mark.parametrize(
    ("options", "ids"),
    [
        (["--template", "coding"], ["flaky-aaaa"]),
        (["--metadata", "project=webapp"], ["flaky-aaaa"]),
        (["--metadata", '{"project": "other"}'], []),
        (["--limit", "1"], ["flaky-aaaa"]),
        (["--since", "2026-11-24T21:34:00Z"], ["flaky-aaaa"]),
        (["--until", "2026-11-24T21:34:00Z"], ["other-bbbb"]),
        (["--since", "1m", "--until", "2020-01-01"], []),
        (["--trash"], []),
    ],
)
def test_list_can_be_narrowed(manager: Fake, options: list[str], ids: list[str]) -> None:
    ran = claif("session", "list", "--json", *options, manager=manager)
    assert [one["id"] for one in json.loads(ran.out)] == ids


def test_list_as_json(manager: Fake) -> None:
    first = json.loads(claif("session", "list", "--json", manager=manager).out)[0]
    assert first == {
        "id": "flaky-aaaa",
        "title": "Flaky\ttest",
        "template": "coding",
        "created_at": "2026-11-24T21:32:00.000000Z",
        "updated_at": "2026-11-24T21:35:00.000000Z",
        "message_count": 3,
        "metadata": {"project": "webapp"},
    }


def test_list_names_what_a_crashed_program_left(manager: Fake) -> None:
    manager.left = [Draft("other-bbbb"), Draft("flaky-aaaa", alive=True)]
    ran = claif("session", "list", manager=manager)
    assert ran.err == "unsaved turns: other-bbbb; to save them: claif-git session recover other-bbbb\n"


def test_create_prints_the_id_and_nothing_else() -> None:
    manager = Fake(answers={"create_session": "new-cccc"})
    ran = claif(
        "session", "create", "--title", "T", "--template", "coding", "-m", '{"a": 1}', "-m", "b=x=y", "-m", "c=[1]",
        manager=manager,
    )  # fmt: skip
    assert (ran.code, ran.out, ran.err) == (0, "new-cccc\n", "")
    metadata = {"a": 1, "b": "x=y", "c": [1]}
    assert manager.calls[0] == ("create_session", (), {"title": "T", "template": "coding", "metadata": metadata})
    assert json.loads(claif("session", "create", "--json", manager=manager).out) == {"id": "new-cccc"}


def test_show_numbers_the_messages(manager: Fake) -> None:
    out = claif("session", "show", "flaky", manager=manager).out
    assert "title       Flaky test\n" in out
    assert 'metadata    {"project": "webapp"}\n' in out
    assert "\n\n#0 system 2026-11-24T21:32:00Z\nBe brief.\n\n#1 user 2026-11-24T21:32:01Z\nWhy does it fail?\n" in out
    assert "\n#2 assistant 2026-11-24T21:32:09Z claude-x 12 tokens\nA race.\n" in out


def test_show_on_a_terminal_renders_markdown(manager: Fake) -> None:
    manager.held["flaky-aaaa"].messages[1].content = "**bold** and\n\n```python\nx = 1\n```"
    out = claif("session", "show", "flaky", manager=manager, terminal=True).out
    assert "#1 user" in out
    assert "bold and" in out
    assert "**" not in out


@pytest.mark.parametrize(
    ("options", "numbers"),
    [
        (["--role", "user"], [1]),
        (["--limit", "2"], [1, 2]),
        (["--message", "-1"], [2]),
        (["--since", "2026-11-24T21:32:01Z"], [1, 2]),
        (["--until", "2026-11-24T21:32:01Z"], [0, 1]),
    ],
)
def test_show_can_be_narrowed_and_keeps_the_numbers(manager: Fake, options: list[str], numbers: list[int]) -> None:
    shown = json.loads(claif("session", "show", "flaky", "--json", *options, manager=manager).out)
    assert [message["index"] for message in shown["messages"]] == numbers
    assert shown["parameters"] == {}
    out = claif("session", "show", "flaky", *options, manager=manager).out
    assert [int(line[1]) for line in out.splitlines() if line.startswith("#")] == numbers


def test_show_names_blocks_that_are_no_text(manager: Fake) -> None:
    manager.held["flaky-aaaa"].messages[1].content = [
        {"type": "thinking", "thinking": "hm"},
        {"type": "tool_use", "name": "bash", "input": {"command": "ls"}},
        {"type": "tool_result", "is_error": True, "content": "no"},
        {"type": "tool_result", "content": [{"type": "text", "text": "yes"}, 7]},
        {"type": "image", "source": {"media_type": "image/png", "data": "AAAA"}},
        {"type": "image", "source": {"url": "https://example.org/a.png"}},
        {"type": "odd"},
    ]
    out = claif("session", "show", "flaky", "--message", "1", manager=manager).out
    expected = ["[thinking]", "hm", '[tool_use bash] {"command": "ls"}', "[tool_result error]", "no", "[tool_result]",
                "yes", "7", "[image image/png, 3 bytes]", "[image https://example.org/a.png]", "[odd]"]  # fmt: skip
    assert [line for line in out.splitlines()[1:] if line] == expected
    assert "[odd]" in claif("session", "show", "flaky", manager=manager, terminal=True).out


def test_show_says_who_spoke_where_it_is_known(manager: Fake) -> None:
    manager.held["flaky-aaaa"].messages[1].metadata = {"user": "ada"}
    assert "#1 user 2026-11-24T21:32:01Z by ada" in claif("session", "show", "flaky", manager=manager).out
    assert "#1 user ada" in claif("session", "show", "flaky", manager=manager, terminal=True).out


def test_export_passes_on_only_what_was_said(tmp_path: Path) -> None:
    manager = Fake(answers={"export_session": "# T\x1b[0m"})
    assert claif("session", "export", "s", manager=manager).out == "# T\x1b[0m\n"
    assert claif("session", "export", "s", "-o", "-", manager=manager, terminal=True).out == "# T\\x1b[0m\n"
    assert manager.calls[0][:2] == ("export_session", ("s", "markdown"))
    assert set(manager.calls[0][2]) == {"on_malformed"}
    target = tmp_path / "chat.html"
    ran = claif(
        "session", "export", "s", "--format", "html", "--theme", "dark", "--no-css", "--include-metadata",
        "--no-timestamps", "--include-tokens", "--output", str(target), manager=manager,
    )  # fmt: skip
    assert (ran.code, ran.out) == (0, "")
    assert target.read_text(encoding="utf-8") == "# T\x1b[0m"
    assert {**manager.calls[-2][2], "on_malformed": None} == {
        "on_malformed": None,
        "include_css": False,
        "theme": "dark",
        "include_metadata": True,
        "include_timestamps": False,
        "include_tokens": True,
    }


def test_delete_says_how_to_restore(manager: Fake) -> None:
    ran = claif("session", "delete", "flaky", "flaky-aaaa", manager=manager)
    assert (ran.code, ran.out) == (0, "")
    assert ran.err == (
        "deleted flaky-aaaa “Flaky test” (3 messages); to restore it: claif-git session restore flaky-aaaa\n"
    )
    assert [call[1] for call in manager.calls if call[0] == "delete_session"] == [("flaky-aaaa",)]


def test_a_dry_deletion_deletes_nothing(manager: Fake) -> None:
    assert "would delete flaky-aaaa" in claif("session", "delete", "flaky", "--dry-run", manager=manager).err
    assert manager.calls == [("close",)]


@pytest.mark.parametrize(("answer", "code"), [("y\n", 0), ("n\n", 1), ("", 1)])
def test_delete_asks_on_a_terminal(manager: Fake, monkeypatch: pytest.MonkeyPatch, answer: str, code: int) -> None:
    import io

    asked = io.StringIO(answer)
    monkeypatch.setattr(asked, "isatty", lambda: True)
    monkeypatch.setattr("sys.stdin", asked)
    ran = claif("session", "delete", "flaky", manager=manager, terminal_err=True)
    assert ran.code == code
    assert "delete? [y/N]" in ran.err
    assert any(call[0] == "delete_session" for call in manager.calls) is (code == 0)
    assert claif("session", "delete", "flaky", "--force", manager=manager, terminal_err=True).code == 0


def test_nothing_is_deleted_if_one_of_them_is_not_there(manager: Fake) -> None:
    assert claif("session", "delete", "flaky", "nobody", "--force", manager=manager).code == 3
    assert manager.calls == [("close",)]


def test_restore_prints_ids() -> None:
    assert claif("session", "restore", "a", "b", manager=Fake()).out == "a\nb\n"


def test_search_lists_hits() -> None:
    snippet = Snippet("a match\nhere \x1b[2J", ((2, 7), (13, 17)))
    hit = SearchHit("s-1", "Title", 3, MessageRole.USER, START, snippet, 1.5)
    manager = Fake(answers={"search_sessions": [hit]})
    ran = claif("session", "search", "a", "match", "--limit", "3", "--role", "user", manager=manager)
    assert ran.out == "s-1\t#3\tuser\t2026-11-24T21:32:00Z\tTitle\ta match here \\x1b[2J\n"
    _, args, options = manager.calls[0]
    assert (args, options["role"], options["since"]) == (("a match", 3), "user", None)
    shown = json.loads(claif("session", "search", "a", "--json", manager=manager).out)
    assert shown[0]["timestamp"] == "2026-11-24T21:32:00.000000Z"
    assert shown[0]["snippet"] == snippet
    out = claif("session", "search", "a", manager=manager, terminal=True, no_colour=False).out
    assert "\x1b[1;33mmatch\x1b[0m" in out
    assert "\x1b[2J" not in out


def test_stats_are_names_and_values() -> None:
    stats = {"message_count": 2, "roles": {"user": 1}, "ratio": 1 / 3, "cost": None, "models": ["m"], "none": {}}
    manager = Fake(answers={"get_session_stats": stats, "analyze_conversation_flow": {"topics": [START]}})
    out = claif("session", "stats", "s", manager=manager).out
    assert out.splitlines() == [
        "message_count\t2", "roles.user\t1", "ratio\t0.333333", "cost\t", 'models\t["m"]', "none\t{}",
    ]  # fmt: skip
    shown = json.loads(claif("session", "stats", "s", "--flow", "--json", manager=manager).out)
    assert shown["flow"] == {"topics": ["2026-11-24T21:32:00.000000Z"]}


def test_recover_saves_what_was_left_behind(manager: Fake) -> None:
    assert "nothing to recover" in claif("session", "recover", manager=manager).err
    manager.left = [Draft("other-bbbb"), Draft("flaky-aaaa", alive=True)]
    assert claif("session", "recover", "--dry-run", manager=manager).out == "other-bbbb\n"
    assert not [call for call in manager.calls if call[0] == "recover_session"]
    assert claif("session", "recover", manager=manager).out == "other-bbbb\n"
    shown = claif("session", "recover", manager=manager, terminal_err=True)
    assert (shown.out, shown.err) == ("other-bbbb\n", "\r\x1b[Krecovering sessions: 0 of 1\r\x1b[K")
    assert claif("session", "recover", "flaky", manager=manager).out == "flaky-aaaa\n"
    saved = [call[1] for call in manager.calls if call[0] == "recover_session"]
    assert saved == [("other-bbbb",), ("other-bbbb",), ("flaky-aaaa",)]


@pytest.mark.parametrize(
    ("options", "index"), [([], -1), (["--at", "3"], 3), (["--before", "4"], 3), (["--before", "-1"], -2)]
)
def test_branch_prints_the_id_and_nothing_else(options: list[str], index: int) -> None:
    manager = Fake(answers={"branch_session": "branch-dddd"})
    ran = claif("branch", "s", *options, "--title", "T", manager=manager)
    assert (ran.out, ran.err) == ("branch-dddd\n", "")
    assert manager.calls[0] == ("branch_session", ("s",), {"from_message_index": index, "title": "T"})


def test_merge_moves_the_primary_unless_told_to_make_a_new_session() -> None:
    manager = Fake(
        answers={
            "merge_sessions": MergeResult(
                "b",
                added=("x", "y"),
                dropped=("z",),
                conflicts=(Conflict("sessions/b/title.yaml", "title", "ours", "theirs"),),
            )
        }
    )
    ran = claif("merge", "a", "--into", "b", manager=manager)
    assert ran.out == "b\n"
    assert ran.err.splitlines() == [
        "merged: 2 messages added, 1 left out",
        "both changed title of sessions/b/title.yaml: kept 'ours', not 'theirs'",
    ]
    _, args, kwargs = manager.calls[0]
    assert args == ("b", "a", "smart")
    assert kwargs["into_primary"] is True
    claif("merge", "a", "--into", "b", "--new", "--title", "T", "-s", "chronological", manager=manager)
    _, args, kwargs = manager.calls[2]
    assert (args[2], kwargs["into_primary"], kwargs["title"]) == ("chronological", False, "T")
    manager.answers["merge_sessions"] = MergeResult("b", outcome="up-to-date")
    assert claif("merge", "a", "--into", "b", manager=manager).err == "nothing to merge: it is all there\n"


def test_templates_are_listed_shown_and_added(tmp_path: Path) -> None:
    template = {"name": "mine", "system_message": "Be\nbrief."}
    manager = Fake(answers={"templates": {"mine": template}, "export_templates": {"custom": "{{ session.title }}"}})
    assert claif("template", "list", manager=manager).out == "mine\tsession\tBe brief.\ncustom\texport\t\n"
    assert json.loads(claif("template", "list", "--json", manager=manager).out) == {
        "session": ["mine"],
        "export": ["custom"],
    }
    shown = claif("template", "show", "mine", manager=manager).out
    assert json.loads(shown) == template
    assert claif("template", "show", "custom", manager=manager).out == "{{ session.title }}"
    file = tmp_path / "t.yaml"
    file.write_text("system_message: Hi\nsuggested_parameters: {temperature: 0.5}\n", encoding="utf-8")
    claif("template", "add", "new", str(file), "-p", "max_tokens=9", "--metadata", "a=b", manager=manager)
    assert manager.calls[-2][1] == (
        "new",
        {
            "system_message": "Hi",
            "suggested_parameters": {"temperature": 0.5, "max_tokens": 9},
            "default_metadata": {"a": "b"},
        },
    )
    file.write_text(shown, encoding="utf-8")
    claif("template", "add", "new", str(file), "--system", "Ho", manager=manager)
    assert manager.calls[-2][1] == ("new", {**template, "system_message": "Ho"})
    claif("template", "add", "--export", "x", str(file), manager=manager)
    assert manager.calls[-2][:2] == ("register_export_template", ("x", shown))


@pytest.mark.parametrize("content", [b"- a\n", b"a: *b\n", b"\xff\xfe", b"a: [\n"])
def test_a_template_file_that_is_none_is_named(tmp_path: Path, content: bytes) -> None:
    file = tmp_path / "t.yaml"
    file.write_bytes(content)
    ran = claif("template", "add", "x", str(file), manager=Fake())
    assert ran.code == 2
    assert str(file) in ran.err


def test_remotes_are_named_listed_and_forgotten() -> None:
    manager = Fake(answers={"remotes": {"origin": "/srv/hub.git"}})
    claif("remote", "add", "origin", "/srv/hub.git", manager=manager)
    claif("remote", "remove", "origin", manager=manager)
    asked = [call[:2] for call in manager.calls if call != ("close",)]
    assert asked == [("add_remote", ("origin", "/srv/hub.git")), ("remove_remote", ("origin",))]
    assert claif("remote", "list", manager=manager).out == "origin\t/srv/hub.git\n"
    assert json.loads(claif("remote", "list", "--json", manager=manager).out) == {"origin": "/srv/hub.git"}


def test_an_export_template_from_elsewhere_is_allowed_to_run() -> None:
    manager = Fake()
    assert "may run here" in claif("template", "trust", "custom", manager=manager).err
    assert manager.calls[0] == ("trust_export_template", ("custom",), {})


def test_packing_says_what_it_did() -> None:
    manager = Fake(answers={"gc": {"expired": ["s-1"], "maintenance": None}})
    assert claif("gc", "--dry-run", manager=manager).out == 'expired\t["s-1"]\n'
    assert manager.calls[0][2]["dry_run"] is True
    assert json.loads(claif("gc", "--json", manager=manager).out) == {"expired": ["s-1"], "maintenance": None}


@pytest.mark.parametrize(
    ("seconds", "said"), [(0, "now"), (5, "5 s ago"), (150, "2 min ago"), (7200, "2 h ago"), (3 * 86400, "3 d ago")]
)
def test_ages_are_short(seconds: int, said: str) -> None:
    assert ago(START, START + timedelta(seconds=seconds)) == said


def test_dates_far_off_are_dates() -> None:
    assert ago(START, START + timedelta(days=9)).startswith("2026-11-2")
    assert ago(START, START - timedelta(days=3)).startswith("2026-11-2")
