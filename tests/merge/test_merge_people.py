"""Two people with a store each, and plain git between them: nobody's words are lost, doubled, or land elsewhere."""

from __future__ import annotations

import random
import subprocess
from collections import Counter
from pathlib import Path

import pytest
from support import people
from support.people import ACTS, Act, Person, fetch, git, plain_merge, pull

TRUNK_TURNS = 3
MATRIX: list[Act] = [
    people.turn,
    people.retitle,
    people.set_key,
    people.annotate,
    people.reword,
    people.titled_branch,
    people.trim,
    people.trim_with_summary,
    people.regenerate,
    people.tool_call,
    people.merging("smart"),
    people.merging("chronological"),
    people.merging("manual"),
]
AFTER = [
    people.retitle,
    people.set_key,
    people.annotate,
    people.reword,
    people.trim,
    people.regenerate,
    people.tool_call,
]
MATRIX += [people.branch_after(act) for act in (*AFTER, people.merging("smart"), people.merging("chronological"))]


def two(tmp_path: Path, dice: random.Random, template: str | None = None) -> tuple[Person, Person, str]:
    ann = Person("ann", tmp_path / "ann")
    session = ann.manager.create_session("A talk", template, {"project": "x"})
    for _ in range(TRUNK_TURNS):
        people.turn(ann, session, dice)
    return ann, ann.clone("bob", tmp_path / "bob"), session


def check_same_everywhere(ann: Person, bob: Person, session: str) -> None:
    shown = ann.texts(session)
    assert shown == bob.texts(session)
    # What one reworded and the other dropped is dropped: it is one message.
    gone = {new for one, other in ((ann, bob), (bob, ann)) for new, old in one.was.items() if old in other.dropped}
    lost = (ann.said | bob.said) - (ann.dropped | bob.dropped) - gone - set(shown)
    assert not lost
    twice = [text for text, count in Counter(shown).items() if count > 1 and text in ann.said | bob.said]
    assert not twice


def check_sound(*stores: Person) -> None:
    for person in stores:
        done = subprocess.run(
            ["git", "-C", str(person.path), "fsck", "--strict"], capture_output=True, text=True, check=False
        )
        assert done.returncode == 0, done.stderr


@pytest.mark.parametrize("hers", MATRIX, ids=lambda act: act.__name__)
def test_plain_git_merges_what_two_people_did_without_conflict_and_gives_our_merge(hers: Act, tmp_path: Path) -> None:
    for number, his in enumerate(MATRIX):
        dice = random.Random(number)
        folder = tmp_path / str(number)
        folder.mkdir()
        ann, bob, session = two(folder, dice)
        hers(ann, session, dice)
        his(bob, session, dice)
        mine, yours = ann.tip(session), fetch(ann, bob, session)
        fetch(bob, ann, session)
        for ours, theirs in ((mine, yours), (yours, mine)):
            tree, clean = plain_merge(ann, ours, theirs)
            both_titled = "retitle" in hers.__name__ and "retitle" in his.__name__
            assert clean or both_titled, (hers.__name__, his.__name__)
        merged = pull(ann, bob, session)
        if clean:
            assert git(ann.path, "rev-parse", f"{merged}^{{tree}}") == tree, (hers.__name__, his.__name__)
        pull(bob, ann, session)
        check_same_everywhere(ann, bob, session)
        ann.manager.close()
        bob.manager.close()


@pytest.mark.parametrize("seed", range(24))
def test_whatever_two_people_do_in_rounds_both_end_with_the_same_conversation(seed: int, tmp_path: Path) -> None:
    dice = random.Random(seed)
    ann, bob, session = two(tmp_path, dice, "coding" if seed % 3 == 0 else None)
    acts = [*ACTS, people.remove_with_git] if seed % 2 else ACTS
    for _ in range(dice.randint(1, 3)):
        for person in (ann, bob):
            for _ in range(dice.randint(0, 4)):
                dice.choice(acts)(person, session, dice)
        first, second = dice.sample([ann, bob], 2)
        if dice.random() < 0.5:
            merge_with_plain_git(first, second, session)
        pull(first, second, session)
        pull(second, first, session)
        check_same_everywhere(ann, bob, session)
    check_sound(ann, bob)
    ann.manager.close()
    bob.manager.close()


