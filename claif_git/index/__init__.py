"""The disposable index: what makes lists and searches fast. SQLite, beside the refs, rebuilt from them at any moment.

text, values    what is stored, and what is asked, as SQLite takes it
schema          the tables
database        the file: shared, damaged, locked, or one's own
sessions, words     rows written from snapshots; growth tells what is new
catchup         what moved since
listing, searching, matching, totals; reading, messages     what is read
"""

from __future__ import annotations

from claif_git.index.index import Index, IndexStats, Progress, wanted_of

__all__ = ["Index", "IndexStats", "Progress", "wanted_of"]
