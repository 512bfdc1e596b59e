"""Run jobs side by side on a Ray cluster."""

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
from autotl.api import ATTEMPTS, DIED, Checkpoint, Go, Job, Outcome, Said, State, Work
from autotl.errors import RunError

GPUS = "AUTOTL_RAY_GPUS"
"""The variable that says how many GPUs a worker gets; a fraction lets workers share one."""
SILENT = 0.5
"""Seconds between two questions of a job that has no score to tell: each passes through three processes, and
training waits for the answer.
"""


class Ray:
    """The cluster that RAY_ADDRESS names or this process is connected to, or one started here and ended
    afterwards (Moritz et al., "Ray: A Distributed Framework for Emerging AI Applications", 2018).

    Each of the ``workers`` is an actor with an equal share of the cores; on ``cuda`` it gets one GPU where
    the cluster has any, or AUTOTL_RAY_GPUS of one. Where its machine sees the run's folder, what is kept
    there is shared; elsewhere it works in a temporary folder of its own: weights and checkpoints travel back
    with the outcome, and a checkpoint there with the job.
    """

    name = "ray"
    summary = "trials run side by side on a Ray cluster"

    def run(
        self, jobs: Iterable[Job | None], work: Work, go: Go, *, workers: int = 1, device: str = "cpu"
    ) -> Iterator[Outcome]:
        ours = not ray.is_initialized()
        if ours:
            ray.init(log_to_driver=False, **_local())
        crew: _Crew | None = None
        try:
            crew = _Crew(work, workers, _share(workers, device))
            source, ask, more = iter(jobs), True, True
            while True:
                while more and ask and len(crew.running) < workers:
                    try:
                        job = next(source)
                    except StopIteration:
                        more = False
                        break
                    if job is None:
                        ask = False
                    else:
                        crew.begin(job)
                if not crew.running:
                    return
                if (outcome := crew.hear(go)) is not None:
                    ask = True
                    yield outcome
        finally:
            if crew is not None:
                crew.end()
            if ours:
                ray.shutdown()


@dataclass(frozen=True, slots=True)
class _Running:
    job: Job
    actor: Any
    turn: int
    attempt: int
    since: float


class _Crew:
    """The actors of one search, those that have a job and those that wait for one."""

    def __init__(self, work: Work, workers: int, share: Mapping[str, float]) -> None:
        folder = getattr(work, "folder", None)
        self._folder = None if folder is None else Path(folder).resolve()
        token = None
        if self._folder is not None:
            self._folder.mkdir(parents=True, exist_ok=True)
            token = self._folder / f".ray-{uuid.uuid4().hex}"
            token.touch()
        self._token = token
        self._parcel = ray.put(_parcel(work))
        self._share, self._turns = share, itertools.count()
        self._mailbox = ray.remote(num_cpus=0)(_Mailbox).remote()
        self._mail = self._mailbox.take.remote()
        self._idle: list[Any] = []
        self.running: dict[Any, _Running] = {}

    def begin(self, job: Job, *, attempt: int = 1) -> None:
        """Run a job on an idle actor, or on a fresh one."""
        actor = self._idle.pop() if self._idle and attempt == 1 else self._hire()
        turn = next(self._turns)
        # in a list, so that it crosses the network only where it is asked for
        left = [ray.put(Path(job.checkpoint).read_bytes())] if _is_there(job.checkpoint) else []
        running = actor.run.remote(turn, job, left)
        self.running[running] = _Running(job, actor, turn, attempt, time.monotonic())

    def hear(self, go: Go) -> Outcome | None:
        """Wait until a job says something or ends; an outcome where one has ended."""
        (first, *_), _ = ray.wait([*self.running, self._mail], num_returns=1)
        if first == self._mail:
            self._answer(go)
            return None
        done = self.running.pop(first)
        try:
            outcome, weights, left = ray.get(first)
        except RayActorError:
            if done.attempt < ATTEMPTS:
                self.begin(done.job, attempt=done.attempt + 1)
                return None
            return Outcome(done.job, "failed", (), time.monotonic() - done.since, DIED)
        except RayTaskError as error:
            raise error.cause or error from None
        self._idle.append(done.actor)
        found = replace(outcome, job=done.job, models=dict(outcome.models) | self._unpack(weights))
        if left is None or outcome.checkpoint is None:
            return found
        path = self._unpack({0: (outcome.checkpoint.path, left)})[0]
        return replace(found, checkpoint=Checkpoint(path, outcome.checkpoint.progress))

    def end(self) -> None:
        """End every actor, whatever it does."""
        for actor in (*self._idle, *(each.actor for each in self.running.values()), self._mailbox):
            ray.kill(actor)
        if self._token is not None:
            self._token.unlink(missing_ok=True)

    def _hire(self) -> Any:
        kind = ray.remote(max_restarts=0, **self._share)(_Worker)
        token = None if self._token is None else str(self._token)
        return kind.remote(self._parcel, token, self._mailbox, int(self._share["num_cpus"]))

    def _answer(self, go: Go) -> None:
        asked = ray.get(self._mail)
        self._mail = self._mailbox.take.remote()
        jobs = {each.turn: each.job for each in self.running.values()}
        for question, turn, said in asked:
            if turn in jobs:  # not of one that has died meanwhile
                self._mailbox.answer.remote(question, go(jobs[turn], said))

    def _unpack(self, weights: Mapping[int, tuple[str, bytes]]) -> dict[int, str]:
        """Put weights that came from another machine where they would have been written here."""
        found = {}
        for fold, (name, content) in weights.items():
            assert self._folder is not None
            path = self._folder / Path(name).name
            path.write_bytes(content)
            found[fold] = str(path)
        return found


