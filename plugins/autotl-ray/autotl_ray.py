"""Run trials in parallel on a Ray cluster."""

from __future__ import annotations

import asyncio
import itertools
import os
import pickle
import tempfile
import time
import uuid
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import ray
from ray.exceptions import RayActorError, RayTaskError

from autotl import hookimpl
from autotl.api import ATTEMPTS, DIED, Checkpoint, Job, JobProgress, OnProgress, Outcome, State, Work
from autotl.errors import RunError

GPUS = "AUTOTL_RAY_GPUS"
"""Environment variable: the number of GPUs per worker; a fraction lets workers share a GPU."""
INTERVAL = 0.5
"""Smallest interval in seconds between messages without a score; training waits for each answer."""
_END: Any = object()


class Ray:
    """Executor on a Ray cluster (Moritz et al., "Ray: A Distributed Framework", 2018).

    The cluster is the one of RAY_ADDRESS, the one that this process is connected to, or a new local one,
    which ends with the search. Each worker is an actor with an equal share of the cores. On ``cuda`` it also
    gets AUTOTL_RAY_GPUS GPUs (default 1), if the cluster has GPUs. A worker shares the run folder if its
    machine sees it. Otherwise it uses a temporary folder, and weights and checkpoints are sent over the
    network.
    """

    name = "ray"
    summary = "trials run in parallel on a Ray cluster"

    def run(
        self,
        jobs: Iterable[Job | None],
        work: Work,
        on_progress: OnProgress,
        *,
        workers: int = 1,
        device: str = "cpu",
    ) -> Iterator[Outcome]:
        """Run the jobs, as :class:`autotl.api.Executor` describes."""
        started_here = not ray.is_initialized()
        if started_here:
            ray.init(log_to_driver=False, **_init_options())
        pool: _Pool | None = None
        try:
            pool = _Pool(work, workers, _resources(workers, device))
            source, ready, more = iter(jobs), True, True
            while True:
                while more and ready and len(pool.running) < workers:
                    job = next(source, _END)
                    more, ready = job is not _END, job is not None
                    if more and ready:
                        pool.start(job)
                if not pool.running:
                    return
                if (outcome := pool.wait(on_progress)) is not None:
                    ready = True
                    yield outcome
        finally:
            if pool is not None:
                pool.close()
            if started_here:
                ray.shutdown()


@dataclass(frozen=True, slots=True)
class _RunningJob:
    """A job on an actor; ``message_id`` identifies its messages."""

    job: Job
    actor: Any
    message_id: int
    attempt: int
    started: float


class _Pool:
    """The actors of one search: idle ones, and ones that run a job."""

    def __init__(self, work: Work, workers: int, resources: Mapping[str, float]) -> None:
        folder = getattr(work, "folder", None)
        self._folder = None if folder is None else Path(folder).resolve()
        self._marker: Path | None = None
        if self._folder is not None:
            self._folder.mkdir(parents=True, exist_ok=True)
            self._marker = self._folder / f".ray-{uuid.uuid4().hex}"
            self._marker.touch()
        self._work = ray.put(_pickled(work))
        self._resources, self._message_ids = resources, itertools.count()
        self._messages = ray.remote(num_cpus=0)(_MessageQueue).remote()
        self._received = self._messages.receive.remote()
        self._idle: list[Any] = []
        self.running: dict[Any, _RunningJob] = {}

    def start(self, job: Job, *, attempt: int = 1) -> None:
        """Run a job on an idle actor, or on a new one."""
        actor = self._idle.pop() if self._idle and attempt == 1 else self._new_actor()
        message_id = next(self._message_ids)
        # in a list, so that Ray sends the content only if the actor asks for it
        has_checkpoint = job.checkpoint and Path(job.checkpoint).is_file()
        checkpoint = [ray.put(Path(job.checkpoint).read_bytes())] if has_checkpoint else []
        running = actor.run.remote(message_id, job, checkpoint)
        self.running[running] = _RunningJob(job, actor, message_id, attempt, time.monotonic())

    def wait(self, on_progress: OnProgress) -> Outcome | None:
        """Wait until a job sends a message or ends, and return the outcome of an ended job."""
        (first, *_), _ = ray.wait([*self.running, self._received], num_returns=1)
        if first == self._received:
            self._answer(on_progress)
            return None
        ended = self.running.pop(first)
        try:
            outcome, weights, content = ray.get(first)
        except RayActorError:
            if ended.attempt < ATTEMPTS:
                self.start(ended.job, attempt=ended.attempt + 1)
                return None
            return Outcome(ended.job, "failed", (), time.monotonic() - ended.started, DIED)
        except RayTaskError as error:
            raise error.cause or error from None
        self._idle.append(ended.actor)
        found = replace(outcome, job=ended.job, models=dict(outcome.models) | self._write(weights))
        if content is None or outcome.checkpoint is None:
            return found
        path = self._write({0: (outcome.checkpoint.path, content)})[0]
        return replace(found, checkpoint=Checkpoint(path, outcome.checkpoint.progress))

    def close(self) -> None:
        """End all actors."""
        for actor in (*self._idle, *(each.actor for each in self.running.values()), self._messages):
            ray.kill(actor)
        if self._marker is not None:
            self._marker.unlink(missing_ok=True)

    def _new_actor(self) -> Any:
        actor_class = ray.remote(max_restarts=0, **self._resources)(_Worker)
        marker = None if self._marker is None else str(self._marker)
        return actor_class.remote(self._work, marker, self._messages, int(self._resources["num_cpus"]))

    def _answer(self, on_progress: OnProgress) -> None:
        messages = ray.get(self._received)
        self._received = self._messages.receive.remote()
        jobs = {each.message_id: each.job for each in self.running.values()}
        for number, message_id, said in messages:
            if message_id in jobs:  # the actor of another job has died
                self._messages.answer.remote(number, on_progress(jobs[message_id], said))

    def _write(self, weights: Mapping[int, tuple[str, bytes]]) -> dict[int, str]:
        """Write files from another machine to the folder of the trials, and return their paths."""
        paths = {}
        for fold, (name, content) in weights.items():
            assert self._folder is not None
            path = self._folder / Path(name).name
            path.write_bytes(content)
            paths[fold] = str(path)
        return paths


