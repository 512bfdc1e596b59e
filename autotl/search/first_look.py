"""First looks: short trainings that decide whether a longer one follows."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from autotl.api import Arm, FirstLook, Params
from autotl.curve import TrainingForecast, TrainingPoint, forecast_training
from autotl.errors import FAILURES
from autotl.search.search_inputs import SearchSpace
from autotl.trials.history import TrialHistory
from autotl.trials.trial import Trial

MIN_PROBABILITY = 0.15
"""The longer training is tried if it reaches the best trial with at least this probability."""
SLOWEST = 4.0
"""The largest factor by which a training is taken to be slower than estimated: a first look also decodes."""
SHARED_PARAMS = ("image_size",)
"""Hyperparameters that trainings on one curve must share. The others matter less than the length does."""


class FirstLooks:
    """The arms that have a first look, and its results.

    Without a time limit no arm has a first look: the budget then counts trials, and a first look is one.
    """

    def __init__(self, space: SearchSpace, history: TrialHistory) -> None:
        self._space, self._history = space, history
        self._params: dict[Arm, Params] = {}
        for arm in space.arms:
            strategy, task = space.strategy(arm), space.task(arm)
            if task.trial_seconds is not None and isinstance(strategy, FirstLook):
                try:
                    look, defaults = strategy.look(task, space.backbone(arm)), space.defaults(arm)
                except FAILURES:  # code of a plugin: its defaults run without a first look, or fail then
                    continue
                if look != defaults:
                    self._params[arm] = look

    def __contains__(self, arm: Arm) -> bool:
        return arm in self._params

    def params(self, arm: Arm, started: Sequence[Trial]) -> Params | None:
        """Return the hyperparameters of the arm's first look, None after it.

        Args:
            arm: The arm.
            started: The arm's trials, running ones included.
        """
        return None if started or arm not in self._params else self._params[arm]

    def longer_params(self, arm: Arm, started: Sequence[Trial]) -> Params:
        """Return the arm's defaults at the speed of its first look.

        The image size is that of the first look.

        Args:
            arm: The arm.
            started: The arm's trials, running ones included.
        """
        backbone = self._space.backbone(arm)
        look = next((trial for trial in started if trial.first_look and _length(trial)), None)
        if look is not None:
            slowdown = self._slowdown(look)
            pace = backbone.pace
            pace = replace(pace, forward=pace.forward / slowdown, training=pace.training / slowdown)
            size = look.params.get("image_size")
            backbone = replace(backbone, pace=pace, input_sizes=(size,) if size else backbone.input_sizes)
        return self._space.strategy(arm).defaults(self._space.task(arm), backbone)

    def _slowdown(self, look: Trial) -> float:
        """Return the time of the first look divided by its estimate."""
        space, arm = self._space, look.arm
        try:
            cost = space.strategy(arm).cost(look.params, space.task(arm), space.backbone(arm), space.machine)
            expected = cost.seconds
        except FAILURES:  # code of a plugin
            return 1.0
        expected *= _length(look) / (length_of(look.params) or 1)
        return min(SLOWEST, max(1.0, look.folds[0].seconds / max(expected, 1e-6)))

    def is_worth_starting(self, arm: Arm, started: Sequence[Trial]) -> bool:
        """Return whether to start the arm's first look or defaults.

        Args:
            arm: The arm.
            started: The arm's trials, running ones included.
        """
        if arm not in self or not started:
            return True
        if not any(trial.number in self._history.trials for trial in started):
            return False  # the first look is still running
        longer = self.longer_params(arm, started)
        if any(trial.params == longer for trial in started):
            return False  # there is no time for a longer training
        return is_promising(self._history, started, longer, self._history.best(ignore_cost=True))

    def gain(self, arm: Arm, started: Sequence[Trial]) -> float | None:
        """Return the expected improvement of the arm's defaults on the best trial.

        Args:
            arm: The arm.
            started: The arm's trials, running ones included.

        Returns:
            None before the first look, without a forecast, or if the arm leads.
        """
        history = self._history
        best = history.best(ignore_cost=True)
        if arm not in self or best is None or best in started:
            return None
        forecast = training_forecast(history, started)
        length = length_of(self.longer_params(arm, started))
        if forecast is None or length is None:
            return None
        return forecast.expected_improvement(history.metric.bounds[1] - best.folds[0].score, epochs=length)


def training_forecast(history: TrialHistory, trials: Sequence[Trial]) -> TrainingForecast | None:
    """Forecast the error of longer trainings from the trials of an arm.

    Among trainings of one length the best counts, and none that is worse than a shorter one, because settings
    are chosen by their scores. A stopped training counts with the epochs that it has done. Its learning rate
    was still high, so a complete training of that length would score more.

    Args:
        history: All trials.
        trials: The trials of the arm.

    Returns:
        None if no such trial has a score, or if the metric has no best possible score.
    """
    best = history.metric.bounds[1]
    ended = sorted((trial for trial in trials if _length(trial)), key=_length)
    if not ended or not np.isfinite(best):
        return None
    leader = max(ended, key=lambda trial: trial.folds[0].score)
    points: dict[float, TrainingPoint] = {}
    least = np.inf
    for trial in ended:
        error = max(best - trial.folds[0].score, 0.0)
        shared = all(trial.params.get(name) == leader.params.get(name) for name in SHARED_PARAMS)
        if error < least and shared:
            points[_length(trial)] = TrainingPoint(_length(trial), error, _score_error(history, trial))
            least = error
    return forecast_training(list(points.values()), max_error=best - _constant_score(history))


def is_promising(history: TrialHistory, trials: Sequence[Trial], longer: Params, best: Trial | None) -> bool:
    """Return whether a longer training can reach the best trial.

    Args:
        history: All trials.
        trials: The trials of the arm.
        longer: The hyperparameters of the longer training.
        best: The best trial so far, if there is one.
    """
    length = length_of(longer)
    if best is None or best in trials or length is None:
        return True
    if not any(_length(trial) for trial in trials):
        return False  # the first look failed, or did not complete an epoch
    forecast = training_forecast(history, trials)
    if forecast is None:  # the metric allows no forecast
        return True
    target = history.metric.bounds[1] - best.folds[0].score
    return forecast.probability_below(target, epochs=length) >= MIN_PROBABILITY


def length_of(params: Params) -> float | None:
    """Return the planned epochs over all images, or None without epochs.

    An epoch over a ``part`` of the images counts as that part.
    """
    found = params.get("epochs")
    return found * _part(params) if isinstance(found, int) and found > 0 else None


def _part(params: Params) -> float:
    found = params.get("part", 1.0)
    return float(found) if isinstance(found, int | float) and 0 < found <= 1 else 1.0


def _constant_score(history: TrialHistory) -> float:
    """Return the first fold's score of the best outputs that ignore the images."""
    targets = history.targets[0]
    return history.metric.constant_score(targets, history.target)


def _length(trial: Trial) -> float:
    """Return the epochs on the first fold over all images, or 0."""
    planned = length_of(trial.params)
    if planned is None or 0 not in trial.folds or trial.state not in ("complete", "stopped"):
        return 0.0
    return planned if trial.state == "complete" else min(planned, trial.folds[0].epochs * _part(trial.params))


def _score_error(history: TrialHistory, trial: Trial) -> float:
    """Return the standard error of the first fold's score.

    It is estimated from the share of correct predictions.
    """
    targets = history.targets[0]
    accuracy = float(history.target.correct(trial.folds[0].outputs, targets).mean())
    n = len(targets)
    return history.accuracy_scale * float(np.sqrt((accuracy * (1 - accuracy) + 1 / n) / n))
