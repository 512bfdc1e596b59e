"""Say from how many images on training from scratch would do as well as transfer.

The best transferred trial and the best one from scratch are trained again on a quarter and on half of the
first fold's training images, and their learning curves are continued.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace

import numpy as np

from autotl.analysis.learning_curve import stratified
from autotl.api import Fold, Job, State
from autotl.curve import catch_up, catch_up_sentence, forecast
from autotl.data import split_hash
from autotl.seeds import derive
from autotl.trials.runner import TrialRunner
from autotl.trials.trial import Trial
from autotl.workbench.activation_cache import ActivationCache
from autotl.workbench.run_cache import RunCache

SHARES = (0.25, 0.5)
SAFETY = 1.3
APART = 1_000_000
"""Added to a trial's number, so that its smaller trainings write weights of their own."""


@dataclass(frozen=True, slots=True)
class ArmCurve:
    """Validation accuracy ``scores`` of one trial's settings after learning from ``sizes`` images."""

    strategy: str
    backbone: str
    sizes: tuple[int, ...]
    scores: tuple[float, ...]


@dataclass(frozen=True, slots=True)
class ScratchCrossover:
    """The number ``n`` of images at which the curves meet, with its interval; None where they do not."""

    n: float | None
    ci95: tuple[float, float] | None
    sentence: str
    curves: tuple[ArmCurve, ArmCurve]


def seconds_for_curves(*trials: Trial | None) -> float:
    """What the smaller trainings of these trials are expected to take."""
    return SAFETY * sum(sum(SHARES) * trial.fold_seconds for trial in trials if trial)


def measure_crossover(
    worker: TrialRunner, transfer: Trial, scratch: Trial, *, late: Callable[[], bool], seed: int
) -> ScratchCrossover | None:
    """None where a training did not end in time, or failed."""
    found = [_curve(worker, trial, late=late, seed=seed) for trial in (transfer, scratch)]
    ours, theirs = found
    if ours is None or theirs is None:
        return None
    validated = len(worker.materials.splits.folds[0].val)
    curves = [
        forecast(
            np.array(each.sizes),
            np.array(each.scores)[:, None],
            validated,
            seed=derive(seed, "catch up", each.strategy),
        )
        for each in (ours, theirs)
    ]
    meet = catch_up(*curves)
    return ScratchCrossover(
        n=None if meet is None else meet.value,
        ci95=None if meet is None else meet.ci95,
        sentence=catch_up_sentence(*curves),
        curves=(ours, theirs),
    )


def _curve(worker: TrialRunner, trial: Trial, *, late: Callable[[], bool], seed: int) -> ArmCurve | None:
    whole = worker.materials_of(trial.arm.backbone)
    fold = whole.splits.folds[0]
    labels = whole.dataset.table["label"].to_numpy(dtype=np.int64)
    order = stratified(labels, fold.train, seed=derive(seed, "quarters"))
    sizes = [max(2 * len(whole.dataset.classes), round(share * len(order))) for share in SHARES]
    if 0 not in trial.folds or sizes[0] >= sizes[1] or sizes[1] >= len(order):
        return None
    folds = tuple(Fold(np.sort(order[:n]), fold.val) for n in sizes)
    smaller = replace(
        worker, materials=(part := _of(whole, folds)), activations=ActivationCache(part), wider=None
    )

    def go(job: Job, said: object) -> State | None:
        return "stopped" if late() else None

    job = Job(APART + trial.number, trial.arm.strategy, trial.arm.backbone, trial.params, trial.seed, (0, 1))
    outcome = smaller(job, go)
    if outcome.state != "complete" or len(outcome.folds) < len(folds):
        return None
    own = labels[fold.val]
    scored = [*outcome.folds, trial.folds[0]]
    return ArmCurve(
        trial.arm.strategy,
        trial.arm.backbone,
        (*sizes, len(order)),
        tuple(float((each.logits.argmax(1) == own).mean()) for each in scored),
    )


def _of(whole: RunCache, folds: tuple[Fold, ...]) -> RunCache:
    """The same run's materials, learning from parts of its first fold."""
    splits = whole.splits
    name = split_hash(whole.dataset, splits.train, splits.test, folds)
    return RunCache(
        whole.dataset,
        replace(splits, folds=folds, hash=name, repeats=1),
        whole.backbones,
        whole.store,
        device=whole.device,
        processes=whole.processes,
        weights=None if whole.weights is None else _row_weights(whole),
        previous=whole,
    )


def _row_weights(whole: RunCache) -> np.ndarray[tuple[int], np.dtype[np.float64]]:
    found = np.ones(len(whole.dataset))
    if whole.weights is not None:
        found[whole.order] = whole.weights.double().numpy()
    return found
