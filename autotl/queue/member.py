"""What a worker does with the queue: take a job, say how it goes, hand its outcome in."""

from __future__ import annotations

import uuid
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

from sqlalchemy import Connection, and_, delete, insert, select, update
from sqlalchemy.exc import IntegrityError
from sqlalchemy.sql import ColumnElement

from autotl.api import Job, Said, State
from autotl.queue.coding import job_from, said_text
from autotl.queue.tables import NAME, Database, jobs, runs, said, workers


@dataclass(frozen=True, slots=True)
class Claim:
    """A job that this worker has taken, for the ``number``-th time that somebody has."""

    job: Job
    incarnation: int
    seq: int
    number: int

    @property
    def folder(self) -> str:
        """A folder's name that no other claim shares: a worker that has lost its claim may still write."""
        return f"{self.incarnation}-{self.seq}-{self.number}"


@dataclass(frozen=True, slots=True)
class Heard:
    """What the coordinator has heard of a claim, and answered. ``lost``: the job is somebody else's now."""

    number: int = 0
    answer: State | None = None
    lost: bool = False


class Member:
    """One worker of a run. What it hands in counts only while the claim is its own."""

    def __init__(self, database: Database, run: str, name: str) -> None:
        self._database, self._run = database, run
        # of two workers with one name each is itself
        self.name = f"{name[: NAME - 9]}-{uuid.uuid4().hex[:8]}"

    def state(self) -> Literal["open", "ended"] | None:
        """Of the run; None before its coordinator has begun."""
        query = select(runs.c.state).where(runs.c.name == self._run)
        return self._database.do(lambda c: c.execute(query).scalar_one_or_none())

    def claim(self) -> Claim | None:
        """Take the first job that is open, if one is: nobody else gets it."""

        def act(c: Connection) -> Claim | None:
            now = c.execute(select(runs).where(runs.c.name == self._run)).one_or_none()
            if now is None or now.state != "open":
                return None
            open_ = and_(
                jobs.c.run == self._run, jobs.c.incarnation == now.incarnation, jobs.c.state == "open"
            )
            found = c.execute(
                select(jobs).where(open_).order_by(jobs.c.seq).limit(1).with_for_update(skip_locked=True)
            ).one_or_none()
            if found is None:
                return None
            c.execute(
                update(jobs)
                .where(open_, jobs.c.seq == found.seq)
                .values(
                    state="claimed",
                    claim=found.claim + 1,
                    worker=self.name,
                    beats=found.beats + 1,
                    heard=0,
                    answer=None,
                )
            )
            return Claim(job_from(found.job), now.incarnation, found.seq, found.claim + 1)

        return self._database.do(act)

    def beat(self, claim: Claim | None) -> Heard:
        """Show life, for the job in hand as well."""

        def act(c: Connection) -> Heard:
            me = and_(workers.c.run == self._run, workers.c.name == self.name)
            if not c.execute(update(workers).where(me).values(beats=workers.c.beats + 1)).rowcount:
                c.execute(insert(workers).values(run=self._run, name=self.name, beats=0))
            if claim is None:
                return Heard()
            c.execute(update(jobs).where(self._mine(claim)).values(beats=jobs.c.beats + 1))
            return self._heard(c, claim)

        return self._database.do(act)

    def say(self, claim: Claim, told: Sequence[tuple[int, Said]] = ()) -> Heard:
        """Say numbered things, and hear what has been answered."""

        def act(c: Connection) -> Heard:
            heard = self._heard(c, claim)
            if not heard.lost:
                key = {
                    "run": self._run,
                    "incarnation": claim.incarnation,
                    "seq": claim.seq,
                    "claim": claim.number,
                }
                for n, each in told:
                    c.execute(insert(said).values(**key, n=n, said=said_text(each)))
            return heard

        try:
            return self._database.do(act)
        except IntegrityError:  # it was said, but the connection broke before it was confirmed
            return self._database.do(lambda c: self._heard(c, claim))

    def finish(self, claim: Claim, outcome: str) -> bool:
        """Hand the outcome in; false where the claim was lost, and it counts for nothing."""

        def act(c: Connection) -> bool:
            done = update(jobs).where(self._mine(claim)).values(state="done", outcome=outcome)
            if c.execute(done).rowcount:
                return True
            # or it was handed in, but the connection broke before it was confirmed
            query = select(jobs.c.seq).where(self._held(claim), jobs.c.state == "done")
            return c.execute(query).one_or_none() is not None

        return self._database.do(act)

    def give_back(self, claim: Claim) -> None:
        """Let another worker have the job, which has done nobody harm."""
        again = update(jobs).where(self._mine(claim)).values(state="open", worker=None)
        self._database.do(lambda c: c.execute(again))

    def stop_all(self, claim: Claim, why: str) -> None:
        """Say that no worker can go on: the disk is full."""
        full = update(jobs).where(self._mine(claim)).values(state="full", outcome=why)
        self._database.do(lambda c: c.execute(full))

    def leave(self) -> None:
        """Be counted no more."""
        me = and_(workers.c.run == self._run, workers.c.name == self.name)
        self._database.do(lambda c: c.execute(delete(workers).where(me)))

    def _heard(self, c: Connection, claim: Claim) -> Heard:
        row = c.execute(select(jobs.c.heard, jobs.c.answer).where(self._mine(claim))).one_or_none()
        return Heard(lost=True) if row is None else Heard(row.heard, row.answer)

    def _held(self, claim: Claim) -> ColumnElement[bool]:
        return and_(
            jobs.c.run == self._run,
            jobs.c.incarnation == claim.incarnation,
            jobs.c.seq == claim.seq,
            jobs.c.claim == claim.number,
            jobs.c.worker == self.name,
        )

    def _mine(self, claim: Claim) -> ColumnElement[bool]:
        return and_(self._held(claim), jobs.c.state == "claimed")
