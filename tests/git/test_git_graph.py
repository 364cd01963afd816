"""Ancestry and history, checked against the plain definition and against git, with dates that mean nothing."""

from __future__ import annotations

from collections.abc import Sequence

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from claif_git.git import Commit, Repository
from claif_git.git.graph import is_ancestor, merge_bases
from claif_git.git.walk import walk

EMPTY_TREE = "4b825dc642cb6eb9a060e54bf8d69288fbee4904"


class Dag:
    """A graph of commits in memory: commit n has parents among those before it."""

    def __init__(self, shape: Sequence[tuple[Sequence[int], int]]) -> None:
        self.ids = [f"{at:040x}" for at in range(len(shape))]
        self.commits = {}
        self.reads = 0
        for at, (parents, when) in enumerate(shape):
            above = tuple(dict.fromkeys(self.ids[parent % at] for parent in parents)) if at else ()
            self.commits[self.ids[at]] = Commit(EMPTY_TREE, above, "A <a@b>", when, "A <a@b>", when, str(at))

    def read(self, oid: str) -> Commit:
        self.reads += 1
        return self.commits[oid]

    def reach(self, *tips: str) -> set[str]:
        seen, todo = set(), list(tips)
        while todo:
            oid = todo.pop()
            if oid not in seen:
                seen.add(oid)
                todo.extend(self.commits[oid].parents)
        return seen

    def best_common(self, a: str, b: str) -> set[str]:
        common = self.reach(a) & self.reach(b)
        return {oid for oid in common if not any(oid in self.reach(x) for x in common if x != oid)}


NEAR = st.integers(0, 3).map(lambda back: -1 - back)
PARENTS = st.one_of(st.lists(NEAR, min_size=1, max_size=3), st.lists(st.integers(0, 200), max_size=3))
SHAPES = st.lists(st.tuples(PARENTS, st.integers(0, 12)), min_size=2, max_size=28)


@given(SHAPES, st.data())
@settings(max_examples=250)
def test_merge_bases_are_all_best_common_ancestors_whatever_the_dates(shape, data):
    dag = Dag(shape)
    a, b = (data.draw(st.sampled_from(dag.ids)) for _ in "ab")
    found = merge_bases(dag.read, a, b)
    assert len(found) == len(set(found))
    assert set(found) == dag.best_common(a, b)
    assert is_ancestor(dag.read, a, b) == (a in dag.reach(b))


@given(SHAPES, st.data())
@settings(max_examples=250)
def test_walk_gives_what_is_reached_children_first_whatever_the_dates(shape, data):
    dag = Dag(shape)
    tips = data.draw(st.lists(st.sampled_from(dag.ids), max_size=4))
    hidden = data.draw(st.lists(st.sampled_from(dag.ids), max_size=3))
    found = [oid for oid, commit in walk(dag.read, tips, hidden) if commit == dag.commits[oid]]
    assert len(found) == len(set(found))
    assert set(found) == dag.reach(*tips) - dag.reach(*hidden)
    place = {oid: at for at, oid in enumerate(found)}
    for oid in found:
        assert all(place[oid] < place.get(parent, len(found)) for parent in dag.commits[oid].parents)


@given(SHAPES)
@settings(max_examples=12, suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow])
def test_git_agrees_about_ancestry(tmp_path_factory, git, shape):
    dag = Dag(shape)
    with Repository.init(tmp_path_factory.mktemp("dag")) as store:
        with store.writer(durable=False) as writer:
            writer.add("tree", b"")
            made: dict[str, str] = {}
            for oid, commit in dag.commits.items():
                parents = tuple(made[parent] for parent in commit.parents)
                when = commit.commit_time
                whole = Commit(EMPTY_TREE, parents, "A <a@b>", when, "A <a@b>", when, commit.message)
                made[oid] = writer.add("commit", whole.encode())
        ids = list(made.values())
        a, b = ids[-1], ids[-2]
        assert sorted(store.merge_bases(a, b)) == sorted(git(store, "merge-base", "--all", a, b, check=False).split())
        assert store.is_ancestor(b, a) == (b in git(store, "rev-list", a).split())
        walked = {oid for oid, _ in store.walk([a], [b])}
        assert walked == {made[oid] for oid in dag.reach(dag.ids[-1]) - dag.reach(dag.ids[-2])}
        assert walked <= set(git(store, "rev-list", a, f"^{b}").split())  # git gives too many where dates go far back


def line(count: int, *, start: int = 0) -> list[tuple[list[int], int]]:
    return [([at - 1] if at else [], start + at) for at in range(count)]


def test_what_lies_near_the_tips_is_found_near_the_tips():
    dag = Dag([*line(5_000), ([4_999], 6_000), ([5_000], 6_001), ([4_999], 6_000), ([5_002], 6_001)])
    assert merge_bases(dag.read, dag.ids[5_001], dag.ids[5_003]) == [dag.ids[4_999]]
    assert not is_ancestor(dag.read, dag.ids[5_001], dag.ids[5_003])
    assert is_ancestor(dag.read, dag.ids[4_990], dag.ids[5_003])
    assert [oid for oid, _ in walk(dag.read, [dag.ids[5_003]], [dag.ids[5_001]])] == [dag.ids[5_003], dag.ids[5_002]]
    assert dag.reads < 150


def test_a_criss_cross_near_the_tips_is_settled_near_the_tips():
    crossed = [([4_999], 6_000), ([4_999], 6_001), ([5_000, 5_001], 6_002), ([5_001, 5_000], 6_003)]
    dag = Dag([*line(5_000), *crossed])
    assert merge_bases(dag.read, dag.ids[5_002], dag.ids[5_003]) == [dag.ids[5_001], dag.ids[5_000]]
    assert dag.reads < 30


@pytest.mark.parametrize("dates", [(6_000, 6_000), (0, 6_000), (6_000, 0), (0, 0)])
def test_dates_cost_time_but_no_more_than_the_history(dates):
    mine, theirs = dates
    dag = Dag([*line(2_000), ([1_999], mine), ([2_000], mine), ([1_999], theirs), ([2_002], theirs)])
    assert merge_bases(dag.read, dag.ids[2_001], dag.ids[2_003]) == [dag.ids[1_999]]
    assert dag.reads <= 2_004


def test_walking_history_reads_no_further_than_it_is_asked():
    dag = Dag(line(5_000))
    steps = walk(dag.read, [dag.ids[-1]], [])
    assert [next(steps)[0] for _ in range(10)] == dag.ids[:-11:-1]
    assert dag.reads < 20


def test_unrelated_histories_have_no_merge_base():
    dag = Dag([([], 1), ([], 2)])
    assert merge_bases(dag.read, *dag.ids) == []
    assert not is_ancestor(dag.read, *dag.ids)
    assert merge_bases(dag.read, dag.ids[0], dag.ids[0]) == [dag.ids[0]]


def test_history_ends_where_a_shallow_clone_was_cut(store, append):
    first = append(store, "refs/heads/x", None, "first")
    second = append(store, "refs/heads/x", first, "second")
    third = append(store, "refs/heads/x", second, "third")
    (store.path / "shallow").write_text(f"{second}\n", encoding="ascii")
    assert [oid for oid, _ in store.walk([third])] == [third, second]
    assert not store.is_ancestor(first, third)
    assert store.read_commit(second).parents == ()
