"""A request to a model, built from a session: pure, and always one that the Messages API takes."""

from claif_git.prompt.build import build_prompt
from claif_git.prompt.request import Prompt
from claif_git.prompt.thinking import FINGERPRINT

__all__ = ["FINGERPRINT", "Prompt", "build_prompt"]
