"""The history of a search: all trials, and how they compare."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import InitVar, dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from autotl.api import Arm, Outcome, Record, Target, TargetSpec
from autotl.metrics import METRICS, Metric
from autotl.targets import correctness, numbered_classes, target_of
from autotl.trials.choice import candidates, cheapest_equal
from autotl.trials.kept_files import delete_checkpoints, delete_weights
from autotl.trials.paired_errors import PairedErrors
from autotl.trials.prior import Forecast, prior_difference
from autotl.trials.trial import Trial

CALIBRATED_FROM, CALIBRATED_TO = 30, 2000
"""Validation images of a fold for which trials are compared by calibrated likelihood.

Fewer images are too few to calibrate on. With more images the metric itself is precise enough.
"""


@dataclass(slots=True)
class TrialHistory:
    """All trials of a search.

    Attributes:
        targets: The encoded validation targets of each fold, in the order of the outputs.
        trials: The trials, by number.
        version: A counter that increases with each change.
        metric: The metric that the search maximises.
        choose_expected: Whether the highest expected score is chosen, else the highest measured one.
        forecasts: The forecast of each arm before the search; arms may be missing.
        rows: The dataset rows of each fold's ``targets``; if empty, no image is in two folds.
        repeats: How often the folds divide all images.
        held_out: The fraction of the images that a fold leaves out; None is that of equal folds.
        held_out_by_network: The same for networks that learn from other images, by network.
        use_cost: Returns the cost of using a trial's network.
        target: The mathematics of the target; without ``target_spec`` that of single labels.
        accuracy_scale: The difference of the metric that corresponds to a difference of 1 in accuracy.
    """

    targets: Sequence[NDArray[Any]]
    trials: dict[int, Trial] = field(default_factory=dict)
    version: int = 0
    metric: Metric = METRICS["accuracy"]
    choose_expected: bool = True
    forecasts: Mapping[Arm, Forecast] = field(default_factory=dict)
    rows: Sequence[NDArray[np.int64]] = ()
    repeats: int = 1
    held_out: InitVar[float | None] = None
    held_out_by_network: Mapping[str, float] = field(default_factory=dict)
    use_cost: Callable[[Trial], float] = field(default=lambda trial: trial.fold_cost)
    target_spec: InitVar[TargetSpec | None] = None
    target: Target = field(init=False)
    accuracy_scale: float = field(init=False)
    _held_out: float = field(init=False)
    _metric_errors: PairedErrors = field(init=False)
    _errors: PairedErrors = field(init=False)

    def __post_init__(self, held_out: float | None, target_spec: TargetSpec | None) -> None:
        folds = self.folds_per_repeat
        self._held_out = (1 / folds if folds > 1 else 0.0) if held_out is None else held_out
        every = np.concatenate(self.targets) if self.targets else np.zeros(0, dtype=np.int64)
        self.target = target_of(target_spec or numbered_classes(every))
        self.accuracy_scale = self.metric.accuracy_scale(every, self.target)
        if not len(self.rows):
            ends = np.cumsum([len(each) for each in self.targets], dtype=np.int64)
            self.rows = np.split(np.arange(len(every)), ends[:-1])
        scale, correct = self.accuracy_scale, correctness(self.target)
        self._metric_errors = PairedErrors(self.targets, self.rows, self.metric, scale, correct)
        self._errors = self._metric_errors
        likelihood = self.metric.calibrated_likelihood
        if likelihood and all(CALIBRATED_FROM <= len(each) <= CALIBRATED_TO for each in self.targets):
            self._errors = PairedErrors(self.targets, self.rows, likelihood, scale, correct)

    @property
    def folds_per_repeat(self) -> int:
        """The number of folds in one repeat; the first repeat's come first."""
        return len(self.targets) // self.repeats

    def held_out_share(self, network: str) -> float:
        """Return the fraction of images that a fold leaves out."""
        return self.held_out_by_network.get(network, self._held_out)

    def add(self, trial: Trial, outcome: Outcome, *, now: float) -> list[Trial]:
        """Add an outcome to its trial, and delete unneeded weights.

        Args:
            trial: The trial; it is added to the history if it is new.
            outcome: How the job ended.
            now: Seconds since the search began.

        Returns:
            The trials whose weights or checkpoint were deleted.
        """
        self.version, self.trials[trial.number] = self.version + 1, trial
        if again := 0 in trial.folds and 0 in outcome.job.folds:
            outcome = trial.merge_resumed(outcome)
        trial.seconds += outcome.seconds
        trial.finished_at, trial.notes = now, trial.notes_after(outcome)
        trial.checkpoint = trial.checkpoint or outcome.checkpoint
        # an extension that failed leaves the earlier result
        if outcome.state == "complete" or not trial.folds or (again and trial.resumed):
            trial.state = outcome.state
            trial.why = outcome.why or (trial.why if trial.resumed else "")
        trial.folds.update({each.fold: each for each in outcome.folds})
        if outcome.state == "failed":
            trial.excluded_folds |= frozenset(outcome.job.folds) - trial.folds.keys()
        if outcome.models:
            new = {Path(path).resolve() for path in outcome.models.values()}
            for fold in trial.models.keys() & outcome.models.keys():
                if (old := Path(trial.models[fold]).resolve()) not in new:
                    old.unlink(missing_ok=True)
            trial.models |= outcome.models
            trial.input_size = outcome.input_size
        return self._delete_unneeded(trial.arm)

    def _delete_unneeded(self, arm: Arm) -> list[Trial]:
        """Delete files that the arm hardly needs; return the changed trials."""
        scored = self.scored_trials(arm)
        ranked = sorted((each for each in scored if each.model), key=self.posterior_mean, reverse=True)
        changed = delete_weights(ranked, best=self.best(arm))
        return changed + [each for each in delete_checkpoints(scored) if each not in changed]

    def arms(self) -> list[Arm]:
        """Return the arms in the order of their first trial."""
        return list(dict.fromkeys(trial.arm for trial in self.trials.values()))

    def scored_trials(self, arm: Arm) -> list[Trial]:
        """Return the trials of ``arm`` that have a score."""
        return [trial for trial in self.trials.values() if trial.arm == arm and trial.folds]

    def score(self, trial: Trial) -> float | None:
        """Return the validation score, adjusted to the reference trial's folds.

        Folds differ in difficulty. The reference trial has run on the most folds. Others are scored by
        their mean difference to it on common folds.

        Returns:
            None if the trial has no score.
        """
        if not trial.folds:
            return None
        reference, (low, high) = self._reference_trial(), self.metric.bounds
        return min(high, max(low, reference.mean_score + self._metric_difference(trial, reference)))

    def posterior_mean(self, trial: Trial) -> float:
        """Return the posterior mean of the score, to choose by.

        A difference that few images show is shrunk towards that of the forecasts.
        """
        reference = self._reference_trial()
        if trial is reference:
            return reference.mean_score
        scale = self.accuracy_scale
        expected, prior = prior_difference(trial.arm, reference.arm, self.forecasts, scale=scale)
        shrinkage = prior**2 / (prior**2 + self.standard_error(trial, reference) ** 2)
        surprise = self.score_difference(trial, reference) - expected
        return reference.mean_score + expected + shrinkage * surprise

    def _reference_trial(self) -> Trial:
        """Return the trial that has run on the most folds."""
        scored = (trial for trial in self.trials.values() if trial.folds)
        return max(scored, key=lambda trial: (len(trial.folds), -trial.number))

    def score_difference(self, one: Trial, other: Trial) -> float:
        """Return the difference of two trials' scores, on common folds.

        A calibrated likelihood, if the metric has one, also tells trials with equal accuracy apart.
        """
        if self._errors is self._metric_errors or not one.folds.keys() & other.folds.keys():
            return self._metric_difference(one, other)
        return self._errors.difference((one.number, one.folds), (other.number, other.folds))

    def standard_error(self, one: Trial, other: Trial) -> float:
        """Return the standard error of :meth:`score_difference`, paired by image."""
        return self._errors.standard_error((one.number, one.folds), (other.number, other.folds))

    def _metric_difference(self, one: Trial, other: Trial) -> float:
        shared = one.folds.keys() & other.folds.keys()
        if not shared:
            return one.mean_score - other.mean_score
        return float(np.mean([one.folds[i].score - other.folds[i].score for i in shared]))

    def best(
        self,
        arm: Arm | None = None,
        *,
        among: Sequence[Arm] | None = None,
        defaults_only: bool = False,
        ignore_cost: bool = False,
    ) -> Trial | None:
        """Choose the trial with the highest expected score.

        Among trials with about equal scores, the cheapest one is chosen. A baseline is chosen only if
        it leads: it serves as a comparison. A pruned trial is chosen only if there is no other.

        Args:
            arm: Choose among the trials of this arm only.
            among: Choose among the trials of these arms only.
            defaults_only: Choose among trials with default settings only.
            ignore_cost: Return the leading trial, however expensive it is.

        Returns:
            None if no trial has both a score and weights.
        """
        found = candidates(
            trial
            for trial in self.trials.values()
            if (arm is None or trial.arm == arm)
            and (among is None or trial.arm in among)
            and (trial.default or not defaults_only)
        )
        if not found:
            return None
        if not self.choose_expected:
            return max(found, key=self._measured)
        leader = max(found, key=self._rank)
        if ignore_cost:
            return leader
        scale = self.accuracy_scale
        return cheapest_equal(leader, found, rank=self._rank, use_cost=self.use_cost, scale=scale)

    def _measured(self, trial: Trial) -> tuple[float, int]:
        score = self.score(trial)
        return -math.inf if score is None else score, -trial.number

    def _rank(self, trial: Trial) -> tuple[float, float]:
        return self.posterior_mean(trial), -trial.fold_cost

    def metric_standard_error(self, one: Trial, other: Trial) -> float:
        """Return the standard error of the metric's difference."""
        return self._metric_errors.standard_error((one.number, one.folds), (other.number, other.folds))

    def information_share(self, trial: Trial, rival: Trial, fold: int) -> float:
        """Return the fraction of a fold's variance that is new information.

        The fraction is 1 for images on which ``trial`` has not been validated. For other images it is the
        part of the variance that comes from how the folds were cut.

        Args:
            trial: The trial that would run on the fold.
            rival: The trial that it is compared with.
            fold: The fold.

        Returns:
            A number in [0, 1].
        """
        known = np.concatenate([self.rows[each] for each in trial.folds]) if trial.folds else self.rows[0][:0]
        new = float(np.isin(self.rows[fold], known, invert=True).mean())
        if new == 1:
            return 1.0
        again = self._errors.repeat_information((trial.number, trial.folds), (rival.number, rival.folds))
        return new + (1 - new) * again

    def record(self, trial: Trial) -> Record:
        """Return ``trial`` as a row of the leaderboard."""
        return trial.record(self.score(trial))

    def records(self) -> list[Record]:
        """Return all trials as rows of the leaderboard, by number."""
        return [self.record(trial) for _, trial in sorted(self.trials.items())]
