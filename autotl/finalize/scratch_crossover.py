"""The scratch crossover: the images with which scratch matches transfer.

The best transfer and the best baseline are trained again on a quarter and on half of the first fold's
training images. Their learning curves are extrapolated.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import numpy as np

from autotl.analysis.learning_curve import stratified
from autotl.api import Fold, Job, State
from autotl.budget.policy import POLICY
from autotl.curve import crossover, crossover_sentence, forecast
from autotl.data import split_hash
from autotl.finalize.final_model import CrossoverCurve, FinalModel, ScratchCrossover
from autotl.finalize.phase import FinalPhase
from autotl.progress import report_progress
from autotl.seeds import derive
from autotl.trials.history import TrialHistory
from autotl.trials.runner import TrialRunner
from autotl.trials.trial import Trial
from autotl.workbench.activation_cache import ActivationCache
from autotl.workbench.run_cache import RunCache

FRACTIONS = (0.25, 0.5)
"""The fractions of the training images."""
NUMBER_OFFSET = 1_000_000
"""Added to a trial's number, so that these trainings have separate weights files."""


class CrossoverStep:
    """The step that measures the scratch crossover, if it was requested.

    A measured crossover is kept: if the user interrupts a later step, the final model still gets it.
    """

    name = "scratch crossover"

    def __init__(self, phase: FinalPhase) -> None:
        self._phase = phase
        self._found: ScratchCrossover | None = None

    @property
    def optional(self) -> bool:
        """Whether there is something to measure that may be skipped."""
        return self._found is None

    def expected_seconds(self, history: TrialHistory) -> float:
        """Return the expected seconds of the additional trainings."""
        if not self._phase.options.crossover:
            return 0.0
        trials = [trial for trial in self._phase.best_of_both_sides() if trial]
        return POLICY.crossover_margin * sum(sum(FRACTIONS) * trial.fold_seconds for trial in trials)

    def run(self, model: FinalModel) -> FinalModel:
        """Return the model with the crossover, if measured in time."""
        if self._found is not None:
            return replace(model, crossover=self._found)
        phase = self._phase
        transfer, baseline = phase.best_of_both_sides()
        if not phase.options.crossover or transfer is None or baseline is None:
            return model
        report_progress("training on 25 % and 50 % of the data")
        late = phase.report_deadline.passed
        seed = phase.options.seed
        self._found = measure_crossover(phase.runner, transfer, baseline, late=late, seed=seed)
        return replace(model, crossover=self._found)


def measure_crossover(
    runner: TrialRunner, transfer: Trial, baseline: Trial, *, late: Callable[[], bool], seed: int
) -> ScratchCrossover | None:
    """Measure the crossover of two trials' settings.

    Args:
        runner: Runs the trainings.
        transfer: The trial that transfers.
        baseline: The trial that does not.
        late: Returns whether the time is up.
        seed: The seed of the run.

    Returns:
        None if a training did not end in time, or failed.
    """
    ours, theirs = (_curve(runner, trial, late=late, seed=seed) for trial in (transfer, baseline))
    if ours is None or theirs is None:
        return None
    validated = len(runner.run_cache.splits.folds[0].val)
    forecasts = [
        forecast(
            np.array(each.sizes),
            np.array(each.scores)[:, None],
            validated,
            seed=derive(seed, "catch up", each.strategy),
        )
        for each in (ours, theirs)
    ]
    meeting = crossover(*forecasts)
    return ScratchCrossover(
        n=None if meeting is None else meeting.value,
        ci95=None if meeting is None else meeting.ci95,
        sentence=crossover_sentence(*forecasts),
        curves=(ours, theirs),
    )


def _curve(
    runner: TrialRunner, trial: Trial, *, late: Callable[[], bool], seed: int
) -> CrossoverCurve | None:
    """Train the trial's settings on fewer images; None if that fails."""
    run_cache = runner.run_cache_of(trial.arm.backbone)
    fold = run_cache.splits.folds[0]
    targets = run_cache.dataset.targets
    order = stratified(run_cache.target.strata(targets), fold.train, seed=derive(seed, "quarters"))
    sizes = [max(2 * run_cache.dataset.target.outputs, round(each * len(order))) for each in FRACTIONS]
    if 0 not in trial.folds or sizes[0] >= sizes[1] or sizes[1] >= len(order):
        return None
    folds = tuple(Fold(np.sort(order[:n]), fold.val) for n in sizes)
    part = _part_of(run_cache, folds)
    smaller = replace(runner, run_cache=part, activations=ActivationCache(part), extra_images=None)

    def on_progress(job: Job, progress: object) -> State | None:
        return "stopped" if late() else None

    number = NUMBER_OFFSET + trial.number
    job = Job(number, trial.arm.strategy, trial.arm.backbone, trial.params, trial.seed, (0, 1))
    outcome = smaller(job, on_progress)
    if outcome.state != "complete" or len(outcome.folds) < len(folds):
        return None
    own = targets[fold.val]
    scored = [*outcome.folds, trial.folds[0]]
    return CrossoverCurve(
        trial.arm.strategy,
        trial.arm.backbone,
        (*sizes, len(order)),
        tuple(float(run_cache.target.correct(each.outputs, own).mean()) for each in scored),
    )


def _part_of(run_cache: RunCache, folds: tuple[Fold, ...]) -> RunCache:
    """Return the data with folds that are parts of the first fold."""
    splits = run_cache.splits
    name = split_hash(run_cache.dataset, splits.train, splits.test, folds)
    return RunCache(
        run_cache.dataset,
        replace(splits, folds=folds, hash=name, repeats=1),
        run_cache.backbones,
        run_cache.store,
        device=run_cache.device,
        processes=run_cache.processes,
        weights=None if run_cache.weights is None else _row_weights(run_cache),
        previous=run_cache,
    )


def _row_weights(run_cache: RunCache) -> np.ndarray[tuple[int], np.dtype[np.float64]]:
    found = np.ones(len(run_cache.dataset))
    if run_cache.weights is not None:
        found[run_cache.order] = run_cache.weights.double().numpy()
    return found
