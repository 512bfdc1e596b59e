"""Time functions in alternation, so that changes of the machine's speed affect all of them."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from statistics import median

Seconds = dict[str, list[float]]


def alternate(functions: Mapping[str, Callable[[], object]], *, rounds: int) -> Seconds:
    """Return the seconds of each function in each round: A B C, A B C, …"""
    found: Seconds = {name: [] for name in functions}
    for _ in range(rounds):
        for name, function in functions.items():
            started = time.perf_counter()
            function()
            found[name].append(time.perf_counter() - started)
    return found


def ratio(seconds: Seconds, of: str, to: str) -> float:
    """Return the median over the rounds of the ratio of two functions' seconds.

    Args:
        seconds: Seconds of all functions.
        of: Name of the numerator.
        to: Name of the denominator.
    """
    return median(a / b for a, b in zip(seconds[of], seconds[to], strict=True))


def spread(values: list[float]) -> dict[str, float]:
    """Return the median, the smallest and the largest value."""
    return {"median": median(values), "min": min(values), "max": max(values)}
