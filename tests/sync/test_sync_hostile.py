"""Remotes that send what no store of ours makes: each bad session is set aside by name, and the others arrive."""

from __future__ import annotations

import zlib
from pathlib import Path

import pytest
from support.forge import HEADER, PERSON, TEXT, Forge
from support.people import git

from claif_git.git import FILE_MODE, FOLDER_MODE
from claif_git.git.transport import Limits
from claif_git.model import Message

pytestmark = pytest.mark.usefixtures("transport")

OTHER = f"author {PERSON}\ncommitter {PERSON}\n".encode()


@pytest.fixture
def forge(hub):
    made = Forge(hub.path)
    yield made
    made.repo.close()


def nested(depth, inner):
    files = inner
    for _ in range(depth):
        files = {"d": files}
    return files


TREES = {
    "dots": {"..": {"x": b""}},
    "dot": {".": {"x": b""}},
    "git-folder": {".git": {"config": b"[core]\n\tsshCommand = x\n"}},
    "git-folder-upper": {".GIT": {"config": b""}},
    "git-short": {"GIT~1": {"config": b""}},
    "backslash": {"a\\b": b""},
    "stream": {"messages::$INDEX_ALLOCATION": b""},
    "slash": {"a/b": b""},
    "control": {"a\nb": b""},
    "accent": {"é": b""},
    "empty-name": {"": b""},
    "modules": {".gitmodules": b'[submodule "x"]\n'},
    "long-name": {"x" * 300: b""},
    "deep": nested(60, {"x": b""}),
    "attributes-below": {"messages": {".gitattributes": b"* -text\n"}},
    "attributes-filter": {".gitattributes": b"* filter=evil\n"},
    "attributes-encoding": {".gitattributes": b"* working-tree-encoding=utf-16\n"},
    "attributes-text": {".gitattributes": b"* text eol=crlf\n"},
    "attributes-merge": {".gitattributes": b"* merge=union\n"},
    "attributes-ident": {".gitattributes": b"* ident\n"},
}


MODES = {"symlink": 0o120000, "submodule": 0o160000, "executable": 0o100755, "group": 0o100664}


def test_names_and_modes_that_no_store_gives_are_set_aside(hub, forge, person):
    commit = forge.forge("good")
    for name, files in TREES.items():
        forge.forge(name, files)
    for name, mode in MODES.items():
        forge.forge(name, {"x": (mode, commit if name == "submodule" else forge.blob(b"/etc/passwd"))})
    check_set_aside(person("ada", hub), *TREES, *MODES)


def raw(mode, name, oid):
    return b"%s %s\0" % (mode, name) + bytes.fromhex(oid)


def test_trees_that_git_would_not_write_are_set_aside(hub, forge, person):
    forge.forge("good")
    blob = forge.blob(b"x")
    good = forge.session("x")
    sessions = next(entry.oid for entry in forge.repo.read_tree(good) if entry.name == "sessions")
    tail = raw(b"40000", b"sessions", sessions)
    trees = {
        "twice": raw(b"100644", b"a", blob) * 2 + tail,
        "unsorted": tail + raw(b"100644", b"a", blob),
        "padded": raw(b"100644", b"a", blob) + raw(b"040000", b"sessions", sessions),
        "file-and-folder": raw(b"100644", b"a", blob) + raw(b"40000", b"a", sessions) + tail,
        "kind": raw(b"100644", b"a", sessions) + tail,
    }
    for name, data in trees.items():
        forge.branch(name, forge.commit(forge.add("tree", data)))
    check_set_aside(person("ada", hub), *trees)


def test_commits_that_git_finds_fault_with_are_set_aside(hub, forge, person):
    forge.forge("good")
    tree = forge.session("evil")
    texts = {
        "no-author": f"committer {PERSON}\n\nx\n".encode(),
        "no-committer": f"author {PERSON}\n\nx\n".encode(),
        "two-authors": f"author {PERSON}\n".encode() + OTHER + b"\nx\n",
        "late-author": OTHER + f"author {PERSON}\n\nx\n".encode(),
        "nul": OTHER + b"\nx\0y\n",
        "no-date": b"author Eve <e@x>\ncommitter Eve <e@x>\n\nx\n",
        "zero-date": OTHER.replace(b"1700000000", b"0170000000") + b"\nx\n",
        "huge-date": OTHER.replace(b"1700000000", b"9" * 30) + b"\nx\n",
        "no-name": OTHER.replace(b"Eve ", b"") + b"\nx\n",
        "brackets": OTHER.replace(b"Eve", b"E<v>e") + b"\nx\n",
    }
    for name, text in texts.items():
        forge.branch(name, forge.commit(tree, text=text))
    forge.branch("signed", forge.commit(tree, text=OTHER + b"gpgsig -----BEGIN\n line\n -----END\n\nfine\n"))
    ada = person("ada", hub)
    check_set_aside(ada, *texts)
    assert "signed" in {session.id for session in ada.list_sessions()}


