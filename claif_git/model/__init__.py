"""What a conversation is made of. Pure: no I/O."""

from claif_git.model.blocks import Block, Content, Json, plain, searchable, text_of
from claif_git.model.message import Message, MessageRole, Origin
from claif_git.model.session import Session
from claif_git.model.times import as_utc, iso, last_of, now, parse_iso
from claif_git.model.usage import TokenCount, Tokens, count, normalise_tokens

__all__ = [
    "Block",
    "Content",
    "Json",
    "Message",
    "MessageRole",
    "Origin",
    "Session",
    "TokenCount",
    "Tokens",
    "as_utc",
    "count",
    "iso",
    "last_of",
    "normalise_tokens",
    "now",
    "parse_iso",
    "plain",
    "searchable",
    "text_of",
]
