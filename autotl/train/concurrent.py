"""Run pieces of a batch in threads of their own on a CPU."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import TypeVar

import torch

T = TypeVar("T")
R = TypeVar("R")

MOST = 4
"""Pieces that run at once, however many cores there are: they share what Python does between layers."""


def in_torch_threads(work: Callable[[T], R], pieces: Sequence[T], most: int) -> list[R]:
    """Return ``work`` of each piece, in order, without gradients.

    Up to ``most`` pieces run at once, for networks on a CPU: the threads of one operation wait for each other
    after it, hundreds of times a pass. On two cores, one thread for each of two pieces was 1.1 to 1.4 times
    as fast as two threads for one piece. ``work`` must keep nothing between calls.
    """
    threads = torch.get_num_threads()
    takers = min(len(pieces), most)
    if takers < 2:
        with torch.inference_mode():
            return [work(piece) for piece in pieces]

    def taken(piece: T) -> R:
        # the mode and the number of threads belong to a thread
        if torch.get_num_threads() != max(1, threads // takers):
            torch.set_num_threads(max(1, threads // takers))
        with torch.inference_mode():
            return work(piece)

    try:
        with ThreadPoolExecutor(takers) as pool:
            return list(pool.map(taken, pieces))
    finally:
        torch.set_num_threads(threads)
