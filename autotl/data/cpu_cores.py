"""Count the usable CPU cores and keep torch's threads within them."""

from __future__ import annotations

import math
import os
import time
from collections.abc import Iterator
from contextlib import contextmanager, nullcontext
from pathlib import Path
from threading import Event, Thread

CGROUP = Path("/sys/fs/cgroup")
CPU_TIMES = Path("/proc/stat")
SPIN_COUNT = 5000
"""Times an OpenMP thread polls for work before it sleeps, about 50 microseconds.

OpenMP's default is 60 times that. If another program holds a core, the default makes a layer 2 to 12 times
slower. Without any spinning, a small network runs at half its speed, because it waits after each short layer.
"""
_BUSY_CORES = 0.2  # cores in use by other programs that count as busy
_SAMPLE_SECONDS = 0.1
_FOR_ALL_THREADS = 1 << 20  # numbers to sum: enough that torch gives each thread some


def usable_cores(cgroup: Path = CGROUP) -> int:
    """Return how many cores this process can keep busy.

    The number is limited by CPU affinity and by the CPU quota of the container.
    """
    bound = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
    return max(1, min(bound, math.ceil(min(_cpu_quota(cgroup), bound))))


@contextmanager
def torch_within_cores() -> Iterator[None]:
    """Limit torch to as many threads as there are usable cores.

    torch counts the cores of the CPU affinity, but not a container's quota. With ``--cpus 2`` on 64 cores,
    its 64 threads would wait for each other. A lower thread count and a user's OMP_NUM_THREADS are kept.
    If other programs use the cores, torch's threads sleep while they wait for each other.
    """
    import torch  # cores are counted in places where torch is not needed yet

    before = torch.get_num_threads()
    try:
        if "OMP_NUM_THREADS" not in os.environ:
            torch.set_num_threads(min(before, usable_cores()))
        with _short_waiting() if not _wait_policy_is_set() and cores_are_busy() else nullcontext():
            yield
    finally:
        torch.set_num_threads(before)


def limit_thread_spinning() -> None:
    """Let OpenMP threads spin for only SPIN_COUNT polls.

    A wait policy that the user set is kept. Call it before torch is imported: torch reads the environment
    then. Child processes inherit the setting. The OpenMP runtime of LLVM and Intel counts milliseconds; its
    threads sleep at once.
    """
    if not _wait_policy_is_set():
        os.environ["GOMP_SPINCOUNT"] = str(SPIN_COUNT)
        os.environ["KMP_BLOCKTIME"] = "0"


def cores_are_busy(cpu_times: Path = CPU_TIMES) -> bool:
    """Return whether other programs use this process's cores.

    A sample of 0.1 s decides. The answer is False if the operating system does not report CPU times.
    """
    if (first := _read_cpu_times(cpu_times)) is None:
        return False
    time.sleep(_SAMPLE_SECONDS)
    if (last := _read_cpu_times(cpu_times)) is None or last[1] <= first[1]:
        return False
    busy, total = last[0] - first[0], last[1] - first[1]
    return busy / total * first[2] > _BUSY_CORES


def _wait_policy_is_set() -> bool:
    return any(name in os.environ for name in ("GOMP_SPINCOUNT", "OMP_WAIT_POLICY", "KMP_BLOCKTIME"))


def _read_cpu_times(cpu_times: Path) -> tuple[int, int, int] | None:
    """Return busy ticks, all ticks and the number of cores, or None."""
    own = os.sched_getaffinity(0) if hasattr(os, "sched_getaffinity") else None
    busy = total = cores = 0
    try:
        for line in cpu_times.read_text().splitlines():
            name, *fields = line.split()
            if not name.startswith("cpu") or name == "cpu" or (own and int(name[3:]) not in own):
                continue
            ticks = [int(field) for field in fields[:8]]  # guest time is included in the first two
            idle = sum(ticks[3:5])
            busy, total, cores = busy + sum(ticks) - idle, total + sum(ticks), cores + 1
    except (OSError, ValueError):
        return None
    return (busy, total, cores) if cores else None


@contextmanager
def _short_waiting() -> Iterator[None]:
    """Let torch's threads sleep while they wait for each other.

    GNU OpenMP lets threads spin for milliseconds if the process has no more threads than cores. If another
    program holds a core, the awaited thread cannot run meanwhile, and layers take 2 to 12 times as long. A
    parked thread with its own team raises OpenMP's thread count above the core count, so waiting is short.
    GOMP_SPINCOUNT is the better limit, but it must be set before torch is imported.
    """
    import torch  # see torch_within_cores

    started, finished = Event(), Event()

    def park() -> None:
        try:
            torch.ones(_FOR_ALL_THREADS).sum()  # creates the team, which lives as long as this thread
        finally:
            started.set()
        finished.wait()

    parked = Thread(target=park, name="autotl-parked", daemon=True)
    parked.start()
    started.wait()
    try:
        yield
    finally:
        finished.set()
        parked.join()


def _cpu_quota(cgroup: Path) -> float:
    """Return the container's CPU quota in cores; infinity without a limit."""
    try:
        if (cgroup / "cpu.max").is_file():
            quota, period = map(int, (cgroup / "cpu.max").read_text().split())
        else:  # control groups version 1
            quota, period = (
                int((cgroup / f"cpu/cpu.cfs_{name}_us").read_text()) for name in ("quota", "period")
            )
    except (OSError, ValueError):  # no control groups, or "max" for no limit
        return math.inf
    return quota / period if quota > 0 and period > 0 else math.inf
