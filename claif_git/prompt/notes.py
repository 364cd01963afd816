"""What a prompt left out or supplied, gathered while it is built: one line a reason, with the messages it touched."""

from __future__ import annotations

_SHOWN = 8


class Notes:
    """Reasons in the order in which they first came up."""

    def __init__(self) -> None:
        self._places: dict[str, list[int]] = {}

    def add(self, reason: str, index: int | None = None) -> None:
        """Note a reason, and the index of the message in its session where there is one."""
        places = self._places.setdefault(reason, [])
        if index is not None and index not in places[-1:]:
            places.append(index)

    def lines(self) -> list[str]:
        """Give one line a reason: `empty text left out (messages 3, 7)`."""
        return [f"{reason}{_where(sorted(places))}" for reason, places in self._places.items()]


def _where(places: list[int]) -> str:
    if not places:
        return ""
    shown = ", ".join(str(place) for place in places[:_SHOWN])
    more = f" and {len(places) - _SHOWN} more" if len(places) > _SHOWN else ""
    return f" (message{'s' if len(places) > 1 else ''} {shown}{more})"
