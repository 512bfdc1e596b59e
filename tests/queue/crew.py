"""Workers in threads, and the executor that is given them."""

from __future__ import annotations

import threading
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from autotl.api import Go, Job, Outcome, Place, Work
from autotl.clock import WallClock
from autotl.queue import Database, Member, QueueExecutor, serve

RUN = "run-1"


def executor_at(storage: str, folder: Path, **settings: float) -> QueueExecutor:
    return QueueExecutor(
        Place(folder, RUN, storage, lambda text: None), **{"dead_after": 5.0, "poll": 0.01, **settings}
    )


class Hurried:
    """A clock that finds an hour gone at every look once the run is over.

    A worker that comes too late to see its run open has no other sign that none will be, and would wait.
    """

    def __init__(self) -> None:
        self.over, self._ahead = threading.Event(), 0.0

    def now(self) -> float:
        self._ahead += 3600 * self.over.is_set()
        return WallClock().now() + self._ahead


@contextmanager
def crew(storage: str, folder: Path, work: Work, *, size: int = 1) -> Iterator[list[str]]:
    """``size`` workers that do ``work`` in threads; gives what they print. They end with the run."""
    said: list[str] = []
    clock = Hurried()

    def one(number: int) -> None:
        database = Database(storage)
        database.create()
        member = Member(database, RUN, f"thread-{number}")
        serve(member, lambda _: work, folder, idle=20, clock=clock, say=said.append, beat=0.1)
        database.close()

    threads = [threading.Thread(target=one, args=(number,)) for number in range(size)]
    for thread in threads:
        thread.start()
    try:
        yield said
    finally:
        clock.over.set()
        for thread in threads:
            thread.join()


@dataclass
class Manned:
    """The queue with its own workers, as any executor is run."""

    storage: str
    folder: Path
    size: int = 1
    name: str = "queue"
    summary: str = "the queue and workers in threads"
    said: list[str] = field(default_factory=list)

    def run(
        self, jobs: Iterable[Job | None], work: Work, go: Go, *, workers: int = 1, device: str = "cpu"
    ) -> Iterator[Outcome]:
        with crew(self.storage, self.folder, work, size=self.size) as said:
            outcomes = executor_at(self.storage, self.folder).run(jobs, work, go)
            try:
                yield from outcomes
            finally:
                outcomes.close()  # type: ignore[attr-defined]
                self.said += said
