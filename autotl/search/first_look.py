"""Decide by a short training whether a longer one is worth its time."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace

import numpy as np

from autotl.api import Arm, Backbone, FirstLook, Machine, Params, Strategy, Task
from autotl.curve import TrainingForecast, TrainingPoint, forecast_training
from autotl.errors import FAILURES
from autotl.trials.history import TrialHistory
from autotl.trials.trial import Trial

FIRST_LOOK_SHARE = 0.15
"""The share of the time for trials after which a first look is stopped."""
CHANCE = 0.15
"""The least probability of reaching the best trial at which the longer training is tried."""
SLOWEST = 4.0
"""How many times slower than measured a training is taken to be at most: a first look also decodes images."""
ALIKE = ("image_size",)
"""Settings that trainings must share to lie on one curve. The others matter less than the length does."""


class FirstLooks:
    """The arms that are tried by a short training first, and what came of it.

    Without a time limit no arm is: trials are counted there, and a look would cost one.
    """

    def __init__(
        self,
        arms: Iterable[Arm],
        strategies: Mapping[str, Strategy],
        backbones: Mapping[str, Backbone],
        tasks: Mapping[str, Task],
        ledger: TrialHistory,
        machine: Machine,
    ) -> None:
        self._ledger, self._strategies, self._backbones = ledger, strategies, backbones
        self._tasks, self._machine = tasks, machine
        self._settings: dict[Arm, Params] = {}
        for arm in arms:
            strategy, backbone = strategies[arm.strategy], backbones[arm.backbone]
            task = tasks[arm.backbone]
            if task.trial_seconds is not None and isinstance(strategy, FirstLook):
                try:
                    look, planned = strategy.look(task, backbone), strategy.defaults(task, backbone)
                except FAILURES:  # a stranger's code: its defaults are tried without a look, or fail there
                    continue
                if look != planned:
                    self._settings[arm] = look

    def __contains__(self, arm: Arm) -> bool:
        return arm in self._settings

    def settings(self, arm: Arm, begun: Sequence[Trial]) -> Params | None:
        """The settings of the arm's first look, if none of its trials has begun."""
        return None if begun or arm not in self._settings else self._settings[arm]

    def planned(self, arm: Arm, begun: Sequence[Trial]) -> Params:
        """The arm's defaults, at the pace and the image size of its first look."""
        strategy, backbone = self._strategies[arm.strategy], self._backbones[arm.backbone]
        look = next((trial for trial in begun if trial.look and _length(trial)), None)
        if look is not None:
            slower = self._slower(look, strategy, backbone)
            pace = backbone.pace
            pace = replace(pace, forward=pace.forward / slower, training=pace.training / slower)
            side = look.params.get("image_size")
            backbone = replace(backbone, pace=pace, sides=(side,) if side else backbone.sides)
        return strategy.defaults(self._tasks[arm.backbone], backbone)

    def _slower(self, look: Trial, strategy: Strategy, backbone: Backbone) -> float:
        """How many times longer the look took than was expected."""
        try:
            expected = strategy.cost(look.params, self._tasks[backbone.name], backbone, self._machine).seconds
        except FAILURES:  # as above
            return 1.0
        expected *= _length(look) / (length_of(look.params) or 1)
        return min(SLOWEST, max(1.0, look.folds[0].seconds / max(expected, 1e-6)))

    def promises(self, arm: Arm, begun: Sequence[Trial]) -> bool:
        """Whether the arm's next trial, its first look or its defaults, is worth its time."""
        if arm not in self or not begun:
            return True
        if not any(trial.number in self._ledger.trials for trial in begun):
            return False  # the look is running
        planned = self.planned(arm, begun)
        if any(trial.params == planned for trial in begun):
            return False  # there is no time for more than the look
        return is_promising(self._ledger, begun, planned, self._ledger.best(leading=True))

    def gain(self, arm: Arm, begun: Sequence[Trial]) -> float | None:
        """By how much the arm's defaults are expected to improve on the best trial, in the metric's units.

        None before the first look, without a forecast, or if the arm leads.
        """
        best = self._ledger.best(leading=True)
        if arm not in self or best is None or best in begun:
            return None
        found, length = training_forecast(self._ledger, begun), length_of(self.planned(arm, begun))
        if found is None or length is None:
            return None
        return found.expected_improvement(self._ledger.measure.bounds[1] - best.folds[0].score, epochs=length)


