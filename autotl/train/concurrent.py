"""Run pieces of a batch in threads of their own on a CPU."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import TypeVar

import torch

T = TypeVar("T")
R = TypeVar("R")

MOST = 4
"""Threads that take pieces; each shares its own with as many cores as it has."""


def in_torch_threads(work: Callable[[T], R], pieces: Sequence[T], *, device: str) -> list[R]:
    """Return ``work`` of each piece, in order, without gradients.

    On a CPU several pieces run at once. The threads of one operation wait for each other after it, and do
    so hundreds of times a pass: one thread for each of two pieces was 1.1 to 1.4 times as fast as two
    threads for one piece. ``work`` must not change what it shares with another call.
    """
    threads = torch.get_num_threads()
    takers = min(len(pieces), threads, MOST) if device.startswith("cpu") else 1
    if takers < 2:
        with torch.inference_mode():
            return [work(piece) for piece in pieces]

    def taken(piece: T) -> R:
        # the mode and the number of threads belong to a thread
        if torch.get_num_threads() != threads // takers:
            torch.set_num_threads(threads // takers)
        with torch.inference_mode():
            return work(piece)

    try:
        with ThreadPoolExecutor(takers) as pool:
            return list(pool.map(taken, pieces))
    finally:
        torch.set_num_threads(threads)
