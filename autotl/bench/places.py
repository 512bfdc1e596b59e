"""Where measurements run: side by side on this machine's cores, or as tasks of a Ray cluster."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor, as_completed
from dataclasses import dataclass
from queue import SimpleQueue
from threading import Event
from typing import Any, Protocol

from autotl.bench.entry import Entry
from autotl.data import usable_cores
from autotl.errors import BenchError, UnknownName
from autotl.leaderboard import Row

NAMES = ("local", "ray")


@dataclass(frozen=True, slots=True)
class Seat:
    """What one measurement may use: so many ``threads``, bound to ``cores`` where any are named."""

    threads: int
    cores: tuple[int, ...] = ()


Work = Callable[[Entry, Seat, Event], Row]
"""Measures an entry; raises Stopped when the event is set meanwhile."""


class Place(Protocol):
    """Yields each entry with its row as soon as it is measured."""

    def run(self, due: Sequence[Entry], work: Work) -> Iterator[tuple[Entry, Row]]: ...


def place(name: str, workers: int) -> Place:
    """The place of this name. Raises UnknownName, and BenchError where it cannot be had."""
    if name not in NAMES:
        raise UnknownName("executor of benchmarks", name, NAMES)
    return Local(seats(workers)) if name == "local" else Cluster(workers)


def seats(workers: int) -> list[Seat]:
    """The usable cores dealt out evenly to so many workers. Raises BenchError where there are too few."""
    mine = sorted(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else []
    mine = (mine or list(range(os.cpu_count() or 1)))[: usable_cores()]
    if not 1 <= workers <= len(mine):
        raise BenchError(f"{workers} workers need a core each, and {len(mine)} are usable.")
    each = len(mine) // workers
    return [Seat(each, tuple(mine[i * each : (i + 1) * each])) for i in range(workers)]


@dataclass(frozen=True, slots=True)
class Local:
    """This machine: as many measurements at a time as there are seats."""

    seats: Sequence[Seat]

    def run(self, due: Sequence[Entry], work: Work) -> Iterator[tuple[Entry, Row]]:
        free: SimpleQueue[Seat] = SimpleQueue()
        for seat in self.seats:
            free.put(seat)
        stop = Event()

        def one(entry: Entry) -> Row:
            seat = free.get()
            try:
                return work(entry, seat, stop)
            finally:
                free.put(seat)

        with ThreadPoolExecutor(len(self.seats)) as pool:
            running = {pool.submit(one, entry): entry for entry in due}
            try:
                for done in as_completed(running):
                    yield running[done], done.result()
            except BaseException:
                stop.set()
                pool.shutdown(wait=True, cancel_futures=True)
                raise


@dataclass(frozen=True, slots=True)
class Cluster:
    """A Ray cluster: the one that RAY_ADDRESS names, or one started here.

    Each of the ``workers`` gets an equal share of the cores of a node, as Ray counts them. The results folder
    must be at the same path on all nodes. A task whose node dies is run again, once.
    """

    workers: int

    def run(self, due: Sequence[Entry], work: Work) -> Iterator[tuple[Entry, Row]]:
        ray = _ray()
        ours = not ray.is_initialized()
        if ours:
            ray.init(log_to_driver=False, include_dashboard=False)
        try:
            threads = max(1, int(ray.cluster_resources().get("CPU", 1)) // self.workers)
            task = ray.remote(num_cpus=threads, max_retries=1)(_remotely)
            running = {task.remote(work, entry, Seat(threads)): entry for entry in due}
            waiting = list(running)
            while waiting:
                (done,), waiting = ray.wait(waiting, num_returns=1)
                yield running[done], ray.get(done)
        finally:
            if ours:
                ray.shutdown()


def _remotely(work: Work, entry: Entry, seat: Seat) -> Row:
    return work(entry, seat, Event())


def _ray() -> Any:
    try:
        import ray  # an extra
    except ImportError as error:
        raise BenchError("Ray is not installed: pip install 'autotl[ray]'.") from error
    return ray
