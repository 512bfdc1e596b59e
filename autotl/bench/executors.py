"""Run measurements in parallel, on this machine or a Ray cluster."""

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
"""The names of the executors."""


@dataclass(frozen=True, slots=True)
class Resources:
    """The resources of one measurement.

    Attributes:
        threads: Number of threads.
        cores: Cores it is bound to; empty if it is not bound.
    """

    threads: int
    cores: tuple[int, ...] = ()


Measure = Callable[[Entry, Resources, Event], Row]
"""Measures an entry; raises Stopped if the event is set meanwhile."""


class BenchExecutor(Protocol):
    """An executor that yields each entry with its row when measured."""

    def run(self, entries: Sequence[Entry], measure: Measure) -> Iterator[tuple[Entry, Row]]: ...


def make_executor(name: str, workers: int) -> BenchExecutor:
    """Create an executor.

    Args:
        name: "local" or "ray".
        workers: Number of measurements at a time.

    Raises:
        UnknownName: If there is no executor of this name.
        BenchError: If there are fewer cores than workers.
    """
    if name not in NAMES:
        raise UnknownName("executor of benchmarks", name, NAMES)
    return LocalExecutor(split_cores(workers)) if name == "local" else RayExecutor(workers)


def split_cores(workers: int) -> list[Resources]:
    """Divide the usable cores evenly.

    Raises:
        BenchError: If there are fewer cores than workers.
    """
    cores = sorted(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else []
    cores = (cores or list(range(os.cpu_count() or 1)))[: usable_cores()]
    if not 1 <= workers <= len(cores):
        raise BenchError(
            f"workers must be between 1 and the number of usable cores, {len(cores)} (got {workers})."
        )
    each = len(cores) // workers
    return [Resources(each, tuple(cores[i * each : (i + 1) * each])) for i in range(workers)]


@dataclass(frozen=True, slots=True)
class LocalExecutor:
    """Runs as many measurements at a time as there are resources."""

    resources: Sequence[Resources]

    def run(self, entries: Sequence[Entry], measure: Measure) -> Iterator[tuple[Entry, Row]]:
        free: SimpleQueue[Resources] = SimpleQueue()
        for each in self.resources:
            free.put(each)
        stop = Event()

        def measure_one(entry: Entry) -> Row:
            resources = free.get()
            try:
                return measure(entry, resources, stop)
            finally:
                free.put(resources)

        with ThreadPoolExecutor(len(self.resources)) as pool:
            running = {pool.submit(measure_one, entry): entry for entry in entries}
            try:
                for done in as_completed(running):
                    yield running[done], done.result()
            except BaseException:
                stop.set()
                pool.shutdown(wait=True, cancel_futures=True)
                raise


@dataclass(frozen=True, slots=True)
class RayExecutor:
    """An executor on the cluster of RAY_ADDRESS, or a local one.

    Each worker gets an equal number of the cores that Ray counts. The results folder must be at the same path
    on all nodes. If a node dies, its tasks are repeated once.
    """

    workers: int

    def run(self, entries: Sequence[Entry], measure: Measure) -> Iterator[tuple[Entry, Row]]:
        ray = _import_ray()
        starts_ray = not ray.is_initialized()
        if starts_ray:
            ray.init(log_to_driver=False, include_dashboard=False)
        try:
            threads = max(1, int(ray.cluster_resources().get("CPU", 1)) // self.workers)
            task = ray.remote(num_cpus=threads, max_retries=1)(_measure_remotely)
            running = {task.remote(measure, entry, Resources(threads)): entry for entry in entries}
            waiting = list(running)
            while waiting:
                (done,), waiting = ray.wait(waiting, num_returns=1)
                yield running[done], ray.get(done)
        finally:
            if starts_ray:
                ray.shutdown()


def _measure_remotely(measure: Measure, entry: Entry, resources: Resources) -> Row:
    return measure(entry, resources, Event())


def _import_ray() -> Any:
    try:
        import ray  # an extra
    except ImportError as error:
        raise BenchError("Ray is not installed: pip install 'autotl[ray]'.") from error
    return ray
