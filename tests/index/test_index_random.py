"""Whatever people do to a store, with our verbs or with plain git: the index says what git says."""

from __future__ import annotations

import random
from contextlib import closing
from pathlib import Path

import pytest
from index_stores import act, check_against_git, filled

from claif_git.errors import ClaifGitError
from claif_git.session import SessionManager


@pytest.mark.parametrize("seed", range(12))
def test_an_index_that_catches_up_says_what_git_says(tmp_path: Path, seed: int) -> None:
    rng = random.Random(seed)
    with closing(filled(tmp_path / "s")) as manager, closing(SessionManager(tmp_path / "s")) as other:
        for _ in range(9):
            for _ in range(rng.randint(1, 4)):
                try:
                    act(rng.choice([manager, other]), rng)
                except ClaifGitError:
                    continue  # such as merging a session that has no common ground; not what is tested here
            if rng.random() < 0.3:
                manager.list_sessions()  # rows without words
            check_against_git(rng.choice([manager, other]))
