"""Run jobs in parallel processes on this machine."""

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
from autotl.api import ATTEMPTS, DIED, Job, OnProgress, Outcome, Work
from autotl.builtin.executors.process_child import WorkerSettings, run_worker
from autotl.errors import RunError

START_ERROR = (
    "A worker process could not start (exit code {code}), because it imports the script that called "
    "autotl.fit. Put that call, and everything else that the script does, under: "
    "if __name__ == '__main__':. If it is there already, see the error above. workers=1 needs no other "
    "process."
)


class _End:
    """There are no more jobs."""


_END = _End()


class Processes:
    """Runs jobs in parallel processes.

    They share the threads and take the GPUs in turn. Processes are spawned, not forked, because a fork of a
    process that has used threads or a GPU may hang. Each gets a copy of ``work``; they share the files that
    trials write. ``on_progress`` is called in the process that reads the outcomes.
    """

    name = "processes"
    summary = "trials run side by side in processes of this machine"

    def run(
        self,
        jobs: Iterable[Job | None],
        work: Work,
        on_progress: OnProgress,
        *,
        workers: int = 1,
        device: str = "cpu",
    ) -> Iterator[Outcome]:
        """Run jobs and yield their outcomes; see :class:`autotl.api.Executor`.

        Args:
            jobs: The jobs; None means that there is none until a running job has ended.
            work: Runs a job.
            on_progress: Returns None to continue a job, or how it ends.
            workers: The number of jobs that run at once.
            device: The device, such as ``"cpu"``.
        """
        pool = _Pool(_pickle_work(work), _worker_settings(workers, device), on_progress)
        remaining, has_more = iter(jobs), True
        try:
            while True:
                while has_more and (slot := pool.free_slot()) is not None:
                    job = next(remaining, _END)
                    if isinstance(job, _End):
                        has_more = False
                    elif job is None:
                        break
                    else:
                        pool.assign(slot, job)
                if not pool.is_busy():
                    return
                yield pool.next_outcome()
        finally:
            pool.close()


@dataclass(slots=True)
class _Worker:
    """A worker process.

    Attributes:
        process: The process.
        pipe: The connection to it.
        started: Whether it has started.
        ready: Whether it has the work function.
        job: The job that it runs, or runs as soon as it is ready.
        attempt: How many times this job was started.
        since: When this job was assigned.
    """

    process: Any
    pipe: Connection[Any, Any]
    started: bool = False
    ready: bool = False
    job: Job | None = None
    attempt: int = 1
    since: float = 0.0

    @classmethod
    def start(cls, settings: WorkerSettings) -> _Worker:
        context = multiprocessing.get_context("spawn")
        ours, theirs = context.Pipe()
        process = context.Process(target=run_worker, args=(theirs, settings, os.getpid()), daemon=True)
        process.start()
        theirs.close()  # so that the pipe ends when the process ends
        return cls(process, ours)

    def assign(self, job: Job, *, attempt: int = 1) -> None:
        self.job, self.attempt, self.since = job, attempt, time.monotonic()
        if self.ready:
            self.send(job)

    def send(self, content: Any) -> None:
        self.send_pickled(pickle.dumps(content))

    def send_pickled(self, content: bytes) -> None:
        with suppress(OSError):  # the process has died: the end of its pipe is noticed next
            self.pipe.send_bytes(content)

    def kill(self) -> None:
        """End the process at once."""
        self.pipe.close()
        self.process.kill()
        self.process.join()
        self.process.close()


