"""Numbers and tendencies of one session: offline, deterministic, and pure on what they are given."""

from claif_git.analytics.flow import conversation_flow
from claif_git.analytics.prices import PRICES_AS_OF
from claif_git.analytics.stats import session_stats

__all__ = ["PRICES_AS_OF", "conversation_flow", "session_stats"]