class _Mailbox:
    """Where jobs ask whether to go on, and wait for the answer: Ray's driver cannot be called."""

    def __init__(self) -> None:
        self._asked: asyncio.Queue[tuple[int, int, Said]] = asyncio.Queue()
        self._waiting: dict[int, asyncio.Future[State | None]] = {}
        self._count = itertools.count()

    async def ask(self, turn: int, said: Said) -> State | None:
        number = next(self._count)
        self._waiting[number] = asyncio.get_running_loop().create_future()
        self._asked.put_nowait((number, turn, said))
        return await self._waiting[number]

    async def take(self) -> list[tuple[int, int, Said]]:
        """All questions that wait, one at least."""
        found = [await self._asked.get()]
        while not self._asked.empty():
            found.append(self._asked.get_nowait())
        return found

    async def answer(self, number: int, state: State | None) -> None:
        self._waiting.pop(number).set_result(state)


class _Worker:
    """An actor: it runs a job at a time, and keeps what it has loaded for the next."""

    def __init__(self, parcel: bytes, token: str | None, mailbox: Any, threads: int) -> None:
        import torch  # only in the process that trains

        torch.set_num_threads(max(1, threads))
        self._work, self._mailbox, self._away = pickle.loads(parcel), mailbox, False
        if token is not None and not Path(token).exists():
            self._own = tempfile.TemporaryDirectory(prefix="autotl-ray-")
            self._work, self._away = self._work.moved(Path(self._own.name)), True

    def run(
        self, turn: int, job: Job, left: list[Any]
    ) -> tuple[Outcome, dict[int, tuple[str, bytes]], bytes | None]:
        """The outcome; from another machine also the content of its weights, and of its checkpoint."""
        last = -SILENT
        if left and self._away:
            own = Path(self._own.name) / "gone on with.safetensors"
            own.write_bytes(ray.get(left[0]))
            job = replace(job, checkpoint=str(own))

        def go(job: Job, said: Said) -> State | None:
            nonlocal last
            silent = said.epoch.score is None and said.done is None
            if silent and time.monotonic() - last < SILENT:
                return None
            short = replace(said, epoch=replace(said.epoch, logits=None))
            answer: State | None = ray.get(self._mailbox.ask.remote(turn, short))
            last = time.monotonic()
            return answer

        outcome = self._work(job, go)
        weights: dict[int, tuple[str, bytes]] = {}
        kept = None
        if self._away:
            for fold, name in outcome.models.items():
                weights[fold] = name, Path(name).read_bytes()
                Path(name).unlink()
            if outcome.checkpoint is not None:
                name = outcome.checkpoint.path
                kept = Path(name).read_bytes()
                Path(name).unlink()
        return outcome, weights, kept


def _is_there(path: str) -> bool:
    return bool(path) and Path(path).is_file()


def _parcel(work: Work) -> bytes:
    try:
        return pickle.dumps(work)
    except Exception as error:  # whatever a stranger's class does when it is asked to travel
        raise RunError(
            f"What trials need cannot be sent to Ray's workers: {type(error).__name__}: {error}. A strategy "
            "of a plugin must be an instance of a class in a module, and data in memory must be such that "
            "pickle can copy it; otherwise leave out --executor."
        ) from error


def _local() -> dict[str, Any]:
    """What a cluster that is started here is told; one that there is decides for itself."""
    return {} if os.environ.get("RAY_ADDRESS") else {"include_dashboard": False}


def _share(workers: int, device: str) -> dict[str, float]:
    """The cores and GPUs of one worker. Raises RunError where the cluster cannot give them."""
    there = ray.cluster_resources()
    cores = there.get("CPU", 1)
    if workers > cores:
        raise RunError(f"{workers} workers need a core each, and the cluster has {cores:g}.")
    share = {"num_cpus": max(1.0, cores // workers)}
    if device.startswith("cuda:"):
        raise RunError(f"Ray deals the GPUs itself: write --device cuda instead of {device}.")
    if device == "cuda" and there.get("GPU"):
        share["num_gpus"] = _gpus(os.environ.get(GPUS, "1"))
        if workers * share["num_gpus"] > there["GPU"]:
            raise RunError(
                f"{workers} workers of {share['num_gpus']:g} GPUs each need more than the {there['GPU']:g} "
                f"there are. Give --workers fewer, or set {GPUS} to a fraction."
            )
    return share


def _gpus(text: str) -> float:
    try:
        found = float(text)
    except ValueError:
        found = -1.0
    if not found > 0:
        raise RunError(f"{GPUS} is {text!r}, but it must be a number of GPUs above 0, such as 1 or 0.5.")
    return found


@hookimpl
def autotl_executors() -> list[Ray]:
    return [Ray()]
