"""The config file: read as git reads it, changed so that what a person wrote there stays."""

from __future__ import annotations

import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from claif_git.errors import InvalidInputError
from claif_git.git import Repository

WRITTEN_BY_HAND = """\
# mine
[core]
\trepositoryformatversion = 0
\tbare = true ; yes
[Remote "o\\"r.Ig"] url = "a b"  # here
\tfetch = +refs/heads/*:refs/remotes/o/*
\tfetch = second
[section.Dotted]
\tKey = one \\
two
\tflag
\tempty =
\tspaced =   a   b\t
\tquoted = " a;#b " tail\\n\\t\\b\\\\
[remote "o\\"r.Ig"]
\tlast = "ope
"""


@pytest.fixture(scope="module")
def one_store(tmp_path_factory):
    with Repository.init(tmp_path_factory.mktemp("config") / "store") as store:
        yield store


def listed(git, store) -> list[tuple[str, str]]:
    rows = git(store, "config", "--local", "-z", "--list").split("\0")[:-1]
    return [(key, value) for key, _, value in (row.partition("\n") for row in rows)]


def test_what_a_person_wrote_is_read_as_git_reads_it(store, git):
    text = WRITTEN_BY_HAND.replace('"ope\n', "x\n")
    (store.path / "config").write_text(text, encoding="utf-8")
    expected = [(key, value or ("true" if key.endswith(".flag") else "")) for key, value in listed(git, store)]
    assert store.config_items() == expected
    assert store.config_get("core.BARE") == "true"
    assert store.config_get('remote.o"r.Ig.fetch') == "second"
    assert store.config_get('remote.o"r.ig.fetch') is None


def test_comments_and_other_values_stay(store, git):
    text = WRITTEN_BY_HAND.replace('"ope\n', "x\n")
    (store.path / "config").write_text(text, encoding="utf-8")
    before = store.config_items()
    store.config_set("new.key", "1")
    store.config_set("core.bare", "false")
    store.config_set('remote.o"r.Ig.fetch', "only")
    store.config_unset("section.dotted.key")
    store.config_unset("nothing.there")
    changed = (store.path / "config").read_text()
    assert "# mine\n" in changed
    assert [key for key, _ in store.config_items()] == [key for key, _ in listed(git, store)]
    after = dict(store.config_items())
    assert after["new.key"] == "1"
    assert after["core.bare"] == "false"
    assert [value for key, value in store.config_items() if key.endswith(".fetch")] == ["only"]
    assert "section.dotted.key" not in after
    untouched = {"core.bare", 'remote.o"r.Ig.fetch', "section.dotted.key"}
    assert [row for row in before if row[0] not in untouched] == [
        row for row in store.config_items() if row[0] not in untouched | {"new.key"}
    ]


def test_a_value_on_its_sections_own_line_is_replaced(store, git):
    (store.path / "config").write_text('[core] bare = true\n[a "b"] c = d\n[x]', encoding="utf-8")
    store.config_set("a.b.c", "e")
    assert store.config_get("a.b.c") == git(store, "config", "a.b.c").strip() == "e"
    store.config_unset("a.b.c")
    store.config_set("y.z", "1")
    assert store.config_items() == [("core.bare", "true"), ("y.z", "1")]
    assert git(store, "config", "y.z").strip() == "1"


KEYS = st.from_regex(r"[a-z]{1,3}(\.[A-Za-z0-9 \"\\.:/=\]é#;-]{1,6})?\.[A-Za-z]{1,3}", fullmatch=True)
VALUES = st.text(st.characters(codec="utf-8", exclude_characters="\x00"), max_size=12)


@given(st.lists(st.tuples(KEYS, st.none() | VALUES), min_size=1, max_size=4))
@example([("a.b.c", ' x # y ; \n\t\b\\" ')])
@example([("a.B.c", "1"), ("a.b.c", "2"), ("a.B.C", None)])
@settings(max_examples=15, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_git_reads_what_we_set(one_store, git, changes):
    expected: dict[str, str] = {}
    for key, value in changes:
        section, _, name = key.rpartition(".")
        first, dot, rest = section.partition(".")
        (one_store.config_unset(key) if value is None else one_store.config_set(key, value))
        expected[f"{first}{dot}{rest}.{name.lower()}"] = value
    ours = dict(one_store.config_items())
    assert ours == dict(listed(git, one_store))
    for key, value in expected.items():
        assert ours.get(key) == value == one_store.config_get(key)
        one_store.config_unset(key)


@pytest.mark.parametrize("key", ["", "a", ".b", "a.", "a.b c", "a\n.b", "a.\n.b", "a.1"])
def test_what_is_no_key_is_refused(store, key):
    with pytest.raises(InvalidInputError):
        store.config_get(key)


def test_a_value_that_git_cannot_hold_is_refused_and_changes_nothing(store):
    before = (store.path / "config").read_bytes()
    with pytest.raises(InvalidInputError):
        store.config_set("a.b", "\x00")
    assert (store.path / "config").read_bytes() == before
    assert not (store.path / "config.lock").exists()


def test_a_file_that_is_missing_holds_nothing(store):
    (store.path / "config").unlink()
    assert store.config_get("core.bare") is None
    store.config_set("core.bare", "true")
    assert store.config_get("core.bare") == "true"
