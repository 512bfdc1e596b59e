"""Turn a job into an outcome: build the strategy's learner on each fold and drive it."""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import closing
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray

import autotl.training.trainer  # noqa: F401 - loads the optimisers now, so that no trial is charged for them
from autotl.api import (
    WHOLE,
    Checkpoint,
    Epoch,
    FoldScore,
    Go,
    Job,
    Learner,
    Outcome,
    Resumable,
    Said,
    State,
    Strategy,
    Task,
)
from autotl.cache import Store
from autotl.clock import Clock
from autotl.errors import FAILURES, CacheError, DiskFull
from autotl.files import is_full
from autotl.metrics import Metric
from autotl.preparation.extra_images import ExtraImages, tasks_by_network
from autotl.seeds import derive
from autotl.training import predict_logits, preserve_global_state
from autotl.workbench.activation_cache import ActivationCache
from autotl.workbench.run_cache import RunCache
from autotl.workbench.tensor_files import read_tensors, save_tensors, save_weights
from autotl.workbench.trial_workbench import TrialWorkbench

WORTH_KEEPING = 0.2
"""Seconds of training from which on the weights of further folds are kept: less is sooner done again."""


class _Ended(BaseException):
    """A trial is over in the middle of work on its data. No ``except Exception`` of a strategy stops it."""

    def __init__(self, state: State) -> None:
        super().__init__(state)
        self.state = state


class _Pulse:
    """What a job says: called during long work on its data, it says again where the learner stands."""

    def __init__(self, job: Job, fold: int | None, go: Go) -> None:
        self._job, self._fold, self._go = job, -1 if fold is None else fold, go
        self._stands = Epoch(0)

    def __call__(self) -> None:
        """Raises _Ended where the trial is to end."""
        if ended := self._go(self._job, Said(self._fold, self._stands)):
            raise _Ended(ended)

    def be_silent(self) -> None:
        """Say nothing more: the trial is over, and is only looked at."""
        self._go = lambda job, said: None

    def tell(self, epoch: Epoch, done: FoldScore | None = None) -> State | None:
        """Say what the learner says; answers as :data:`autotl.api.Go` does."""
        self._stands = Epoch(epoch.step, progress=epoch.progress)
        return self._go(self._job, Said(self._fold, epoch, done))


