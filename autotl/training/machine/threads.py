"""Run pieces of a batch in threads of their own on a CPU."""

from __future__ import annotations

import os
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from itertools import count
from threading import Barrier, Lock
from typing import TypeVar

import torch

T = TypeVar("T")
R = TypeVar("R")

MOST = 4
"""Pieces that run at once, however many cores there are: they share what Python does between layers."""

_POOLS: dict[tuple[int, int, int], ThreadPoolExecutor] = {}
"""By process, threads of torch and pieces at once. New threads for each batch would leak memory of torch."""
_BUSY = Lock()


def in_torch_threads(work: Callable[[T], R], pieces: Sequence[T], most: int) -> list[R]:
    """Return ``work`` of each piece, in order, without gradients.

    Up to ``most`` pieces run at once, for networks on a CPU: the threads of one operation wait for each other
    after it, hundreds of times a pass. On two cores, one thread for each of two pieces was 1.1 to 1.4 times
    as fast as two threads for one piece. ``work`` must keep nothing between calls. If another thread of the
    process is at it, the pieces run one after the other.
    """

    def taken(piece: T) -> R:
        with torch.inference_mode():  # it belongs to a thread
            return work(piece)

    if min(len(pieces), most) < 2 or not _BUSY.acquire(blocking=False):
        return [taken(piece) for piece in pieces]
    try:
        return list(_pool(min(len(pieces), most)).map(taken, pieces))
    finally:
        _BUSY.release()


def _pool(takers: int) -> ThreadPoolExecutor:
    """The threads of this process that take pieces; torch's own are divided among them."""
    threads = torch.get_num_threads()
    key = os.getpid(), threads, takers
    if key not in _POOLS:
        each, rest = divmod(threads, takers)
        numbers, here = count(), Barrier(takers)

        def begin() -> None:
            torch.get_num_threads()  # sets the process's number, once a thread: later it would undo ours
            torch.set_num_threads(max(1, each + (next(numbers) < rest)))

        pool = ThreadPoolExecutor(takers, thread_name_prefix="autotl-pieces", initializer=begin)
        list(pool.map(lambda _: here.wait(), range(takers)))  # all have begun
        torch.set_num_threads(threads)  # what they have set counts for every thread that is new to torch
        _POOLS[key] = pool
    return _POOLS[key]
