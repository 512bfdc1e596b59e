"""No trial is lost and none counts twice, whatever happens to workers and coordinator."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path
from types import ModuleType

import numpy as np
import pytest

from autotl.api import DIED, Epoch, FoldScore, Go, Job, Outcome, Said, State
from autotl.clock import WallClock
from autotl.errors import DiskFull, StorageError
from autotl.queue import Coordinator, Database, Member, serve
from autotl.queue.coding import keep_outcome

LISTEN = 20.0
"""Seconds that a worker is waited for, at most; they are over at once where all is well."""


def job(number: int) -> Job:
    return Job(number, "probe", "net", {"c": 0.5, "kind": "a"}, 7, (0, 1))


def listen(job: Job, said: Said) -> State | None:
    return None


def work(job: Job, go: Go) -> Outcome:
    for step in (1, 2):
        if ended := go(job, Said(0, Epoch(step, 0.5, step / 2))):
            return Outcome(job, ended, (), 0.0, "told to")
    logits = np.full((2, 3), job.number, np.float32)
    return Outcome(job, "complete", tuple(FoldScore(f, 0.5, logits, 1.0, 2) for f in job.folds), 2.0)


Connect = Callable[[], Database]


def member(connect: Connect, crew: ModuleType, name: str = "w") -> Member:
    return Member(connect(), crew.RUN, name)


def claimed(each: Member) -> object:
    """The first job that it can have."""
    until = time.monotonic() + LISTEN
    while time.monotonic() < until:
        each.beat(None)
        if claim := each.claim():
            return claim
        time.sleep(0.01)
    raise AssertionError("no job was put into the queue")


@pytest.fixture
def connect(storage: str) -> Iterator[Connect]:
    """More connections to a database that holds the tables."""
    opened = [Database(storage)]
    opened[0].create()

    def another() -> Database:
        opened.append(Database(storage))
        return opened[-1]

    yield another
    for each in opened:
        each.close()


def test_two_workers_share_the_jobs_and_each_is_done_once(
    storage: str, tmp_path: Path, crew: ModuleType
) -> None:
    done: list[int] = []

    def counted(job: Job, go: Go) -> Outcome:
        done.append(job.number)
        return work(job, go)

    outcomes = list(crew.Manned(storage, tmp_path, 2).run([job(n) for n in range(12)], counted, listen))
    assert sorted(done) == sorted(each.job.number for each in outcomes) == list(range(12))
    assert all((each.folds[1].logits == each.job.number).all() for each in outcomes)


def test_who_claims_at_the_same_time_gets_different_jobs(
    storage: str, connect: Connect, tmp_path: Path, crew: ModuleType
) -> None:
    coordinator = Coordinator(connect(), crew.RUN)
    coordinator.begin(tmp_path)
    for number in range(20):
        coordinator.put(number, job(number))
    got: list[int] = []

    def take_all() -> None:
        mine = member(connect, crew)
        while claim := mine.claim():
            got.append(claim.job.number)

    threads = [threading.Thread(target=take_all) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    left = [row.seq for row in coordinator.look().jobs if row.state == "open"]
    assert sorted(got + left) == list(range(20))


def test_a_silent_workers_job_is_given_to_another_and_its_late_outcome_refused(
    storage: str, connect: Connect, tmp_path: Path, crew: ModuleType
) -> None:
    late = member(connect, crew, "late")
    outcomes = crew.executor_at(storage, tmp_path, dead_after=0.3).run([job(0)], work, listen)
    found: list[Outcome] = []
    reading = threading.Thread(target=lambda: found.extend(outcomes))
    reading.start()
    first = claimed(late)
    other = member(connect, crew, "other")
    second = claimed(other)
    assert (first.job, first.number, second.job, second.number) == (job(0), 1, job(0), 2)
    assert late.beat(first).lost
    mine = keep_outcome(work(job(0), listen), tmp_path / "mine", tmp_path)
    assert not late.finish(first, mine)
    late.give_back(first)  # nor may it let go of what it does not hold
    assert other.finish(second, mine)
    assert not late.finish(first, mine)
    reading.join()
    assert [(each.job, each.state) for each in found] == [(job(0), "complete")]


def test_a_job_whose_worker_dies_twice_has_failed(
    storage: str, connect: Connect, tmp_path: Path, crew: ModuleType
) -> None:
    outcomes = crew.executor_at(storage, tmp_path, dead_after=0.3).run([job(0)], work, listen)
    found: list[Outcome] = []
    reading = threading.Thread(target=lambda: found.extend(outcomes))
    reading.start()
    claimed(member(connect, crew, "one"))
    claimed(member(connect, crew, "two"))
    reading.join()
    assert [(each.state, each.why, each.folds) for each in found] == [("failed", DIED, ())]


KILLED = """
import sys, time
sys.path.insert(0, {folder!r})
from crew import RUN
from pathlib import Path
from autotl.clock import WallClock
from autotl.queue import Database, Member, serve

def work(job, go):
    print("begun", flush=True)
    time.sleep(600)