class _Pool:
    """The worker processes of a run, by slot."""

    def __init__(self, pickled_work: bytes, settings: list[WorkerSettings], on_progress: OnProgress) -> None:
        """Start with no process.

        Args:
            pickled_work: The work function.
            settings: The resources of each slot.
            on_progress: Returns whether a job continues.
        """
        self._pickled_work, self._settings, self._go = pickled_work, settings, on_progress
        self._workers: dict[int, _Worker] = {}

    def free_slot(self) -> int | None:
        """Return a slot without a job, or None.

        A slot with a process is preferred.
        """
        idle = [slot for slot, worker in self._workers.items() if worker.job is None]
        empty = [slot for slot in range(len(self._settings)) if slot not in self._workers]
        return next(iter([*idle, *empty]), None)

    def is_busy(self) -> bool:
        """Return whether a job is running."""
        return any(worker.job for worker in self._workers.values())

    def assign(self, slot: int, job: Job, *, attempt: int = 1) -> None:
        """Run a job in the process of a slot.

        Args:
            slot: The slot; it gets a process if it has none.
            job: The job.
            attempt: How many times the job is started, this one included.
        """
        if slot not in self._workers:
            self._workers[slot] = _Worker.start(self._settings[slot])
        self._workers[slot].assign(job, attempt=attempt)

    def next_outcome(self) -> Outcome:
        """Answer messages until a job ends."""
        while True:
            ready = wait([worker.pipe for worker in self._workers.values()])
            slot = next(slot for slot, worker in self._workers.items() if worker.pipe in ready)
            if (outcome := self._receive(slot)) is not None:
                return outcome

    def close(self) -> None:
        """End all processes."""
        for worker in self._workers.values():
            worker.kill()

    def _receive(self, slot: int) -> Outcome | None:
        """Handle a worker's message; return the outcome of an ended job."""
        worker = self._workers[slot]
        try:
            kind, content = pickle.loads(worker.pipe.recv_bytes())
        except (EOFError, OSError):
            return self._handle_death(slot)
        if kind == "started":
            worker.started = True
            worker.send_pickled(self._pickled_work)
        elif kind == "ready":
            worker.ready = True
            worker.send(worker.job)
        elif kind == "progress":
            assert worker.job is not None
            worker.send(self._go(worker.job, content))
        elif kind == "error":
            raise content
        elif kind == "unusable":
            raise RunError(
                f"The trials must be usable in other processes (got {content}). The plugin or the data it "
                "belongs to cannot be used with workers; leave them out, or use workers=1."
            )
        else:
            assert worker.job is not None
            outcome: Outcome = replace(content, job=worker.job)
            worker.job = None
            return outcome
        return None

    def _handle_death(self, slot: int) -> Outcome | None:
        """Run the job of a dead process again, or let it fail."""
        worker = self._workers.pop(slot)
        worker.process.join()
        code = worker.process.exitcode
        worker.kill()
        if not worker.started:
            raise RunError(START_ERROR.format(code=code))
        if not worker.ready:
            raise RunError(
                f"A worker process ended before it was ready (exit code {code}), perhaps out of memory. "
                "Use fewer workers."
            )
        if worker.job is None:  # it was idle: the next job gets a new process
            return None
        if worker.attempt < ATTEMPTS:
            self.assign(slot, worker.job, attempt=worker.attempt + 1)
            return None
        seconds = time.monotonic() - worker.since
        return Outcome(worker.job, "failed", (), seconds, f"{DIED} (exit code {code})")


def _pickle_work(work: Work) -> bytes:
    try:
        return pickle.dumps(work, protocol=pickle.HIGHEST_PROTOCOL)
    except Exception as error:  # a plugin's class may raise anything when it is pickled
        raise RunError(
            f"The trials must be picklable for other processes (got {type(error).__name__}: {error}). Define "
            "the strategies of a plugin as instances of a class in a module, give data that pickle can copy, "
            "or use workers=1."
        ) from error


def _worker_settings(workers: int, device: str) -> list[WorkerSettings]:
    """Share the threads and the GPUs among the workers."""
    import torch  # listing plugins does not need it

    threads, gpus = max(1, torch.get_num_threads() // workers), _gpus(device)
    return [WorkerSettings(threads, str(Path.cwd()), gpus[i % len(gpus)]) for i in range(workers)]


def _gpus(device: str) -> list[str | None]:
    """Return the GPU of each process, in turn.

    A single None means that all processes use the same device.
    """
    import torch  # listing plugins does not need it

    count = torch.cuda.device_count() if device == "cuda" else 0
    if count < 2:
        return [None]
    visible = [name.strip() for name in os.environ.get("CUDA_VISIBLE_DEVICES", "").split(",") if name.strip()]
    return [*(visible[:count] or map(str, range(count)))]


@hookimpl
def autotl_executors() -> list[Processes]:
    return [Processes()]
