"""Many refs made at once: none that was there is touched, and stock git sees the rest."""

from __future__ import annotations

import threading

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from claif_git.errors import ConcurrentUpdateError
from claif_git.git import Repository, refs

HEADS = "refs/heads/"


@pytest.fixture
def tip(store, append) -> str:
    return append(store, "", None, "a turn")


@pytest.mark.parametrize("durable", [True, False])
def test_refs_are_made_where_there_are_none(store, git, clean, append, tip, durable):
    other = append(store, "", tip, "another turn")
    store.move_ref(HEADS + "loose", None, other)
    store.move_ref(HEADS + "packed", None, other)
    git(store, "pack-refs", "--all")
    store.move_ref(HEADS + "loose", other, tip)
    wanted = dict.fromkeys([HEADS + name for name in ("new", "loose", "packed", "newer")], tip) | {"no ref": tip}
    assert sorted(store.create_refs(wanted, durable=durable)) == [HEADS + "new", HEADS + "newer"]
    expected = {HEADS + "loose": tip, HEADS + "new": tip, HEADS + "newer": tip, HEADS + "packed": other}
    assert store.refs() == expected
    said = git(store, "for-each-ref", "--format=%(refname) %(objectname)")
    assert said.split() == [word for pair in sorted(expected.items()) for word in pair]
    assert store.create_refs(wanted) == []
    assert store.move_ref(HEADS + "new", tip, other)
    assert not list((store.path / "refs").rglob("*.lock"))
    clean(store)


@given(
    there=st.sets(st.sampled_from(["a", "a/b", "a/b/c", "b", "b/a", "c"]), max_size=3),
    wanted=st.sets(st.sampled_from(["a", "a/b", "a/b/c", "a/c", "b", "b/a", "c", "d/e"]), min_size=1),
)
@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=40, deadline=None)
def test_a_ref_never_comes_to_stand_above_or_below_another(tmp_path_factory, there, wanted):
    with Repository.init(tmp_path_factory.mktemp("refs") / "store") as store:
        with store.writer(durable=False) as writer:
            oid = writer.add("blob", b"")
        kept: set[str] = set()
        for name in sorted(there):
            if not any(name.startswith(f"{other}/") or other.startswith(f"{name}/") for other in kept):
                store.move_ref(HEADS + name, None, oid)
                kept.add(name)
        made = {name[len(HEADS) :] for name in store.create_refs({HEADS + name: oid for name in wanted})}
        assert {name[len(HEADS) :] for name in store.refs()} == kept | made
        assert not any(other.startswith(f"{name}/") for name in kept | made for other in kept | made)
        free = [
            name
            for name in wanted - kept - made
            if not any(name.startswith(f"{other}/") or other.startswith(f"{name}/") for other in kept | wanted)
        ]
        assert not free


def test_of_two_who_make_the_same_refs_each_is_made_by_one(store, tip):
    names = [f"{HEADS}{at}" for at in range(40)]
    made: list[str] = []

    def all_at_once(mine: Repository) -> None:
        made.extend(mine.create_refs(dict.fromkeys(names, tip), durable=False))

    def one_by_one(mine: Repository) -> None:
        made.extend(name for name in reversed(names) if mine.move_ref(name, None, tip, durable=False))

    with Repository.open(store.path) as second, Repository.open(store.path) as third:
        work = [(all_at_once, store), (all_at_once, second), (one_by_one, third)]
        threads = [threading.Thread(target=run, args=[mine]) for run, mine in work]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
    assert sorted(made) == sorted(names)


def test_none_is_made_while_one_is_locked(store, tip, monkeypatch):
    monkeypatch.setattr(refs, "_WAIT", 0.05)
    lock = store.path / "refs/heads/b.lock"
    lock.write_text("")
    with pytest.raises(ConcurrentUpdateError):
        store.create_refs({HEADS + "a": tip, HEADS + "b": tip})
    assert store.refs() == {}
    lock.unlink()
    assert len(store.create_refs({HEADS + "a": tip, HEADS + "b": tip})) == 2
