"""Decide what to run next: the action with the highest expected gain per second.

After the defaults there are three kinds of action. A new trial of an arm may beat the best (expected
improvement: Jones et al., 1998), and so may one that was stopped for being behind, if it goes on (as in
Swersky et al., "Freeze-Thaw Bayesian Optimization", 2014). Another fold of a promising trial may correct the
choice between it and the best (expected value of information: Frazier et al., "The knowledge gradient",
2009). All are in units of the validation score, so that they can be divided by seconds and compared. Where
one fold is too few images to choose by, promising trials are first run on as many as it takes. A fold of a
later repeat validates on images that were met before: it tells less, and is run of no trial that trails fold
by fold.
"""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np

from autotl.api import Arm
from autotl.search.fold_racing import trails
from autotl.search.promotion import CHANCE, promotable, resume_forecast
from autotl.trials.history import TrialHistory
from autotl.trials.trial import Trial

PRIOR_SPREAD = 0.03
"""How much the settings of an arm are assumed to matter before it has shown it; less with each one tried.
In units of accuracy: the ledger's ``unit`` says what corresponds to it by another metric.
"""
LEAST_COST = 0.01
"""The share of the time left that even the cheapest action counts as, lest a thousand of them crowd out the
rest.
"""
CONTENDERS = 4
CLEARLY = 2.0
"""Standard errors behind the best at which one fold is enough."""
WORTH = 0.001
"""What a fold of a later repeat has to be expected to gain, in units of accuracy: less is not worth its time,
however much of that there is.
"""
LATER_SHARE = 0.2
"""What later repeats may cost beside the first of all trials, where no time is set: who asks for so many
trials has not asked for several times their price.
"""


@dataclass(frozen=True, slots=True)
class NewTrial:
    """Start a new trial of an arm."""

    arm: Arm


@dataclass(frozen=True, slots=True)
class NextFold:
    """Run a trial on one more fold."""

    trial: Trial
    fold: int


@dataclass(frozen=True, slots=True)
class ResumeTrial:
    """Go on with a trial that was stopped for being behind, to the end of its first fold."""

    trial: Trial


Action = NewTrial | NextFold | ResumeTrial


@dataclass(frozen=True, slots=True)
class RunningTrial:
    """A trial that is running now, and the seconds its job is expected to take."""

    trial: Trial
    seconds: float


def next_default(
    waiting: Sequence[Arm],
    *,
    baselines: Sequence[Arm],
    seconds: Callable[[Arm], float],
    after: Callable[[Arm], float] = lambda arm: 0.0,
    cost_factor: Callable[[Arm], float],
    left: float,
    trials: float,
) -> Arm:
    """Which arm's default to run next: the cheapest, or a baseline where it would otherwise not get its turn
    in what is ``left`` (seconds) or in so many ``trials``.

    ``after`` gives the seconds to keep for an arm's refit once it leads. ``cost_factor`` multiplies the
    seconds of an arm when arms are ordered: above 1 if little is expected of it.
    """
    order = sorted(waiting, key=lambda arm: seconds(arm) * cost_factor(arm))
    due = [arm for arm in order if arm in baselines]
    if due and (trials <= len(due) or seconds(order[0]) + after(order[0]) + seconds(due[0]) > left):
        return due[0]
    return order[0]


def next_action(
    ledger: TrialHistory,
    arms: Sequence[Arm],
    *,
    baselines: Sequence[Arm],
    baseline_share: float,
    seconds: Callable[[Arm], float],
    folds: Callable[[Arm], int] = lambda arm: 1,
    left: float,
    between: float = 0.0,
    running: Sequence[RunningTrial] = (),
) -> Action | None:
    """The best action that fits into ``left`` seconds; None where none does.

    ``seconds`` estimates the default of an arm that has not been tried; to begin any job takes ``between``
    more. A trial that may be the best is run on ``folds`` of them before anything new is tried. Arms in
    ``baselines`` together get at least ``baseline_share`` of the time spent on trials, so that the measured
    gain of transfer is honest. What is ``running`` counts as spent, is not extended, and makes one more trial
    of its arm less of a surprise.
    """
    best = ledger.best()
    trying = Counter(each.trial.arm for each in running if not each.trial.folds)
    costs = {arm: _seconds(ledger, arm, seconds) for arm in arms}
    if best is None:
        affordable = [arm for arm in arms if costs[arm] <= left]
        return NewTrial(min(affordable, key=lambda arm: trying[arm])) if affordable else None
    spent = {arm: sum(t.cost for t in ledger.trials.values() if t.arm == arm) for arm in arms}
    for each in running:
        if each.trial.arm in spent:
            spent[each.trial.arm] += each.seconds
    due = [arm for arm in baselines if arm in arms and costs[arm] <= left]
    if due and sum(spent[arm] for arm in due) < baseline_share * sum(spent.values()):
        return NewTrial(min(due, key=lambda arm: spent[arm]))
    busy = {each.trial.number for each in running}
    for trial in _owed(ledger, best, folds):
        if trial.number not in busy and trial.fold_cost + between <= left:
            return NextFold(trial, _missing(ledger, trial)[0])
    least = LEAST_COST * left if math.isfinite(left) else 1.0
    options: list[tuple[float, Action]] = []
    for arm in arms:
        if (cost := costs[arm] + between) <= left:
            options.append((_new_trial(ledger, arm, best, trying[arm]) / max(cost, least), NewTrial(arm)))
    later = math.inf if math.isfinite(left) else _left_for_later(ledger)
    for action, gain in _extensions(ledger, best):
        if action.trial.number in busy or (action.fold >= ledger.k and action.trial.fold_cost > later):
            continue
        if (cost := action.trial.fold_cost + between) <= left:
            options.append((gain / max(cost, least), action))
    for trial in promotable(ledger):
        found = resume_forecast(ledger, trial, best)
        if trial.number in busy or found is None or found.chance < CHANCE:
            continue
        if (cost := trial.remaining + between) <= left:
            gain = improvement(found.ahead, found.spread)
            options.append((gain / max(cost, least), ResumeTrial(trial)))
    return max(options, key=lambda option: option[0])[1] if options else None


