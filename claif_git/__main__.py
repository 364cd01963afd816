"""`python -m claif_git` is `claif-git`."""

from __future__ import annotations

import sys

from claif_git.cli import main

if __name__ == "__main__":
    sys.exit(main())
