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
_BUSY, _SAMPLE = 0.2, 0.1  # cores that are at work before autotl is, and the seconds it takes to see
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
    try:
        if "OMP_NUM_THREADS" not in os.environ:
            torch.set_num_threads(min(before, usable_cores()))
        with _sleeping_while_waiting() if not _waiting_is_set() and cores_are_busy() else nullcontext():
            yield
    finally:
        torch.set_num_threads(before)


def limit_spinning() -> None:
    """Let threads of OpenMP spin for SPINS checks, unless the user has set how they wait.

    Must be called before torch is imported, which reads the environment then. Child processes inherit it. The
    OpenMP of LLVM and Intel counts milliseconds: with it threads sleep at once.
    """
    if not _waiting_is_set():
        os.environ["GOMP_SPINCOUNT"] = str(SPINS)
        os.environ["KMP_BLOCKTIME"] = "0"


def cores_are_busy(processors: Path = PROCESSORS) -> bool:
    """Return whether the cores that this process is bound to are at work, by a sample of a tenth of a second.

    False if the operating system does not tell.
    """
    if (first := _ticks(processors)) is None:
        return False
    time.sleep(_SAMPLE)
    if (last := _ticks(processors)) is None or last[1] <= first[1]:
        return False
    busy, whole = last[0] - first[0], last[1] - first[1]
    return busy / whole * first[2] > _BUSY


def _waiting_is_set() -> bool:
    return any(name in os.environ for name in ("GOMP_SPINCOUNT", "OMP_WAIT_POLICY", "KMP_BLOCKTIME"))


def _ticks(processors: Path) -> tuple[int, int, int] | None:
    """Sum up the ticks that these cores were busy, and all their ticks; count the cores. None if unknown."""
    own = os.sched_getaffinity(0) if hasattr(os, "sched_getaffinity") else None
    busy = whole = cores = 0
    try:
        for line in processors.read_text().splitlines():
            name, *rest = line.split()
            if not name.startswith("cpu") or name == "cpu" or (own and int(name[3:]) not in own):
                continue
            times = [int(each) for each in rest[:8]]  # what guests took is in the first two already
            busy, whole, cores = busy + sum(times) - sum(times[3:5]), whole + sum(times), cores + 1
    except (OSError, ValueError):
        return None
    return (busy, whole, cores) if cores else None


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
