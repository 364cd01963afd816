"""Numbers out of samples."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Summary:
    """What is quoted of a row of samples, in their unit."""

    median: float
    p99: float
    count: int


def quantile(samples: Sequence[float], share: float) -> float:
    """Give the sample below which `share` (0 to 1) of them lie: the nearest one, none is invented between two."""
    if not samples:
        raise ValueError("no samples")
    ordered = sorted(samples)
    return ordered[min(len(ordered) - 1, max(0, math.ceil(share * len(ordered)) - 1))]


def median(samples: Sequence[float]) -> float:
    """Give the middle, or the mean of the two there."""
    if not samples:
        raise ValueError("no samples")
    ordered, half = sorted(samples), len(samples) // 2
    return ordered[half] if len(ordered) % 2 else (ordered[half - 1] + ordered[half]) / 2


def summary(samples: Sequence[float]) -> Summary:
    """Give what is quoted."""
    return Summary(median(samples), quantile(samples, 0.99), len(samples))


def short(value: float) -> str:
    """Write a number with two or three digits that count."""
    if value == 0:
        return "0"
    if abs(value) >= 100:
        return f"{value:,.0f}"
    return f"{value:.1f}" if abs(value) >= 10 else f"{value:.2f}"
