"""Choose the action with the highest expected gain per second.

After the defaults there are three kinds of actions. A new trial of an arm can beat the best one (expected
improvement: Jones et al., 1998). So can a pruned trial, if it is resumed (freeze-thaw: Swersky et al., 2014).
Another fold of a promising trial can correct the choice between that trial and the best one (knowledge
gradient: Frazier et al., 2009). All gains are in units of the validation score, so that gains per second can
be compared. If one fold has too few images, promising trials first run on as many folds as needed. A fold
of a later repeat validates images again, so it has less information.
"""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field

import numpy as np

from autotl.api import Arm
from autotl.budget.policy import POLICY
from autotl.search.actions import Action, NewTrial, NextFold, ResumeTrial, RunningTrial
from autotl.search.improvement import PRIOR_DEVIATION, expected_improvement
from autotl.search.resume_forecast import MIN_PROBABILITY, resumable_trials, resume_forecast
from autotl.trials.history import TrialHistory
from autotl.trials.trial import Trial

CONTENDERS = 4
"""Trials that may run on another fold, the best ones."""
CLEARLY = 2.0
"""Standard errors below the best at which one fold is enough."""
LEAST_GAIN = 0.0005
"""The least expected gain of an action if time is limited, in units of accuracy.

A search whose actions all gain less ends early.
"""
MIN_REPEAT_GAIN = 0.001
"""The least expected gain of a fold of a later repeat, in units of accuracy."""


def _one_fold(arm: Arm) -> int:
    return 1


def _no_reason(trial: Trial, best: Trial) -> str:
    return ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Situation:
    """The state of a search in which the next action is chosen.

    Attributes:
        arms: The arms that may start a new trial.
        baselines: The arms that must get ``baseline_share`` of the time for trials, so that the measured gain
            of transfer is fair.
        baseline_share: The fraction of the time for trials that ``baselines`` get together.
        default_seconds: Estimates the seconds of an arm's first trial.
        planned_folds: Gives the folds on which a promising trial runs before a new trial starts.
        seconds_left: Seconds until the search ends; infinite without a time limit.
        seconds_between: Seconds that starting a job takes.
        running: The running trials. They count as spent, and run on no further fold.
        fold_reason: Returns the reason that keeps a trial from further folds, "" if there is none.
        least_gain: An action with a smaller expected gain is not worth any time.
    """

    arms: Sequence[Arm]
    baselines: Sequence[Arm] = ()
    baseline_share: float = POLICY.baselines
    default_seconds: Callable[[Arm], float]
    planned_folds: Callable[[Arm], int] = _one_fold
    seconds_left: float
    seconds_between: float = 0.0
    running: Sequence[RunningTrial] = ()
    fold_reason: Callable[[Trial, Trial], str] = _no_reason
    least_gain: float = 0.0
    busy: frozenset[int] = field(init=False)
    starting: Counter[Arm] = field(init=False)

    def __post_init__(self) -> None:
        busy = frozenset(each.trial.number for each in self.running)
        object.__setattr__(self, "busy", busy)
        starting = Counter(each.trial.arm for each in self.running if not each.trial.folds)
        object.__setattr__(self, "starting", starting)

    def fits(self, seconds: float) -> bool:
        """Return whether a job of so many seconds ends in time."""
        return seconds + self.seconds_between <= self.seconds_left

    def gain_per_second(self, gain: float, seconds: float) -> float:
        """Return the gain per second; 0 for a negligible gain.

        A very cheap action counts as a fraction of the time left.
        """
        if gain < self.least_gain:
            return 0.0
        limited = math.isfinite(self.seconds_left)
        least = POLICY.cheapest_action * self.seconds_left if limited else 1.0
        return gain / max(seconds + self.seconds_between, least)


