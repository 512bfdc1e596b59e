"""Map a function over many items in threads."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import TypeVar

from autotl.data.cpu_cores import usable_cores

Item = TypeVar("Item")
Result = TypeVar("Result")

_MAX_THREADS = 16
_CHUNK_SIZE = 64  # items per task: one task per image costs more than decoding a small image


def map_in_threads(
    function: Callable[[Item], Result], items: Sequence[Item], *, threads: int | None = None
) -> Iterator[Result]:
    """Yield ``function(item)`` for each item, in order.

    An exception of ``function`` is raised here and cancels the remaining items.

    Args:
        function: The function; called from several threads.
        items: The items.
        threads: The number of threads; None for one per usable core, 16 at most.
    """
    threads = threads or min(usable_cores(), _MAX_THREADS)
    chunks = [items[start : start + _CHUNK_SIZE] for start in range(0, len(items), _CHUNK_SIZE)]
    pool = ThreadPoolExecutor(max_workers=max(1, min(threads, len(chunks))))
    try:
        for results in pool.map(lambda chunk: [function(item) for item in chunk], chunks):
            yield from results
    finally:
        pool.shutdown(cancel_futures=True)