def test_what_is_missing_is_set_aside_and_comes_once_it_is_there(hub, forge, person):
    forge.forge("good")
    lost = forge.blob(b"lost")
    forge.forge("no-blob", {"x": (FILE_MODE, lost)})
    forge.lose(lost)
    tree = forge.folders({"x": b"in a lost tree"})
    forge.forge("no-tree", {"y": (FOLDER_MODE, tree)})
    forge.lose(tree)
    parent = forge.commit(forge.session("no-parent"))
    forge.branch("no-parent", forge.commit(forge.session("no-parent"), parent))
    forge.lose(parent)
    ada = person("ada", hub)
    check_set_aside(ada, "no-blob", "no-tree", "no-parent")
    forge.blob(b"lost")
    assert ada.pull().of("no-blob").outcome == "new"


def test_a_format_of_the_future_is_set_aside(hub, forge, person):
    forge.forge("good")
    forge.forge("later", header=HEADER.replace(b"format: 1", b"format: 2"))
    report = check_set_aside(person("ada", hub), "later")
    assert "format 2" in report.of("later").detail


def test_a_malformed_message_is_no_reason_to_set_a_session_aside(hub, forge, person):
    forge.forge("good", {"drops": {"x.yaml": b"[" * 5000}, "notes.txt": b"\0"})
    assert person("ada", hub).pull().of("good").outcome == "new"


def test_few_bytes_that_stand_for_many_are_set_aside(hub, forge, person):
    forge.forge("good")
    forge.forge("bomb", {"x": zlib.compress(b"x") and b"\0" * (3 << 20)})
    ada = person("ada", hub)
    git(ada.path, "config", "claif.maxObjectSize", "1m")
    check_set_aside(ada, "bomb")


def test_a_tree_that_unfolds_to_millions_is_set_aside(hub, forge, person):
    forge.forge("good")
    tree = forge.folders({"x.md": TEXT})
    for _ in range(8):
        tree = forge.tree(*((FOLDER_MODE, f"d{number}", tree) for number in range(10)))
    forge.forge("bomb", {"x": (FOLDER_MODE, tree)})
    check_set_aside(person("ada", hub), "bomb")


def test_a_session_too_large_is_set_aside_and_the_others_arrive(hub, forge, person):
    import random

    forge.forge("good")
    forge.forge("large", {"x": random.Random(1).randbytes(1 << 20)})
    ada = person("ada", hub)
    git(ada.path, "config", "claif.maxPackSize", "100k")
    check_set_aside(ada, "large")
    git(ada.path, "config", "claif.maxPackSize", "10m")
    assert ada.pull().of("large").outcome == "new"


def test_branches_that_are_no_sessions_are_left_alone(hub, forge, person):
    forge.forge("good")
    for name in ("main", "feature/x", "Release", "HEAD", "-o"):
        forge.branch(name, forge.commit(forge.folders({"README.md": name.encode()})))
    ada = person("ada", hub)
    for outcome in ("new", "up-to-date"):
        report = ada.pull()
        assert [(row.session_id, row.outcome) for row in report.sessions] == [("good", outcome)]
        assert report.notes == []
    assert git(ada.path, "for-each-ref", "--format=%(refname)", "refs/remotes") == "refs/remotes/origin/good"
    assert not git(ada.path, "fsck", "--unreachable", "--no-reflogs")


UNFIT = ("-o", "é", "m/sub", "HEAD", "con", "nul.txt", "com1", "fetch_head", "One-Pu", "a+b", "x" * 121)


def test_sessions_under_names_that_no_session_has_are_set_aside_by_name(hub, forge, person):
    forge.forge("good")
    for name in UNFIT:
        forge.branch(name, forge.commit(forge.session(name)))
    ada = person("ada", hub)
    told = [name if len(name) < 100 else name[:100] + "…" for name in UNFIT]
    for _ in range(2):
        report = check_set_aside(ada, *told)
        details = {report.of(name).detail for name in told}
        assert all(detail.startswith("no session can have this name: ") for detail in details)
        assert {detail for detail in details if "lower-case" not in detail} <= {
            "no session can have this name: it is a name that Windows keeps for itself",
            "no session can have this name: it is a name that git keeps for itself",
        }
    assert git(ada.path, "for-each-ref", "--format=%(refname)", "refs/remotes") == "refs/remotes/origin/good"
    assert ada.pull(["good"]).ok
    assert {row.session_id for row in ada.status().sessions} == {"good"}


def test_a_name_that_differs_from_ours_in_case_only_is_set_aside_and_ours_goes_on(hub, forge, person):
    ada, bob = person("ada", hub), person("bob", hub)
    one = ada.create_session("One")
    git(ada.path, "branch", "-q", "-m", one, "One-x")
    ada.push(["One-x"])
    check_set_aside(bob, "One-x", good=())
    forge.forge("one-x")
    check_set_aside(ada, "one-x", good=("One-x",))
    assert bob.pull().of("one-x").outcome == "new"
    ada.add_message("One-x", Message("user", "on"))
    assert ada.push().of("One-x").outcome == "sent"


