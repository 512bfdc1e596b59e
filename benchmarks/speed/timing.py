"""Time things in alternation, so that a machine whose speed drifts drifts for all of them."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from statistics import median

Seconds = dict[str, list[float]]


def alternate(things: Mapping[str, Callable[[], object]], *, rounds: int) -> Seconds:
    """Seconds of each thing in each round: A B C, A B C, …"""
    found: Seconds = {name: [] for name in things}
    for _ in range(rounds):
        for name, thing in things.items():
            started = time.perf_counter()
            thing()
            found[name].append(time.perf_counter() - started)
    return found


def ratio(seconds: Seconds, of: str, to: str) -> float:
    """The median over rounds of ``of`` divided by ``to``."""
    return median(a / b for a, b in zip(seconds[of], seconds[to], strict=True))


def spread(values: list[float]) -> dict[str, float]:
    """Median, smallest and largest."""
    return {"median": median(values), "min": min(values), "max": max(values)}
