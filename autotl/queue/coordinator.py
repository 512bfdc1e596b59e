"""What the process that searches does with the queue: put jobs in, hear what they say, take them out."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from sqlalchemy import Connection, and_, delete, insert, select, update
from sqlalchemy.sql import ColumnElement

from autotl.api import ATTEMPTS, Job, Said, State
from autotl.queue.coding import job_text, said_from
from autotl.queue.tables import Database, jobs, replaced, runs, said, workers


@dataclass(frozen=True, slots=True)
class Row:
    """A job as it stands. ``beats`` grow while its worker lives; ``said`` is what it has said since the last
    look, by number.
    """

    seq: int
    state: str
    claim: int
    died: int
    worker: str | None
    beats: int
    answer: State | None
    outcome: str | None
    said: tuple[tuple[int, Said], ...]


@dataclass(frozen=True, slots=True)
class Look:
    """The queue at one moment: jobs in the order they were put in, and each worker's beats."""

    jobs: tuple[Row, ...]
    workers: Mapping[str, int]


class Coordinator:
    """One process's hold of a run's queue. A later one, of the run resumed, takes it away: from then on all
    this one does raises StorageError.
    """

    def __init__(self, database: Database, run: str) -> None:
        self._database, self._run = database, run
        self._incarnation = 0

    def begin(self, folder: Path) -> int:
        """Take the run over and drop what an earlier coordinator left; gives the number of this one."""
        self._database.create()

        def act(c: Connection) -> int:
            query = select(runs.c.incarnation).where(runs.c.name == self._run).with_for_update()
            before = c.execute(query).scalar_one_or_none()
            now = {"path": str(folder.absolute()), "incarnation": (before or 0) + 1, "state": "open"}
            if before is None:
                c.execute(insert(runs).values(name=self._run, **now))
            else:
                c.execute(update(runs).where(runs.c.name == self._run).values(now))
            for table in (jobs, said, workers):  # a worker that lives enters itself again
                c.execute(delete(table).where(table.c.run == self._run))
            return (before or 0) + 1

        self._incarnation = self._database.do(act)
        return self._incarnation

    def put(self, seq: int, job: Job) -> None:
        """Enter a job."""

        def act(c: Connection) -> None:
            self._own(c)
            if c.execute(select(jobs.c.seq).where(self._job(seq))).one_or_none() is None:
                key = {"run": self._run, "incarnation": self._incarnation, "seq": seq}
                none = {"claim": 0, "died": 0, "beats": 0, "heard": 0}
                c.execute(insert(jobs).values(**key, **none, job=job_text(job), state="open"))

        self._database.do(act)

    def look(self) -> Look:
        """How everything stands."""

        def act(c: Connection) -> Look:
            self._own(c)
            mine = c.execute(select(jobs).where(self._all(jobs.c)).order_by(jobs.c.seq)).all()
            told = c.execute(select(said).where(self._all(said.c)).order_by(said.c.seq, said.c.n)).all()
            beats = c.execute(select(workers.c.name, workers.c.beats).where(workers.c.run == self._run))
            return Look(
                tuple(
                    Row(
                        row.seq,
                        row.state,
                        row.claim,
                        row.died,
                        row.worker,
                        row.beats,
                        row.answer,
                        row.outcome,
                        tuple(
                            (each.n, said_from(each.said))
                            for each in told
                            if (each.seq, each.claim) == (row.seq, row.claim) and each.n > row.heard
                        ),
                    )
                    for row in mine
                ),
                {row.name: row.beats for row in beats},
            )

        return self._database.do(act)

    def answer(self, row: Row, heard: int, answer: State | None) -> None:
        """Say that all up to number ``heard`` was heard, and how the job is to end, if it is to."""

        def act(c: Connection) -> None:
            same = and_(self._job(row.seq), jobs.c.claim == row.claim)
            c.execute(update(jobs).where(same).values(heard=heard, answer=answer))
            c.execute(
                delete(said).where(
                    self._all(said.c),
                    said.c.seq == row.seq,
                    (said.c.claim < row.claim) | (said.c.n <= heard),
                )
            )

        self._database.do(act)

    def give_up(self, row: Row) -> None:
        """Take a job from a worker that shows no life: for another one, or for good where it has had its
        attempts. Nothing happens where the worker has shown life meanwhile.
        """
        state = "dead" if row.died + 1 >= ATTEMPTS else "open"

        def act(c: Connection) -> None:
            same = and_(
                self._job(row.seq),
                jobs.c.state == "claimed",
                jobs.c.claim == row.claim,
                jobs.c.beats == row.beats,
            )
            c.execute(update(jobs).where(same).values(state=state, died=row.died + 1, worker=None))

        self._database.do(act)

    def withdraw(self, row: Row) -> bool:
        """Take out a job that nobody has taken; false where somebody has."""

        def act(c: Connection) -> bool:
            return c.execute(delete(jobs).where(self._job(row.seq), jobs.c.state == "open")).rowcount == 1

        return self._database.do(act)

    def take(self, seq: int) -> None:
        """Take out a job that is over."""

        def act(c: Connection) -> None:
            c.execute(delete(jobs).where(self._job(seq)))
            c.execute(delete(said).where(self._all(said.c), said.c.seq == seq))

        self._database.do(act)

    def end(self) -> None:
        """Take out all that is left, and let the workers go."""

        def act(c: Connection) -> None:
            same = and_(runs.c.name == self._run, runs.c.incarnation == self._incarnation)
            c.execute(update(runs).where(same).values(state="ended"))
            c.execute(delete(jobs).where(self._all(jobs.c)))
            c.execute(delete(said).where(self._all(said.c)))

        self._database.do(act)

    def _own(self, c: Connection) -> None:
        now = c.execute(select(runs.c.incarnation).where(runs.c.name == self._run)).scalar_one_or_none()
        if now != self._incarnation:
            raise replaced(self._run)

    def _all(self, c: Any) -> ColumnElement[bool]:
        return and_(c.run == self._run, c.incarnation == self._incarnation)

    def _job(self, seq: int) -> ColumnElement[bool]:
        return and_(self._all(jobs.c), jobs.c.seq == seq)