class _MessageQueue:
    """An actor that passes messages of jobs to the driver, and answers to the jobs.

    It is needed because actors cannot call Ray's driver.
    """

    def __init__(self) -> None:
        self._queue: asyncio.Queue[tuple[int, int, JobProgress]] = asyncio.Queue()
        self._answers: dict[int, asyncio.Future[State | None]] = {}
        self._numbers = itertools.count()

    async def ask(self, message_id: int, said: JobProgress) -> State | None:
        """Send a message, and return the answer."""
        number = next(self._numbers)
        self._answers[number] = asyncio.get_running_loop().create_future()
        self._queue.put_nowait((number, message_id, said))
        return await self._answers[number]

    async def receive(self) -> list[tuple[int, int, JobProgress]]:
        """Return all messages; wait if there is none."""
        found = [await self._queue.get()]
        while not self._queue.empty():
            found.append(self._queue.get_nowait())
        return found

    async def answer(self, number: int, state: State | None) -> None:
        """Answer a message."""
        self._answers.pop(number).set_result(state)


class _Worker:
    """An actor that runs one job at a time, and keeps loaded objects for the next."""

    def __init__(self, work: bytes, marker: str | None, messages: Any, threads: int) -> None:
        import torch  # imported here, because the driver does not need it

        torch.set_num_threads(max(1, threads))
        self._work, self._messages, self._remote = pickle.loads(work), messages, False
        if marker is not None and not Path(marker).exists():
            self._folder = tempfile.TemporaryDirectory(prefix="autotl-ray-")
            self._work, self._remote = self._work.moved(Path(self._folder.name)), True

    def run(
        self, message_id: int, job: Job, checkpoint: list[Any]
    ) -> tuple[Outcome, dict[int, tuple[str, bytes]], bytes | None]:
        """Return the outcome; on another machine, also the content of weights and checkpoint."""
        last = -INTERVAL
        if checkpoint and self._remote:
            path = Path(self._folder.name) / "checkpoint.safetensors"
            path.write_bytes(ray.get(checkpoint[0]))
            job = replace(job, checkpoint=str(path))

        def on_progress(job: Job, said: JobProgress) -> State | None:
            nonlocal last
            has_score = said.epoch.score is not None or said.done is not None
            if not has_score and time.monotonic() - last < INTERVAL:
                return None
            short = replace(said, epoch=replace(said.epoch, outputs=None))
            answer: State | None = ray.get(self._messages.ask.remote(message_id, short))
            last = time.monotonic()
            return answer

        outcome = self._work(job, on_progress)
        if not self._remote:
            return outcome, {}, None
        weights = {fold: (name, _take(name)) for fold, name in outcome.models.items()}
        return outcome, weights, _take(outcome.checkpoint.path) if outcome.checkpoint else None


def _take(path: str) -> bytes:
    """Read a file, and delete it."""
    content = Path(path).read_bytes()
    Path(path).unlink()
    return content


def _pickled(work: Work) -> bytes:
    try:
        return pickle.dumps(work)
    except Exception as error:  # pickling can raise any exception of a plugin's class
        raise RunError(
            f"Trials cannot be pickled for Ray's workers: {type(error).__name__}: {error}. "
            "Define the strategies of plugins as classes in a module, use data that pickle can copy, or omit "
            "--executor."
        ) from error


def _init_options() -> dict[str, Any]:
    """Return options of ``ray.init`` for a new local cluster."""
    return {} if os.environ.get("RAY_ADDRESS") else {"include_dashboard": False}


def _resources(workers: int, device: str) -> dict[str, float]:
    """Return the cores and GPUs per worker.

    Raises:
        RunError: If the cluster has too few cores or GPUs, or the device has a number.
    """
    available = ray.cluster_resources()
    cores = available.get("CPU", 1)
    if workers > cores:
        raise RunError(f"--workers must be at most {cores:g}, the cores of the cluster (got {workers}).")
    found = {"num_cpus": max(1.0, cores // workers)}
    if device.startswith("cuda:"):
        raise RunError(f"--device must be cuda without a number, because Ray assigns GPUs (got {device}).")
    if device == "cuda" and available.get("GPU"):
        found["num_gpus"] = _gpus(os.environ.get(GPUS, "1"))
        if workers * found["num_gpus"] > available["GPU"]:
            raise RunError(
                f"{workers} workers with {found['num_gpus']:g} GPUs each need more than the cluster's "
                f"{available['GPU']:g} GPUs. Decrease --workers, or set {GPUS} to a fraction."
            )
    return found


def _gpus(text: str) -> float:
    try:
        found = float(text)
    except ValueError:
        found = -1.0
    if not found > 0:
        raise RunError(f"{GPUS} must be a number above 0, such as 1 or 0.5 (got {text!r}).")
    return found


@hookimpl
def autotl_executors() -> list[Ray]:
    """Provide the executor."""
    return [Ray()]
