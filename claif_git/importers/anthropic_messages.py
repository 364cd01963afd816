"""The Messages API of Anthropic: a request, a bare list of messages, or a request with its response."""

from __future__ import annotations

from claif_git.importers.chain import Chain, entries
from claif_git.importers.conversation import Parsed
from claif_git.importers.values import mapping, role_of, word
from claif_git.model import Json

SOURCE = "anthropic-messages"


def parse(document: Json, *, keep_raw: bool = False) -> Parsed:
    """Read one conversation. A message that cannot be read is a problem; the others are read."""
    about, found = entries(document)
    chain = Chain(about, keep_raw=keep_raw)
    if about.get("system"):
        content = chain.content("system", about["system"])
        if content is not None:
            chain.add("system", "system", content, {"system": about["system"]})
    for where, item in found:
        _read(chain, where, item)
    conversation = chain.finish(SOURCE)
    return Parsed((conversation,) if conversation else (), tuple(chain.problems))


def _read(chain: Chain, where: str, item: Json) -> None:
    data = mapping(item)
    role = role_of(data.get("role"))
    if role is None:
        chain.complain(where, "no role that is known")
        return
    content = chain.content(where, data.get("content"))
    if content is None:
        return
    reply = word(data.get("id"))
    chain.add(
        where,
        role,
        content,
        data,
        tokens=mapping(data.get("usage")) or None,
        model=word(data.get("model")),
        metadata={"reply": reply} if reply else {},
    )
