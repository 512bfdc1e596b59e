"""Do the same work on many things in threads, results in order."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import TypeVar

T = TypeVar("T")
R = TypeVar("R")

_CHUNK = 64  # one task per image would cost more than decoding a small one


def in_threads(work: Callable[[T], R], things: Sequence[T], *, threads: int | None = None) -> Iterator[R]:
    """``work`` of each thing, in their order; by default in a thread per core, 16 at most.

    What ``work`` raises comes out here, and ends the rest.
    """
    threads = threads or min(os.cpu_count() or 1, 16)
    chunks = [things[start : start + _CHUNK] for start in range(0, len(things), _CHUNK)]
    pool = ThreadPoolExecutor(max_workers=max(1, min(threads, len(chunks))))
    try:
        for done in pool.map(lambda chunk: [work(thing) for thing in chunk], chunks):
            yield from done
    finally:
        pool.shutdown(cancel_futures=True)
