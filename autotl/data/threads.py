"""Use the cores that this process may use: for the same work on many things, and for torch."""

from __future__ import annotations

import math
import os
import time
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager, nullcontext
from pathlib import Path
from threading import Event, Thread
from typing import TypeVar

T = TypeVar("T")
R = TypeVar("R")

CGROUP = Path("/sys/fs/cgroup")
PROCESSORS = Path("/proc/stat")
SPINS = 5000
"""How often a thread of OpenMP checks for its turn before it sleeps: about 50 microseconds.

OpenMP's own default is 60 times that, and costs a layer 2 to 12 times its time if another program holds a
core. No spinning at all costs a small network, which waits after each of its short layers, half its speed.
"""
_BUSY, _SAMPLE = 0.1, 0.1  # the share of the cores' time that other programs take, and the seconds to see it
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
    If other programs use the cores, torch's threads sleep while they wait for each other.
    """
    import torch  # cores are counted where torch is not yet needed

    before = torch.get_num_threads()
    if "OMP_NUM_THREADS" not in os.environ:
        torch.set_num_threads(min(before, usable_cores()))
    asleep = not _waiting_is_set() and cores_are_busy()
    try:
        with _sleeping_while_waiting() if asleep else nullcontext():
            yield
    finally:
        torch.set_num_threads(before)


def limit_spinning() -> None:
    """Let threads of OpenMP spin for SPINS checks, unless the user has set how they wait.

    Must be called before torch is imported, which reads the environment then. Child processes inherit it.
    """
    if not _waiting_is_set():
        os.environ["GOMP_SPINCOUNT"] = str(SPINS)


def cores_are_busy(processors: Path = PROCESSORS) -> bool:
    """Return whether other programs use the machine's cores, by a sample of a tenth of a second.

    False if the operating system does not tell.
    """
    first = _processor_time(processors)
    time.sleep(_SAMPLE)
    last = _processor_time(processors)
    if first is None or last is None or last[1] <= first[1]:
        return False
    return (last[0] - first[0]) / (last[1] - first[1]) > _BUSY


def _waiting_is_set() -> bool:
    return "GOMP_SPINCOUNT" in os.environ or "OMP_WAIT_POLICY" in os.environ


def _processor_time(processors: Path) -> tuple[int, int] | None:
    """The time that all cores were busy, and their whole time, in ticks; None if it is unknown."""
    try:
        times = [int(each) for each in processors.read_text().partition("\n")[0].split()[1:]]
    except (OSError, ValueError):
        return None
    idle = sum(times[3:5])  # idle, and waiting for a disk
    return (sum(times) - idle, sum(times)) if len(times) > 4 else None


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
    short. GOMP_SPINCOUNT limits it better, but only if it is set before torch is imported.
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
