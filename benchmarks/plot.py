"""Plots as SVG, both axes logarithmic: a file of text that a browser and a git host show."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from html import escape

Points = Sequence[tuple[float, float]]
COLOURS = ("#1f5fa8", "#c0501e", "#2e7d4f", "#7b4fa0", "#8a6d1a", "#555555")
_WIDTH, _HEIGHT, _LEFT, _BOTTOM, _TOP, _RIGHT = 640, 380, 70, 50, 40, 150


@dataclass(frozen=True, slots=True)
class Axis:
    """The whole powers of ten from `low` to `high`, laid out over pixels from `start` to `end`."""

    low: int
    high: int
    start: float
    end: float

    @classmethod
    def over(cls, values: Sequence[float], start: float, end: float) -> Axis:
        """Give the axis on which all values, which are above zero, have room."""
        low, high = math.floor(math.log10(min(values))), math.ceil(math.log10(max(values)))
        return cls(low, max(high, low + 1), start, end)

    def at(self, value: float) -> float:
        """Give the pixel of a value."""
        return self.start + (math.log10(value) - self.low) / (self.high - self.low) * (self.end - self.start)

    def ticks(self) -> list[float]:
        """Give the powers of ten."""
        return [10.0**power for power in range(self.low, self.high + 1)]


def plot(title: str, across: str, up: str, lines: Mapping[str, Points]) -> str:
    """Give an SVG with a line a name. Points that are not above zero cannot be shown. ValueError without any point."""
    shown = {name: [point for point in points if min(point) > 0] for name, points in lines.items()}
    shown = {name: sorted(points) for name, points in shown.items() if points}
    if not shown:
        raise ValueError("nothing to plot")
    every = [point for points in shown.values() for point in points]
    x = Axis.over([point[0] for point in every], _LEFT, _WIDTH - _RIGHT)
    y = Axis.over([point[1] for point in every], _HEIGHT - _BOTTOM, _TOP)
    parts = [
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {_WIDTH} {_HEIGHT}" font-family="sans-serif">',
        f'<rect width="{_WIDTH}" height="{_HEIGHT}" fill="#ffffff"/>',
        _text(_LEFT, 22, title, size=15),
        *_grid(x, y),
        _text((x.start + x.end) / 2, _HEIGHT - 12, across, anchor="middle"),
        f'<g transform="rotate(-90 16 {(y.start + y.end) / 2:.1f})">',
        _text(16, (y.start + y.end) / 2, up, anchor="middle"),
        "</g>",
    ]
    for at, (name, points) in enumerate(shown.items()):
        parts += _curve(name, points, x, y, COLOURS[at % len(COLOURS)], at)
    return "\n".join([*parts, "</svg>"]) + "\n"


def _grid(x: Axis, y: Axis) -> list[str]:
    found: list[str] = []
    for tick in x.ticks():
        at = x.at(tick)
        found.append(f'<path d="M{at:.1f} {y.start:.1f}V{y.end:.1f}" stroke="#dddddd"/>')
        found.append(_text(at, y.start + 18, f"{tick:,g}", anchor="middle"))
    for tick in y.ticks():
        at = y.at(tick)
        found.append(f'<path d="M{x.start:.1f} {at:.1f}H{x.end:.1f}" stroke="#dddddd"/>')
        found.append(_text(x.start - 8, at + 4, f"{tick:,g}", anchor="end"))
    return found


def _curve(name: str, points: Points, x: Axis, y: Axis, colour: str, rank: int) -> list[str]:
    places = [(x.at(across), y.at(up)) for across, up in points]
    path = "L".join(f"{across:.1f} {up:.1f}" for across, up in places)
    dots = [f'<circle cx="{across:.1f}" cy="{up:.1f}" r="3" fill="{colour}"/>' for across, up in places]
    key = _TOP + 8 + 18 * rank
    return [
        f'<path d="M{path}" fill="none" stroke="{colour}" stroke-width="2"/>',
        *dots,
        f'<path d="M{x.end + 14:.1f} {key}h18" stroke="{colour}" stroke-width="3"/>',
        _text(x.end + 38, key + 4, name),
    ]


def _text(x: float, y: float, words: str, *, anchor: str = "start", size: int = 12) -> str:
    return f'<text x="{x:.1f}" y="{y:.1f}" text-anchor="{anchor}" font-size="{size}">{escape(words)}</text>'
