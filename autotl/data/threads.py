"""Use the cores that this process may use: for the same work on many things, and for torch."""

from __future__ import annotations

import math
import os
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path
from threading import Event, Thread
from typing import TypeVar

T = TypeVar("T")
R = TypeVar("R")

CGROUP = Path("/sys/fs/cgroup")
_FOR_ALL_THREADS = 1 << 20  # numbers to add up: enough that torch gives each thread some
_CHUNK = 64  # one task per image would cost more than decoding a small one


def usable_cores(cgroup: Path = CGROUP) -> int:
    """How many cores this process can keep busy: those it is bound to, within its container's share."""
    bound = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
    return max(1, min(bound, math.ceil(min(_share(cgroup), bound))))


@contextmanager
def torch_within_cores() -> Iterator[None]:
    """Within the block torch computes in at most as many threads as there are usable cores.

    torch looks at the cores it is bound to, not at a container's share of them: with ``--cpus 2`` on 64 cores
    its 64 threads would wait for each other. Fewer threads, and a user's OMP_NUM_THREADS, stay as they are.
    Threads sleep while they wait for each other, so another program on the machine slows them less.
    """
    import torch  # cores are counted where torch is not yet needed

    before = torch.get_num_threads()
    if "OMP_NUM_THREADS" in os.environ or before <= (cores := usable_cores()):
        with _sleeping_while_waiting():
            yield
        return
    torch.set_num_threads(cores)
    try:
        with _sleeping_while_waiting():
            yield
    finally:
        torch.set_num_threads(before)


def in_threads(work: Callable[[T], R], things: Sequence[T], *, threads: int | None = None) -> Iterator[R]:
    """``work`` of each thing, in their order; by default in a thread per usable core, 16 at most.

    What ``work`` raises comes out here, and ends the rest.
    """
    threads = threads or min(usable_cores(), 16)
    chunks = [things[start : start + _CHUNK] for start in range(0, len(things), _CHUNK)]
    pool = ThreadPoolExecutor(max_workers=max(1, min(threads, len(chunks))))
    try:
        for done in pool.map(lambda chunk: [work(thing) for thing in chunk], chunks):
            yield from done
    finally:
        pool.shutdown(cancel_futures=True)


@contextmanager
def _sleeping_while_waiting() -> Iterator[None]:
    """Within the block torch's threads sleep while they wait for each other.

    GNU OpenMP lets them spin for milliseconds as long as the process has no more threads than cores. If
    another program holds a core, the thread waited for cannot run meanwhile: layers took 2 to 12 times as
    long. A parked thread with a team of its own makes OpenMP count more threads than cores, so waiting is
    short. OMP_WAIT_POLICY does the same, but only before torch is imported.
    """
    import torch  # see torch_within_cores

    started, over = Event(), Event()

    def park() -> None:
        try:
            torch.ones(_FOR_ALL_THREADS).sum()  # makes the team, which lives as long as this thread
        finally:
            started.set()
        over.wait()

    parked = Thread(target=park, name="autotl-parked", daemon=True)
    parked.start()
    started.wait()
    try:
        yield
    finally:
        over.set()
        parked.join()


def _share(cgroup: Path) -> float:
    """How many cores' time the container grants; infinity where nothing limits it."""
    try:
        if (cgroup / "cpu.max").is_file():
            quota, period = map(int, (cgroup / "cpu.max").read_text().split())
        else:  # the first version of control groups
            quota, period = (
                int((cgroup / f"cpu/cpu.cfs_{name}_us").read_text()) for name in ("quota", "period")
            )
    except (OSError, ValueError):  # no control groups, or "max" for no limit
        return math.inf
    return quota / period if quota > 0 and period > 0 else math.inf