def _seconds(ledger: TrialHistory, arm: Arm, default: Callable[[Arm], float]) -> float:
    """A new trial of the arm on its first fold(s): as its trials so far have cost, on average, without what
    later repeats of them took.
    """
    own = [
        min(trial.cost, trial.fold_cost * ledger.k) for trial in ledger.trials.values() if trial.arm == arm
    ]
    return sum(own) / len(own) if own else default(arm)


def _left_for_later(ledger: TrialHistory) -> float:
    """What LATER_SHARE leaves for folds of later repeats."""
    first = later = 0.0
    for trial in ledger.trials.values():
        again = sum(fold >= ledger.k for fold in trial.folds)
        first += trial.fold_cost * (len(trial.folds) - again)
        later += trial.fold_cost * again
    return LATER_SHARE * first - later


def _new_trial(ledger: TrialHistory, arm: Arm, best: Trial, trying: int) -> float:
    """How much the arm's next trial is expected to improve on the best, besides ``trying`` that run now."""
    ranked = sorted(ledger.of(arm), key=ledger.belief, reverse=True)
    if not ranked:
        return 0.0  # every trial of it failed
    top = ranked[: math.ceil(len(ranked) / 2)]
    scores = [ledger.belief(trial) for trial in top]
    # what scores differ by beyond the noise of the validation images they were measured on
    noise = float(np.mean([ledger.doubt(trial, best) for trial in top]))
    real = max(float(np.var(scores)) - noise**2, 0.0)
    spread = math.sqrt(real + (PRIOR_SPREAD * ledger.unit / (len(ranked) + trying)) ** 2)
    # of what a trial is better by, only what its images show can be chosen by
    return improvement(max(scores) - ledger.belief(best), spread**2 / math.hypot(spread, noise))


def _extensions(ledger: TrialHistory, best: Trial) -> list[tuple[NextFold, float]]:
    """One more fold for each leading trial that has one left, with what it is expected to be worth."""
    ranked = sorted(
        (trial for trial in ledger.trials.values() if 0 in trial.folds and trial.state == "complete"),
        key=ledger.belief,
        reverse=True,
    )[:CONTENDERS]
    ranked = [trial for trial in ranked if not trails(ledger, trial, best)]
    worth = []
    for trial in ranked:
        rival = next((other for other in ranked if other is not trial), None) if trial is best else best
        missing = _missing(ledger, trial)
        if rival is None or not missing:
            continue
        behind = -abs(ledger.belief(trial) - ledger.belief(rival))
        # one more fold moves the mean by about this much of its present uncertainty; one of images that were
        # validated before only by what the cut and the training had to do with it
        share = math.sqrt(ledger.news(trial, rival, missing[0]) / (len(trial.folds) + 1))
        gain = improvement(behind, ledger.doubt(trial, rival) * share)
        if missing[0] < ledger.k or gain >= WORTH * ledger.unit:
            worth.append((NextFold(trial, missing[0]), gain))
    return worth


def _owed(ledger: TrialHistory, best: Trial, folds: Callable[[Arm], int]) -> list[Trial]:
    """The trials that are still to be run on more of their folds, the most promising first: not those behind
    the best by more than chance explains.
    """
    found = [
        trial
        for trial in ledger.trials.values()
        if 0 < len(trial.folds) < folds(trial.arm)
        and trial.state == "complete"
        and _missing(ledger, trial)
        and ledger.lead(best, trial) <= CLEARLY * ledger.doubt(best, trial)
    ]
    return sorted(found, key=ledger.belief, reverse=True)


def _missing(ledger: TrialHistory, trial: Trial) -> list[int]:
    """The folds that a trial has not been run on, and may be."""
    known = trial.folds.keys() | trial.barred
    return [fold for fold in range(len(ledger.labels)) if fold not in known]


def improvement(ahead: float, spread: float) -> float:
    """E[max(x, 0)] of x ~ Normal(ahead, spread)."""
    z = ahead / spread
    density = math.exp(-0.5 * z * z) / math.sqrt(2 * math.pi)
    return ahead * 0.5 * (1 + math.erf(z / math.sqrt(2))) + spread * density