def training_forecast(ledger: TrialHistory, trials: Sequence[Trial]) -> TrainingForecast | None:
    """Forecast the error of longer trainings from an arm's trials.

    Of the trainings of one length the best counts, and none that is worse than a shorter one: settings are
    chosen by their scores. One that was stopped by the end of its time counts with the epochs it has done:
    with its learning rate still high, it scores less than a training of that length would.

    Returns:
        The forecast; None if no such trial was scored, or if the metric has no best possible score.
    """
    best = ledger.measure.bounds[1]
    ended = sorted((trial for trial in trials if _length(trial)), key=_length)
    if not ended or not np.isfinite(best):
        return None
    leading = max(ended, key=lambda trial: trial.folds[0].score)
    points: dict[float, TrainingPoint] = {}
    least = np.inf
    for trial in ended:
        error = max(best - trial.folds[0].score, 0.0)
        if error < least and all(trial.params.get(name) == leading.params.get(name) for name in ALIKE):
            points[_length(trial)] = TrainingPoint(_length(trial), error, _noise(ledger, trial))
            least = error
    return forecast_training(list(points.values()), max_error=best - _constant(ledger, leading))


def is_promising(ledger: TrialHistory, trials: Sequence[Trial], planned: Params, best: Trial | None) -> bool:
    """Return whether a longer training may reach the best trial.

    Args:
        ledger: All trials.
        trials: Those of the arm.
        planned: The settings of the longer training.
        best: The best trial so far, if there is one.
    """
    length = length_of(planned)
    if best is None or best in trials or length is None:
        return True
    if not any(_length(trial) for trial in trials):
        return False  # the first look failed, or did not end an epoch
    found = training_forecast(ledger, trials)
    if found is None:  # nothing can be forecast by this metric
        return True
    target = ledger.measure.bounds[1] - best.folds[0].score
    return found.probability_below(target, epochs=length) >= CHANCE


def length_of(params: Params) -> float | None:
    """The planned epochs over all images, if the settings name a number of epochs.

    If an epoch takes only a ``part`` of the images, it counts as that.
    """
    found = params.get("epochs")
    return found * _part(params) if isinstance(found, int) and found > 0 else None


def _part(params: Params) -> float:
    """The share of the images that an epoch takes."""
    found = params.get("part", 1.0)
    return float(found) if isinstance(found, int | float) and 0 < found <= 1 else 1.0


def _constant(ledger: TrialHistory, trial: Trial) -> float:
    """The score on the first fold of always giving each class the chance that is its share."""
    labels, classes = ledger.labels[0], trial.folds[0].logits.shape[1]
    counts = np.bincount(labels, minlength=classes)
    shares = np.log(np.maximum(counts / len(labels), 1e-6)).astype(np.float32)
    return ledger.measure(labels, np.tile(shares, (len(labels), 1)))


def _length(trial: Trial) -> float:
    """The epochs of the trial on its first fold, over all images; 0 if unknown, or if it did not end one."""
    planned = length_of(trial.params)
    if planned is None or 0 not in trial.folds or trial.state not in ("complete", "stopped"):
        return 0.0
    return planned if trial.state == "complete" else min(planned, trial.folds[0].epochs * _part(trial.params))


def _noise(ledger: TrialHistory, trial: Trial) -> float:
    """The standard error of the score on the first fold, taken to be that of the accuracy in the metric's
    own units.
    """
    labels = ledger.labels[0]
    right = float((trial.folds[0].logits.argmax(1) == labels).mean())
    n = len(labels)
    return ledger.unit * float(np.sqrt((right * (1 - right) + 1 / n) / n))