@dataclass(frozen=True)
class TrialRunner:
    """Runs jobs on a run's materials; weights and checkpoints go to ``folder`` as safetensors.

    Those of further folds than the first do where training one took more than ``keep`` seconds, but not those
    of later repeats, which nothing asks for again. Scores are by ``measure``, or by the task's metric of that
    name.
    """

    materials: RunCache
    activations: ActivationCache
    task: Task
    strategies: Mapping[str, Strategy]
    folder: Path
    clock: Clock
    keep: float = WORTH_KEEPING
    measure: Metric | None = None
    wider: ExtraImages | None = None

    def __call__(self, job: Job, go: Go) -> Outcome:
        """Run the job to its end, whatever that is; never raises what a strategy raises.

        Global state that a strategy changes, such as seeds and the default dtype, is restored afterwards.
        """
        with preserve_global_state():
            return self._run(job, go)

    def _run(self, job: Job, go: Go) -> Outcome:
        started = self.clock.now()
        scores: list[FoldScore] = []
        state: State = "complete"
        why, side = "", 0
        models: dict[int, str] = {}
        left: list[Checkpoint] = []
        try:
            for fold in job.folds or (None,):
                pulse = _Pulse(job, fold, go)
                learner, bench = self._build(job, fold, pulse)
                if again := bool(job.checkpoint) and fold == job.folds[0]:
                    again = _take_up(learner, job.checkpoint)
                ended = self._drive(job, fold, learner, bench, pulse, scores, left, again=again)
                side = learner.side
                scored = fold is None or (bool(scores) and scores[-1].fold == fold)
                number = WHOLE if fold is None else fold
                again = number < len(self.materials.splits.first)
                if scored and (fold in (0, None) or (again and scores[-1].seconds > self.keep)):
                    models[number] = save_weights(self.folder / _file(job, number), learner.module())
                if ended:
                    state, why = ended, _REASONS[ended]
                    break
        except _Ended as ended_early:
            state, why = ended_early.state, _REASONS[ended_early.state]
        except DiskFull:
            raise  # no other trial would fare better
        except FAILURES as error:  # a stranger's code: one bad trial must not end the search
            if isinstance(error, CacheError) and is_full(error):
                raise
            state, why = "failed", _reason(error)
        checkpoint = left[0] if left and state == "pruned" else None
        return Outcome(job, state, tuple(scores), self.clock.now() - started, why, models, side, checkpoint)

    def moved(self, folder: Path) -> TrialRunner:
        """The same on a machine that cannot reach this one's disk: all that is written goes below
        ``folder``.
        """
        there = self.materials.with_store(store := Store(folder / "kept"))
        wider = self.wider and replace(self.wider, materials=self.wider.materials.with_store(store))
        return replace(
            self,
            materials=there,
            activations=self.activations.with_run_cache(there),
            folder=folder / "trials",
            wider=wider,
        )

    def materials_of(self, network: str) -> RunCache:
        """The materials that a backbone, or a network of a baseline's own, learns from."""
        wider = self.wider
        return wider.materials if wider is not None and network in wider.networks else self.materials

    def _build(self, job: Job, fold: int | None, pulse: _Pulse) -> tuple[Learner, TrialWorkbench]:
        materials = self.materials_of(job.backbone)
        tasks = tasks_by_network([job.backbone], self.task, self.wider)
        bench = TrialWorkbench(
            materials,
            tasks[job.backbone],
            materials.backbones[job.backbone],
            None if fold is None else materials.splits.folds[fold],
            seed=derive(job.seed, "refit" if fold is None else fold),
            check_cancelled=pulse,
            activations=self.activations
            if materials is self.materials
            else ActivationCache(materials, enabled=False),
            metric=self.measure,
        )
        return self.strategies[job.strategy].build(job.params, bench), bench

    def _drive(
        self,
        job: Job,
        fold: int | None,
        learner: Learner,
        bench: TrialWorkbench,
        pulse: _Pulse,
        scores: list[FoldScore],
        left: list[Checkpoint],
        *,
        again: bool,
    ) -> State | None:
        """Step the learner until it ends or is told to; adds the fold's score, if there is one, to
        ``scores``, and to ``left`` what it can go on from where it is behind. ``again``: it goes on so.
        """
        started, steps = self.clock.now(), list[float]()
        last, ended = None, None
        with closing(learner.fit()) as epochs:
            try:
                for epoch in map(_checked, epochs):
                    if len(steps) < 2 and epoch.score is None:
                        steps.append(self.clock.now())
                    last = epoch if epoch.score is not None else last
                    if ended := pulse.tell(epoch):
                        if ended == "pruned" and fold == 0 and 0 < epoch.progress < 1:
                            left += self._keep(job, learner, epoch.progress)
                        break
            except _Ended as early:  # what has been scored before counts all the same
                ended = early.state
        seconds = self._seconds_of_steps(started, steps)
        if fold is None or (ended and fold != 0):
            return ended  # a fold cut short is worth something only where nothing else is known
        if last is None:
            if ended is None:
                raise ValueError("the learner ended without scoring an epoch")
            if again or ended != "stopped" or not self.strategies[job.strategy].baseline:
                return ended
            last = Epoch(0)  # what it has learned so far: there must be something to compare with
            pulse.be_silent()
        logits = last.logits
        if logits is None:
            module = learner.module()
            logits = predict_logits(module, bench.pixels(side=learner.side).val, bench)
        array = logits.detach().float().cpu().numpy()
        materials = self.materials_of(job.backbone)
        _check_shape(array, len(materials.splits.folds[fold].val), len(materials.dataset.classes))
        score = bench.score(torch.from_numpy(array))  # measured here: a strategy does not mark its own work
        if not np.isfinite(array).all():
            raise ValueError("the network's outputs are not numbers (NaN or infinite)")
        done = FoldScore(fold, score, array, seconds, last.step)
        scores.append(done)
        return ended or pulse.tell(last, done)

    def _seconds_of_steps(self, started: float, steps: list[float]) -> float:
        """Return how long the training took until now, without what came before its first step.

        Args:
            started: When the training began.
            steps: When its first two steps had been taken. The first is taken to last as long as the second.
        """
        now = self.clock.now()
        return now - steps[0] + steps[1] - steps[0] if len(steps) == 2 else now - started

    def _keep(self, job: Job, learner: Learner, progress: float) -> list[Checkpoint]:
        """Write what the learner can go on from, if it can."""
        kept = learner.checkpoint() if isinstance(learner, Resumable) else None
        if kept is None:
            return []
        path = self.folder / f"trial-{job.number:04d}.checkpoint.safetensors"
        return [Checkpoint(save_tensors(path, kept), progress)]


def _checked(epoch: Epoch) -> Epoch:
    """Return the step as it is. Raises TypeError and ValueError where it is no such thing."""
    if not isinstance(epoch, Epoch):
        raise TypeError(f"fit() yielded a {type(epoch).__name__}, and an autotl.api.Epoch is expected")
    if epoch.score is not None and not np.isfinite(epoch.score):
        raise ValueError(f"fit() yielded the score {epoch.score}, and a finite number is expected")
    if not 0 <= epoch.progress <= 1:
        raise ValueError(f"fit() yielded the progress {epoch.progress}, and a share in [0, 1] is expected")
    return epoch


def _check_shape(logits: NDArray[np.float32], rows: int, classes: int) -> None:
    """Raise ValueError where logits are not a row for each image and a column for each class."""
    if logits.shape != (rows, classes):
        raise ValueError(
            f"the network's logits have the shape {logits.shape}, and ({rows}, {classes}) is expected: a row "
            "for each validation image and a column for each class"
        )


def _take_up(learner: Learner, path: str) -> bool:
    """Let the learner go on from the checkpoint, where it can and that is there."""
    kept = read_tensors(path) if isinstance(learner, Resumable) else None
    if kept is None:
        return False
    assert isinstance(learner, Resumable)
    learner.resume(kept)
    return True


def _file(job: Job, fold: int) -> str:
    part = "-whole" if fold == WHOLE else f"-fold{fold}" if fold else ""
    return f"trial-{job.number:04d}{part}.safetensors"


_REASONS: dict[State, str] = {
    "pruned": "stopped early: clearly behind the other trials",
    "stopped": "stopped: the time was up",
}


def _reason(error: BaseException) -> str:
    # names of files may hold bytes that are no Unicode, which tables and databases refuse
    text = " ".join(str(error).encode("utf-8", "backslashreplace").decode().split())
    if isinstance(error, MemoryError | torch.OutOfMemoryError) or "out of memory" in text.lower():
        return f"out of memory: {text[:200]}"
    return f"{type(error).__name__}: {text[:300]}"
