"""Run jobs side by side in processes of this machine."""

from __future__ import annotations

import multiprocessing
import os
import pickle
import time
from collections.abc import Iterable, Iterator
from contextlib import suppress
from dataclasses import dataclass, replace
from multiprocessing.connection import Connection, wait
from pathlib import Path
from typing import Any

from autotl import hookimpl
from autotl.api import ATTEMPTS, DIED, Go, Job, Outcome, Work
from autotl.builtin.executors.process_child import Seat, live
from autotl.errors import RunError

GUARD = (
    "A worker process could not start (exit code {code}): it imports the script that called autotl.fit. "
    "Put that call, and what else the script does, under: if __name__ == '__main__':. If it is there, see "
    "the error above; workers=1 needs no other process."
)


class _End:
    """There are no more jobs."""


_END = _End()


class Processes:
    """As many processes as there are ``workers``, each with its share of the threads, and a GPU in turn where
    there are several.

    They are spawned, never forked: a fork of a process that has used threads or a GPU may hang. Each gets a
    copy of ``work``; what trials write to disk they share. ``go`` is answered by the process that reads the
    outcomes.
    """

    name = "processes"
    summary = "trials run side by side in processes of this machine"

    def run(
        self, jobs: Iterable[Job | None], work: Work, go: Go, *, workers: int = 1, device: str = "cpu"
    ) -> Iterator[Outcome]:
        parcel, seats = _parcel(work), _seats(workers, device)
        source, more = iter(jobs), True
        crew: dict[int, _Child] = {}
        try:
            while True:
                ask = True
                while more and ask and (free := _free(crew, workers)) is not None:
                    job = next(source, _END)
                    if isinstance(job, _End):
                        more = False
                    elif job is None:
                        ask = False
                    else:
                        child = crew.get(free) or _Child.start(seats[free])
                        crew[free] = child.given(job)
                if not any(child.job for child in crew.values()):
                    return
                outcome = None
                while outcome is None:
                    outcome = _hear(crew, seats, parcel, go)
                yield outcome
        finally:
            for child in crew.values():
                child.end()


@dataclass(slots=True)
class _Child:
    """A worker process: ``job`` is what it runs, or is to run as soon as it is ready."""

    process: Any
    pipe: Connection[Any, Any]
    here: bool = False
    ready: bool = False
    job: Job | None = None
    attempt: int = 1
    since: float = 0.0

    @classmethod
    def start(cls, seat: Seat) -> _Child:
        context = multiprocessing.get_context("spawn")
        ours, theirs = context.Pipe()
        process = context.Process(target=live, args=(theirs, seat, os.getpid()), daemon=True)
        process.start()
        theirs.close()  # so that the pipe ends when the child does
        return cls(process, ours)

    def given(self, job: Job, *, attempt: int = 1) -> _Child:
        self.job, self.attempt, self.since = job, attempt, time.monotonic()
        if self.ready:
            self.tell(job)
        return self

    def tell(self, what: Any) -> None:
        self.send(pickle.dumps(what))

    def send(self, parcel: bytes) -> None:
        with suppress(OSError):  # it has died: the end of its pipe says so in a moment
            self.pipe.send_bytes(parcel)

    def end(self) -> None:
        """End the process now, whatever it does."""
        self.pipe.close()
        self.process.kill()
        self.process.join()
        self.process.close()


def _free(crew: dict[int, _Child], workers: int) -> int | None:
    """A seat where nothing runs, one with a process in it first."""
    idle = [seat for seat, child in crew.items() if child.job is None]
    return next((seat for seat in (*idle, *range(workers)) if seat in idle or seat not in crew), None)


def _hear(crew: dict[int, _Child], seats: list[Seat], parcel: bytes, go: Go) -> Outcome | None:
    """Wait until a child says something, and answer; an outcome where a job has ended."""
    spoken = wait([child.pipe for child in crew.values()])
    seat, child = next((seat, child) for seat, child in crew.items() if child.pipe in spoken)
    try:
        kind, what = pickle.loads(child.pipe.recv_bytes())
    except (EOFError, OSError):
        return _died(crew, seat, seats[seat])
    if kind == "here":
        child.here = True
        child.send(parcel)
    elif kind == "ready":
        child.ready = True
        child.tell(child.job)
    elif kind == "said":
        assert child.job is not None
        child.tell(go(child.job, what))
    elif kind == "raised":
        raise what
    elif kind == "broken":
        raise RunError(
            f"What trials need cannot be made again in another process: {what}. The plugin or the data it "
            "belongs to cannot be used with workers; leave them out, or use workers=1."
        )
    else:
        assert child.job is not None
        outcome: Outcome = replace(what, job=child.job)
        child.job = None
        return outcome
    return None


def _died(crew: dict[int, _Child], seat: int, place: Seat) -> Outcome | None:
    """Run the job of a dead child once more in a fresh one; an outcome where that has been done."""
    child = crew.pop(seat)
    child.process.join()
    code = child.process.exitcode
    child.end()
    if not child.here:
        raise RunError(GUARD.format(code=code))
    if not child.ready:
        raise RunError(
            f"A worker process ended while it got ready (exit code {code}): out of memory, perhaps."
        )
    if child.job is None:  # it was idle: the next job gets a fresh one
        return None
    if child.attempt < ATTEMPTS:
        crew[seat] = _Child.start(place).given(child.job, attempt=child.attempt + 1)
        return None
    return Outcome(child.job, "failed", (), time.monotonic() - child.since, f"{DIED} (exit code {code})")


def _parcel(work: Work) -> bytes:
    try:
        return pickle.dumps(work, protocol=pickle.HIGHEST_PROTOCOL)
    except Exception as error:  # whatever a stranger's class does when it is asked to travel
        raise RunError(
            f"What trials need cannot be sent to other processes: {type(error).__name__}: {error}. A "
            "strategy of a plugin must be an instance of a class in a module, and data in memory must be "
            "such that pickle can copy it; otherwise use workers=1."
        ) from error


def _seats(workers: int, device: str) -> list[Seat]:
    import torch  # a list of plugins does not need it

    threads, gpus = max(1, torch.get_num_threads() // workers), _gpus(device)
    return [Seat(threads, str(Path.cwd()), gpus[i % len(gpus)]) for i in range(workers)]


def _gpus(device: str) -> list[str | None]:
    """What each process is to see in turn; a device that was named by its number is for all."""
    import torch  # a list of plugins does not need it

    count = torch.cuda.device_count() if device == "cuda" else 0
    if count < 2:
        return [None]
    named = [name.strip() for name in os.environ.get("CUDA_VISIBLE_DEVICES", "").split(",") if name.strip()]
    return [*(named[:count] or map(str, range(count)))]


@hookimpl
def autotl_executors() -> list[Processes]:
    return [Processes()]