def next_action(history: TrialHistory, situation: Situation) -> Action | None:
    """Return the action with the highest expected gain per second.

    Args:
        history: All trials.
        situation: The state of the search.

    Returns:
        None if no action fits into the time and gains enough.
    """
    best = history.best()
    costs = {arm: _new_trial_seconds(history, arm, situation.default_seconds) for arm in situation.arms}
    if best is None:
        fitting = [arm for arm in situation.arms if costs[arm] <= situation.seconds_left]
        return NewTrial(min(fitting, key=lambda arm: situation.starting[arm])) if fitting else None
    if (baseline := _due_baseline(history, situation, costs)) is not None:
        return NewTrial(baseline)
    for trial in _with_planned_folds(history, best, situation.planned_folds):
        if trial.number not in situation.busy and situation.fits(trial.fold_cost):
            return NextFold(trial, _missing_folds(history, trial)[0])
    options = [*_new_trials(history, situation, best, costs), *_next_folds(history, situation, best)]
    options += _resumed_trials(history, situation, best)
    rate, action = max(options, key=lambda option: option[0], default=(0.0, None))
    return action if rate > 0 or not situation.least_gain else None


def next_default(
    waiting: Sequence[Arm],
    *,
    baselines: Sequence[Arm],
    seconds: Callable[[Arm], float],
    reserve: Callable[[Arm], float] = lambda arm: 0.0,
    cost_factor: Callable[[Arm], float],
    left: float,
    trials: float,
) -> Arm:
    """Return the arm whose default trial starts next.

    The cheapest arm starts, unless a baseline would then have no time.

    Args:
        waiting: The arms whose default has not run.
        baselines: Baselines that must run.
        seconds: Estimates the seconds of an arm's default.
        reserve: Gives the seconds to keep for the refit of an arm.
        cost_factor: Multiplies the seconds for the order; above 1 if little is expected of the arm.
        left: Seconds until the search ends.
        trials: Trials that may still start.
    """
    order = sorted(waiting, key=lambda arm: seconds(arm) * cost_factor(arm))
    due = [arm for arm in order if arm in baselines]
    if due and (trials <= len(due) or seconds(order[0]) + reserve(order[0]) + seconds(due[0]) > left):
        return due[0]
    return order[0]


def _due_baseline(history: TrialHistory, situation: Situation, costs: dict[Arm, float]) -> Arm | None:
    """Return the baseline with the least time, if baselines need more."""
    trials = history.trials.values()
    spent = {arm: sum(trial.cost for trial in trials if trial.arm == arm) for arm in situation.arms}
    for each in situation.running:
        if each.trial.arm in spent:
            spent[each.trial.arm] += each.seconds
    due = [arm for arm in situation.baselines if arm in spent and costs[arm] <= situation.seconds_left]
    if due and sum(spent[arm] for arm in due) < situation.baseline_share * sum(spent.values()):
        return min(due, key=lambda arm: spent[arm])
    return None


def _new_trials(
    history: TrialHistory, situation: Situation, best: Trial, costs: dict[Arm, float]
) -> Iterator[tuple[float, Action]]:
    """Yield a new trial of each arm, with its gain per second."""
    for arm in situation.arms:
        if situation.fits(costs[arm]):
            gain = _new_trial_gain(history, arm, best, situation.starting[arm])
            yield situation.gain_per_second(gain, costs[arm]), NewTrial(arm)


def _next_folds(history: TrialHistory, situation: Situation, best: Trial) -> Iterator[tuple[float, Action]]:
    """Yield another fold of each leading trial, with its gain per second."""
    later = math.inf if math.isfinite(situation.seconds_left) else _left_for_later_repeats(history)
    for action, gain in _fold_gains(history, best, situation.fold_reason):
        trial, again = action.trial, action.fold >= history.folds_per_repeat
        if trial.number in situation.busy or (again and trial.fold_cost > later):
            continue
        if situation.fits(trial.fold_cost):
            yield situation.gain_per_second(gain, trial.fold_cost), action


def _resumed_trials(
    history: TrialHistory, situation: Situation, best: Trial
) -> Iterator[tuple[float, Action]]:
    """Yield each promising pruned trial, with its gain per second."""
    for trial in resumable_trials(history):
        forecast = resume_forecast(history, trial, best)
        if trial.number in situation.busy or forecast is None or forecast.probability < MIN_PROBABILITY:
            continue
        if situation.fits(trial.remaining_seconds):
            gain = expected_improvement(forecast.difference, forecast.deviation)
            yield situation.gain_per_second(gain, trial.remaining_seconds), ResumeTrial(trial)