def test_a_name_that_git_takes_for_no_branch_is_set_aside_and_the_others_arrive(
    transport, hub, forge, person, monkeypatch
):
    tip = forge.forge("good")
    bad = {
        "a..b": "a..b",
        "x.lock": "x.lock",
        "\x1b[2J": "\\x1b[2J",
        "a b": "a b",
        "\udcff": "\\xff",
        "/": "/",
        "@": "@",
    }
    real = transport.refs
    monkeypatch.setattr(transport, "refs", lambda *args: real(*args) | {f"refs/heads/{name}": tip for name in bad})
    ada = person("ada", hub)
    check_set_aside(ada, *bad.values())
    check_set_aside(ada, *bad.values())


def test_very_many_unfit_names_are_told_in_one_line(hub, forge, person):
    forge.forge("good")
    tip = forge.commit(forge.session("X"))
    hub.path.joinpath("packed-refs").write_text("".join(f"{tip} refs/heads/X{at:04}\n" for at in range(1020)))
    report = person("ada", hub).pull()
    assert (report.of("good").outcome, len(report.problems)) == ("new", 20)
    assert report.notes == ["1,000 more branches there have names that no session can have"]


def test_a_store_branch_of_a_stranger_is_set_aside(hub, forge, person):
    forge.forge("good")
    forge.branch("claif-store", forge.commit(forge.folders({"claif.yaml": b"format: 1\n"})))
    ada = person("ada", hub)
    assert "begin" in ada.pull().of("claif-store").detail
    one = ada.create_session("One")
    report = ada.push([one])
    assert report.of(one).outcome == "sent"
    assert "left alone" in report.notes[0]


def test_what_plain_git_fetched_is_looked_at_all_the_same(hub, forge, person):
    forge.forge("good")
    forge.forge("evil", TREES["git-short"])
    ada = person("ada", hub)
    git(ada.path, "-c", "fetch.fsckObjects=false", "-c", "transfer.fsckObjects=false", "fetch", "-q", "origin")
    report = ada.pull()
    assert report.of("evil").outcome == "set-aside"
    assert [session.id for session in ada.list_sessions()] == ["good"]


def test_a_verdict_holds_until_the_branch_moves(transport, hub, forge, person, monkeypatch):
    forge.forge("evil", TREES["dots"])
    ada = person("ada", hub)
    check_set_aside(ada, "evil", good=())
    monkeypatch.setattr(type(transport), "fetch", lambda *_, **__: pytest.fail("fetched again"))
    check_set_aside(ada, "evil", good=())


def test_more_refs_than_allowed_are_one_line(hub, forge, person):
    tip = forge.forge("good")
    for number in range(5):
        forge.branch(f"b{number}", tip)
    ada = person("ada", hub)
    git(ada.path, "config", "claif.maxRefs", "3")
    with pytest.raises(Exception, match="more than 3 refs"):
        ada.fetch()
    assert Limits(max_refs=3) == Limits.of(ada._store.repo.config_get)


def check_set_aside(ada, *bad, good=("good",)):
    before = git(ada.path, "for-each-ref", "refs/heads")
    report = ada.pull()
    for name in bad:
        row = report.of(name)
        assert row is not None, name
        assert row.outcome == "set-aside", row
        assert row.detail
        assert row.detail.isprintable(), row.detail
    for name in good:
        assert report.of(name).outcome in ("new", "up-to-date")
    heads = git(ada.path, "for-each-ref", "--format=%(refname:short)", "refs/heads").split()
    assert not set(bad) & set(heads)
    assert set(good) <= set(heads)
    assert git(ada.path, "fsck", "--strict", "--no-dangling") == ""
    assert before in git(ada.path, "for-each-ref", "refs/heads") or good
    assert list(Path(ada.path, "claif/incoming").iterdir()) == []
    return report


@pytest.mark.parametrize(("name", "keeper"), [("con", "Windows"), ("lpt1.notes", "Windows"), ("fetch_head", "git")])
def test_a_name_that_is_kept_for_something_else_is_called_that(hub, forge, person, name, keeper):
    forge.branch(name, forge.commit(forge.session(name)))
    ada = person("ada", hub)
    for _ in range(2):
        (aside,) = ada.pull().problems
        assert aside.detail == f"no session can have this name: it is a name that {keeper} keeps for itself"


def test_a_name_that_differs_from_one_here_in_case_only_is_called_that(hub, forge, person):
    ada = person("ada", hub)
    git(ada.path, "branch", "-m", ada.create_session("One"), "Talk")
    forge.branch("talk", forge.commit(forge.session("talk")))
    (aside,) = ada.pull().problems
    assert aside.detail == "a session here has this name, but for upper and lower case"