def merge_with_plain_git(person: Person, other: Person, session: str) -> None:
    """Merge as one who has only git: where git finds no conflict, its tree becomes the merge commit."""
    ours, theirs = person.tip(session), fetch(person, other, session)
    tree, clean = plain_merge(person, ours, theirs)
    if clean and git(person.path, "merge-base", ours, theirs) not in (ours, theirs):
        commit = git(person.path, "commit-tree", tree, "-p", ours, "-p", theirs, "-m", "merged by hand")
        git(person.path, "update-ref", f"refs/heads/{session}", commit)


def test_three_people_who_pull_in_a_circle_end_with_the_same_conversation(tmp_path: Path) -> None:
    dice = random.Random(7)
    ann, bob, session = two(tmp_path, dice)
    cat = bob.clone("cat", tmp_path / "cat")
    circle = [ann, bob, cat]
    for _ in range(3):
        for person in circle:
            for _ in range(2):
                dice.choice(ACTS)(person, session, dice)
        for at, person in enumerate(circle):
            pull(person, circle[(at + 1) % 3], session)
    for person, other in ((ann, bob), (ann, cat), (bob, ann), (cat, ann)):
        pull(person, other, session)
    assert ann.texts(session) == bob.texts(session) == cat.texts(session)
    lost = (ann.said | bob.said | cat.said) - (ann.dropped | bob.dropped | cat.dropped) - set(ann.texts(session))
    assert not lost
    check_sound(ann, bob, cat)
    for person in circle:
        person.manager.close()


def test_git_merge_in_a_work_tree_gives_the_conversation_that_our_merge_gives(tmp_path: Path) -> None:
    dice = random.Random(3)
    ann, bob, session = two(tmp_path, dice)
    people.turn(ann, session, dice)
    people.trim(bob, session, dice)
    people.turn(bob, session, dice)
    fetch(ann, bob, session)
    tree = tmp_path / "work"
    git(ann.path, "worktree", "add", "-q", "--detach", str(tree), session)
    git(tree, "merge", "-q", "--no-edit", f"refs/remotes/bob/{session}")
    by_hand = git(tree, "rev-parse", "HEAD^{tree}")
    assert git(ann.path, "rev-parse", f"{pull(ann, bob, session)}^{{tree}}") == by_hand
    ann.manager.close()
    bob.manager.close()


def test_the_same_setting_set_on_both_sides_is_a_conflict_that_both_resolve_alike(tmp_path: Path) -> None:
    dice = random.Random(1)
    ann, bob, session = two(tmp_path, dice)
    ann.manager.update_title(session, "Ann's")
    bob.manager.update_title(session, "Bob's")
    fetch(bob, ann, session)
    pull(ann, bob, session)
    pull(bob, ann, session)
    assert ann.manager.get_session(session).title == bob.manager.get_session(session).title == "Ann's"
    ann.manager.close()
    bob.manager.close()


def test_criss_cross_merges_of_one_edited_setting_converge(tmp_path: Path) -> None:
    dice = random.Random(1)
    ann, bob, session = two(tmp_path, dice)
    ann.manager.update_title(session, "Ann's")
    bob.manager.update_title(session, "Bob's")
    mine, yours = ann.tip(session), bob.tip(session)
    fetch(ann, bob, session)
    fetch(bob, ann, session)
    ann.manager._working.join(session, ann.manager._store.head(session), yours)
    bob.manager._working.join(session, bob.manager._store.head(session), mine)
    assert ann.manager.get_session(session).title == "Ann's"
    assert bob.manager.get_session(session).title == "Bob's"
    pull(ann, bob, session)
    pull(bob, ann, session)
    assert ann.manager.get_session(session).title == bob.manager.get_session(session).title
    ann.manager.close()
    bob.manager.close()