def _new_trial_seconds(history: TrialHistory, arm: Arm, default: Callable[[Arm], float]) -> float:
    """Return the mean cost of the arm's trials, or its default's estimate."""
    folds = history.folds_per_repeat
    own = [min(trial.cost, trial.fold_cost * folds) for trial in history.trials.values() if trial.arm == arm]
    return sum(own) / len(own) if own else default(arm)


def _left_for_later_repeats(history: TrialHistory) -> float:
    """Return the seconds left for later repeats without a time limit."""
    first = later = 0.0
    for trial in history.trials.values():
        again = sum(fold >= history.folds_per_repeat for fold in trial.folds)
        first += trial.fold_cost * (len(trial.folds) - again)
        later += trial.fold_cost * again
    return POLICY.later_repeats * first - later


def _new_trial_gain(history: TrialHistory, arm: Arm, best: Trial, starting: int) -> float:
    """Return the expected improvement of the arm's next trial.

    Args:
        history: All trials.
        arm: The arm.
        best: The best trial.
        starting: New trials of the arm that are running.
    """
    ranked = sorted(history.scored_trials(arm), key=history.posterior_mean, reverse=True)
    if not ranked:
        return 0.0  # every trial of the arm failed
    top = ranked[: math.ceil(len(ranked) / 2)]
    scores = [history.posterior_mean(trial) for trial in top]
    noise = float(np.mean([history.standard_error(trial, best) for trial in top]))
    variance = max(float(np.var(scores)) - noise**2, 0.0)
    prior = PRIOR_DEVIATION * history.accuracy_scale / (len(ranked) + starting)
    deviation = math.sqrt(variance + prior**2)
    # only the part of an improvement that the validation images show can be used to choose
    visible = deviation**2 / math.hypot(deviation, noise)
    return expected_improvement(max(scores) - history.posterior_mean(best), visible)


def _fold_gains(
    history: TrialHistory, best: Trial, fold_reason: Callable[[Trial, Trial], str]
) -> list[tuple[NextFold, float]]:
    """Return another fold of each leading trial, with its expected gain."""
    trials = (trial for trial in history.trials.values() if 0 in trial.folds and trial.state == "complete")
    ranked = sorted(trials, key=history.posterior_mean, reverse=True)[:CONTENDERS]
    ranked = [trial for trial in ranked if not fold_reason(trial, best)]
    gains = []
    for trial in ranked:
        rival = next((other for other in ranked if other is not trial), None) if trial is best else best
        missing = _missing_folds(history, trial)
        if rival is None or not missing:
            continue
        difference = -abs(history.posterior_mean(trial) - history.posterior_mean(rival))
        # one more fold moves the mean by about this part of its standard error
        share = math.sqrt(history.information_share(trial, rival, missing[0]) / (len(trial.folds) + 1))
        gain = expected_improvement(difference, history.standard_error(trial, rival) * share)
        if missing[0] < history.folds_per_repeat or gain >= MIN_REPEAT_GAIN * history.accuracy_scale:
            gains.append((NextFold(trial, missing[0]), gain))
    return gains


def _with_planned_folds(
    history: TrialHistory, best: Trial, planned_folds: Callable[[Arm], int]
) -> list[Trial]:
    """Return trials with planned folds left, best first.

    Trials that are clearly below the best are left out.
    """
    found = [
        trial
        for trial in history.trials.values()
        if 0 < len(trial.folds) < planned_folds(trial.arm)
        and trial.state == "complete"
        and _missing_folds(history, trial)
        and history.score_difference(best, trial) <= CLEARLY * history.standard_error(best, trial)
    ]
    return sorted(found, key=history.posterior_mean, reverse=True)


def _missing_folds(history: TrialHistory, trial: Trial) -> list[int]:
    """Return the folds that a trial may still run on."""
    known = trial.folds.keys() | trial.excluded_folds
    return [fold for fold in range(len(history.targets)) if fold not in known]