serve(
    Member(Database({storage!r}), RUN, "killed"), lambda _: work, Path({root!r}),
    idle=60, clock=WallClock(), say=print, beat=0.1,
)
"""


def test_the_job_of_a_killed_process_is_done_by_the_other(
    storage: str, connect: Connect, tmp_path: Path, crew: ModuleType
) -> None:
    script = KILLED.format(folder=str(Path(__file__).parent), storage=storage, root=str(tmp_path))
    doomed = subprocess.Popen([sys.executable, "-c", script], stdout=subprocess.PIPE, text=True)
    outcomes = crew.executor_at(storage, tmp_path, dead_after=1.0).run(
        [job(n) for n in range(4)], work, listen
    )
    found: list[Outcome] = []
    reading = threading.Thread(target=lambda: found.extend(outcomes))
    reading.start()
    assert doomed.stdout is not None
    with doomed:
        assert doomed.stdout.readline() == "begun\n"
        os.kill(doomed.pid, signal.SIGKILL)
    with crew.crew(storage, tmp_path, work):
        reading.join()
    assert sorted(each.job.number for each in found) == [0, 1, 2, 3]
    assert {each.state for each in found} == {"complete"}


def test_a_resumed_run_drops_what_its_dead_coordinator_left(
    storage: str, connect: Connect, tmp_path: Path, crew: ModuleType
) -> None:
    dead = Coordinator(connect(), crew.RUN)
    dead.begin(tmp_path)
    for number in range(3):
        dead.put(number, job(number))
    busy = member(connect, crew)
    stale = busy.claim()
    assert stale is not None
    now = Coordinator(connect(), crew.RUN)
    assert now.begin(tmp_path) == 2
    now.put(0, job(1))
    assert [row.claim for row in now.look().jobs] == [0]
    mine = keep_outcome(work(job(0), listen), tmp_path / "mine", tmp_path)
    assert busy.beat(stale).lost
    assert not busy.finish(stale, mine)
    assert [row.state for row in now.look().jobs] == ["open"]
    for act in (dead.look, lambda: dead.put(9, job(9))):
        with pytest.raises(StorageError, match="Another process leads the run run-1 now"):
            act()
    dead.end()  # it may not end what is another's
    assert busy.state() == "open"
    again = busy.claim()
    assert again is not None
    assert (again.incarnation, again.job.number) == (2, 1)


def test_ctrl_c_hands_the_job_back_unharmed(
    storage: str, connect: Connect, tmp_path: Path, crew: ModuleType
) -> None:
    coordinator = Coordinator(connect(), crew.RUN)
    coordinator.begin(tmp_path)
    coordinator.put(0, job(0))

    def pressed(job: Job, go: Go) -> Outcome:
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        serve(
            member(connect, crew), lambda _: pressed, tmp_path, idle=1, clock=WallClock(), say=lambda _: None
        )
    (row,) = coordinator.look().jobs
    assert (row.state, row.died, row.worker) == ("open", 0, None)
    assert coordinator.look().workers == {}


def test_a_full_disk_ends_the_search(
    storage: str, connect: Connect, tmp_path: Path, crew: ModuleType
) -> None:
    def full(job: Job, go: Go) -> Outcome:
        raise DiskFull("The disk is full: 3 MiB are needed")

    def working() -> None:
        with pytest.raises(DiskFull):
            serve(
                member(connect, crew),
                lambda _: full,
                tmp_path,
                idle=20,
                clock=WallClock(),
                say=lambda _: None,
            )

    thread = threading.Thread(target=working)
    thread.start()
    with pytest.raises(DiskFull, match="3 MiB are needed"):
        list(crew.executor_at(storage, tmp_path).run([job(0)], work, listen))
    thread.join()


def test_a_job_nobody_takes_is_withdrawn_when_the_time_is_up(
    storage: str, connect: Connect, tmp_path: Path, crew: ModuleType
) -> None:
    outcomes = crew.executor_at(storage, tmp_path, dead_after=0.05).run(
        [job(0)], work, lambda job, said: "stopped"
    )
    assert [(each.state, each.folds) for each in outcomes] == [("stopped", ())]


def test_one_job_more_than_there_are_workers_is_open(
    storage: str, connect: Connect, tmp_path: Path, crew: ModuleType
) -> None:
    pulled: list[int] = []

    def jobs() -> Iterator[Job]:
        for number in range(9):
            pulled.append(number)
            yield job(number)

    crowd = [member(connect, crew, f"w{n}") for n in range(3)]
    outcomes = crew.executor_at(storage, tmp_path).run(jobs(), work, listen)

    def one() -> None:
        claim = claimed(crowd[0])
        for each in crowd:
            each.beat(None)
        until = time.monotonic() + LISTEN
        while len(pulled) < 4 and time.monotonic() < until:
            time.sleep(0.01)
        crowd[0].finish(claim, keep_outcome(work(claim.job, listen), tmp_path / "one", tmp_path))

    thread = threading.Thread(target=one)
    thread.start()
    with closing(outcomes):
        assert next(outcomes).job.number == 0
        thread.join()
        assert len(pulled) == 4
