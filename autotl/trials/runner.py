"""Run jobs: build, train and score a learner on each fold."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path

import torch

import autotl.training.trainer  # noqa: F401 - load the optimizers now, so that no trial's time includes it
from autotl.api import WHOLE, Job, Learner, OnProgress, Outcome, State, Strategy, Task
from autotl.cache import Store
from autotl.clock import Clock
from autotl.errors import FAILURES, CacheError, DiskFull
from autotl.files import is_full
from autotl.metrics import Metric
from autotl.preparation.extra_images import ExtraImages, tasks_by_network
from autotl.progress.timeline import spent_on
from autotl.seeds import derive
from autotl.training import preserve_global_state
from autotl.trials.fold_training import FoldTraining, JobResult, ProgressReporter, TrialEnded, resume_training
from autotl.workbench.activation_cache import ActivationCache
from autotl.workbench.run_cache import RunCache
from autotl.workbench.tensor_files import save_weights
from autotl.workbench.trial_workbench import TrialWorkbench

KEEP_FROM_SECONDS = 0.2
"""The training time from which the weights of further folds are kept: shorter ones are soon repeated."""


@dataclass(frozen=True)
class TrialRunner:
    """Runs jobs on the data of a run.

    Weights of later repeats are not kept, because nothing uses them.

    Attributes:
        run_cache: The images, features and networks of the run.
        activations: The cached activations of frozen layers.
        task: The task.
        strategies: All strategies, by name.
        folder: The folder for weights and checkpoints.
        clock: The clock.
        keep_from_seconds: The training time from which weights of folds after the first are kept.
        metric: The metric that scores the folds; None is the task's metric.
        extra_images: The images that some networks learn from in place of those of ``run_cache``.
    """

    run_cache: RunCache
    activations: ActivationCache
    task: Task
    strategies: Mapping[str, Strategy]
    folder: Path
    clock: Clock
    keep_from_seconds: float = KEEP_FROM_SECONDS
    metric: Metric | None = None
    extra_images: ExtraImages | None = None

    def __call__(self, job: Job, on_progress: OnProgress) -> Outcome:
        """Run ``job``.

        Global state that its strategy changes, such as seeds, is restored.

        Args:
            job: The job.
            on_progress: Called with each progress; decides if the job must end.

        Returns:
            How the job ended. An error of the strategy is a failed outcome, not an exception.
        """
        with preserve_global_state(), spent_on("train"):
            return self._run(job, on_progress)

    def _run(self, job: Job, on_progress: OnProgress) -> Outcome:
        started, result = self.clock.now(), JobResult()
        try:
            for fold in job.folds or (None,):
                if ended := self._run_fold(job, fold, on_progress, result):
                    result.end(ended)
                    break
        except TrialEnded as early:
            result.end(early.state)
        except DiskFull:
            raise  # every other trial would fail as well
        except FAILURES as error:  # code of a plugin: one failed trial must not end the search
            if isinstance(error, CacheError) and is_full(error):
                raise
            result.state, result.why = "failed", _failure(error)
        return Outcome(
            job,
            result.state,
            tuple(result.scores),
            self.clock.now() - started,
            result.why,
            result.models,
            result.input_size,
            result.checkpoint if result.state == "pruned" else None,
            result.notes,
        )

    def _run_fold(
        self, job: Job, fold: int | None, on_progress: OnProgress, result: JobResult
    ) -> State | None:
        """Train one fold or all rows; return how the job ends."""
        reporter = ProgressReporter(job, fold, on_progress)
        learner, bench = self._build(job, fold, reporter)
        resumes = bool(job.checkpoint) and fold == job.folds[0]
        training = FoldTraining(
            job,
            fold,
            learner,
            bench,
            reporter,
            self.clock,
            checkpoint_file=self.folder / f"trial-{job.number:04d}.checkpoint.safetensors",
            baseline=self.strategies[job.strategy].baseline,
            resumed=resumes and resume_training(learner, bench, job.checkpoint),
        )
        ended = training.run(result)
        result.input_size = bench.result.input_size or result.input_size
        if fold is None or fold == job.folds[0]:
            result.notes = bench.notes
        scores, number = result.scores, WHOLE if fold is None else fold
        scored = bench.last_score is not None and (fold is None or (bool(scores) and scores[-1].fold == fold))
        in_first_repeat = number < len(self.run_cache.splits.first)
        if scored and (
            fold in (0, None) or (in_first_repeat and scores[-1].seconds > self.keep_from_seconds)
        ):
            result.models[number] = save_weights(self.folder / _file(job, number), bench.result.model)
        return ended

    def moved(self, folder: Path) -> TrialRunner:
        """Return the runner for a machine without access to this disk.

        It writes to ``folder``.
        """
        run_cache = self.run_cache.with_store(store := Store(folder / "kept"))
        extra = self.extra_images
        return replace(
            self,
            run_cache=run_cache,
            activations=self.activations.with_run_cache(run_cache),
            folder=folder / "trials",
            extra_images=extra and replace(extra, run_cache=extra.run_cache.with_store(store)),
        )

    def run_cache_of(self, network: str) -> RunCache:
        """Return the data that ``network`` learns from."""
        extra = self.extra_images
        return extra.run_cache if extra is not None and network in extra.networks else self.run_cache

    def _build(
        self, job: Job, fold: int | None, reporter: ProgressReporter
    ) -> tuple[Learner, TrialWorkbench]:
        run_cache = self.run_cache_of(job.backbone)
        shared = run_cache is self.run_cache
        bench = TrialWorkbench(
            run_cache,
            tasks_by_network([job.backbone], self.task, self.extra_images)[job.backbone],
            run_cache.backbones[job.backbone],
            None if fold is None else run_cache.splits.folds[fold],
            seed=derive(job.seed, "refit" if fold is None else fold),
            check_cancelled=reporter,
            activations=self.activations if shared else ActivationCache(run_cache, enabled=False),
            metric=self.metric,
        )
        bench.start_clock(self.clock)
        bench.strategy = job.strategy
        return self.strategies[job.strategy].build(job.params, bench), bench


def _file(job: Job, fold: int) -> str:
    part = "-whole" if fold == WHOLE else f"-fold{fold}" if fold else ""
    return f"trial-{job.number:04d}{part}.safetensors"


def _failure(error: BaseException) -> str:
    # names of files may hold bytes that are not valid Unicode, which tables and databases refuse
    text = " ".join(str(error).encode("utf-8", "backslashreplace").decode().split())
    if isinstance(error, MemoryError | torch.OutOfMemoryError) or "out of memory" in text.lower():
        return f"out of memory: {text[:200]}"
    return f"{type(error).__name__}: {text[:300]}"
