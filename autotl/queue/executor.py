"""Have a run's jobs done by whatever workers there are, through its queue."""

from __future__ import annotations

import time
from collections.abc import Iterable, Iterator
from contextlib import suppress
from dataclasses import dataclass, field

from autotl.api import DIED, Epoch, Go, Job, Outcome, Place, Said, State, Work
from autotl.clock import Clock, WallClock
from autotl.errors import DiskFull, RunError, StorageError
from autotl.queue.coding import outcome_from, parted
from autotl.queue.coordinator import Coordinator, Look, Row
from autotl.queue.tables import Database

FILE = "queue.db"
"""In the run folder, where there is no storage: for workers on one machine."""
LATE = "stopped: the time was up, and no worker had taken it"


@dataclass(frozen=True)
class QueueExecutor:
    """Keeps one job more open than there are live workers. One that shows no life for ``dead_after`` seconds
    is dead: its job goes to another, once. The queue is looked at every ``poll`` seconds.
    """

    place: Place
    dead_after: float = 30.0
    poll: float = 0.1
    clock: Clock = field(default_factory=WallClock)
    name: str = "queue"
    summary: str = "trials run in 'autotl worker' processes, on all machines that share the run folder"

    def run(
        self, jobs: Iterable[Job | None], work: Work, go: Go, *, workers: int = 1, device: str = "cpu"
    ) -> Iterator[Outcome]:
        """Yield the outcomes; ``work`` is not called, for the workers build their own, nor do ``workers`` and
        ``device`` count. Raises StorageError.
        """
        place = self.place
        database = Database(place.storage or place.folder / FILE)
        coordinator = Coordinator(database, place.name)
        coordinator.begin(place.folder)
        storage = " --storage URL" if place.storage else ""
        place.say(f"Waiting for workers. Start some: autotl worker{storage} --run {place.folder.absolute()}")
        try:
            yield from _Round(self, coordinator, go).outcomes(jobs)
        finally:
            with suppress(
                StorageError
            ):  # told already, where it is the reason; else it is stale, and no harm
                coordinator.end()
            database.close()


class _Round:
    """One search through the queue."""

    def __init__(self, settings: QueueExecutor, coordinator: Coordinator, go: Go) -> None:
        self._settings, self._coordinator, self._go = settings, coordinator, go
        self._open: dict[int, Job] = {}
        self._beats: dict[object, tuple[int, float]] = {}
        self._asked = settings.clock.now()

    def outcomes(self, jobs: Iterable[Job | None]) -> Iterator[Outcome]:
        source, seq, live = iter(jobs), 0, 0
        more, dry = True, False
        while True:
            while more and not dry and len(self._open) <= live:
                try:
                    job = next(source)
                except StopIteration:
                    more = False
                    break
                if job is None:  # nothing to do until another outcome is known
                    dry = True
                    break
                self._coordinator.put(seq, parted(job, self._settings.place.folder))
                self._open[seq] = job
                seq += 1
            if not self._open:
                if more:
                    raise RunError(
                        "The search has nothing to do, yet waits for an outcome: a mistake in autotl."
                    )
                return
            look = self._coordinator.look()
            live = self._alive(look)
            over = False
            for row in look.jobs:
                outcome = self._attend(row)
                if outcome is not None:
                    over, dry = True, False
                    yield outcome
            if not over:
                time.sleep(self._settings.poll)

    def _attend(self, row: Row) -> Outcome | None:
        """Answer what the job has said; its outcome, where it is over."""
        job = self._open[row.seq]
        self._listen(row, job)
        if row.state == "claimed" and self._silent((row.seq, row.claim), row.beats):
            self._coordinator.give_up(row)
        elif row.state == "open" and self._too_late(job) and self._coordinator.withdraw(row):
            del self._open[row.seq]
            return Outcome(job, "stopped", (), 0.0, LATE)
        if row.state == "full":
            raise DiskFull(str(row.outcome))
        if row.state not in ("done", "dead"):
            return None
        outcome = Outcome(job, "failed", (), 0.0, DIED)
        if row.state == "done":
            outcome = outcome_from(str(row.outcome), job, self._settings.place.folder)
        self._coordinator.take(row.seq)
        del self._open[row.seq]
        return outcome

    def _listen(self, row: Row, job: Job) -> None:
        answer: State | None = row.answer
        for _, said in row.said:
            if answer is None:  # a job that was told to end is heard no more
                answer = self._go(job, said)
        if row.said:
            self._coordinator.answer(row, row.said[-1][0], answer)

    def _too_late(self, job: Job) -> bool:
        """Whether a job that nobody has taken would be told to stop; asked now and then."""
        settings = self._settings
        if settings.clock.now() - self._asked < settings.dead_after:
            return False
        self._asked = settings.clock.now()
        return self._go(job, Said(-1, Epoch(0))) == "stopped"  # of no fold: none has been begun

    def _alive(self, look: Look) -> int:
        """How many workers show life."""
        return sum(not self._silent(name, beats) for name, beats in look.workers.items())

    def _silent(self, who: object, beats: int) -> bool:
        """Whether the beats have stood still for too long, by this machine's clock: others may be wrong."""
        now = self._settings.clock.now()
        if who not in self._beats or self._beats[who][0] != beats:
            self._beats[who] = beats, now
        return now - self._beats[who][1] > self._settings.dead_after
