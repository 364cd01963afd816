"""Sessions, as a program uses them."""

from claif_git.session.manager import SessionManager

__all__ = ["SessionManager"]
