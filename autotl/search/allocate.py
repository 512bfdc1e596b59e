"""Decide what to run next: the action with the highest expected gain per second.

After the defaults there are two kinds of action. A new trial of an arm may beat the best (expected improvement: Jones
et al., 1998). Another fold of a promising trial may correct the choice between it and the best (expected value of
information: Frazier et al., "The knowledge gradient", 2009). Both are in units of the validation score, so that they
can be divided by seconds and compared.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np

from autotl.api import Arm
from autotl.search.ledger import Ledger, Trial

PRIOR_SPREAD = 0.03
"""How much the settings of an arm are assumed to matter before it has shown it."""
CONTENDERS = 4


@dataclass(frozen=True, slots=True)
class Try:
    """Start a new trial of an arm."""

    arm: Arm


@dataclass(frozen=True, slots=True)
class Extend:
    """Run a trial on one more fold."""

    trial: Trial
    fold: int


Action = Try | Extend


def choose(
    ledger: Ledger,
    arms: Sequence[Arm],
    *,
    baselines: Sequence[Arm],
    baseline_share: float,
    seconds: Callable[[Arm], float],
    left: float,
) -> Action | None:
    """The best action that fits into ``left`` seconds; None where none does.

    ``seconds`` estimates a new trial of an arm. Arms in ``baselines`` together get at least ``baseline_share`` of the
    time spent on trials, so that the measured gain of transfer is honest.
    """
    best = ledger.best()
    if best is None:
        return next((Try(arm) for arm in arms if seconds(arm) <= left), None)
    spent = {arm: sum(t.seconds for t in ledger.trials.values() if t.arm == arm) for arm in arms}
    due = [arm for arm in baselines if arm in arms and seconds(arm) <= left]
    if due and sum(spent[arm] for arm in due) < baseline_share * sum(spent.values()):
        return Try(min(due, key=lambda arm: spent[arm]))
    options: list[tuple[float, Action]] = []
    for arm in arms:
        cost = max(seconds(arm), 1e-3)
        if cost <= left:
            options.append((_new_trial(ledger, arm, best) / cost, Try(arm)))
    for trial, gain in _extensions(ledger, best):
        cost = max(trial.fold_seconds, 1e-3)
        missing = [fold for fold in range(len(ledger.labels)) if fold not in trial.folds]
        if cost <= left and missing:
            options.append((gain / cost, Extend(trial, missing[0])))
    return max(options, key=lambda option: option[0])[1] if options else None


def _new_trial(ledger: Ledger, arm: Arm, best: Trial) -> float:
    """How much the arm's next trial is expected to improve on the best."""
    scores = sorted((ledger.score(trial) or 0.0 for trial in ledger.of(arm)), reverse=True)
    if not scores:
        return 0.0  # every trial of it failed
    top = scores[: max(1, math.ceil(len(scores) / 2))]
    spread = float(np.std(top)) if len(top) > 2 else PRIOR_SPREAD / math.sqrt(len(scores))
    return improvement(float(np.mean(top)) - (ledger.score(best) or 0.0), max(spread, 1e-3))


def _extensions(ledger: Ledger, best: Trial) -> list[tuple[Trial, float]]:
    """The leading trials, with what one more fold of each is expected to be worth."""
    ranked = sorted(
        (trial for trial in ledger.trials.values() if 0 in trial.folds and trial.state == "complete"),
        key=lambda trial: ledger.score(trial) or 0.0,
        reverse=True,
    )[:CONTENDERS]
    worth = []
    for trial in ranked:
        rival = next((other for other in ranked if other is not trial), None) if trial is best else best
        if rival is None:
            continue
        behind = -abs((ledger.score(trial) or 0.0) - (ledger.score(rival) or 0.0))
        folds = len(trial.folds)
        # one more fold moves the mean by about this much of its present uncertainty
        worth.append((trial, improvement(behind, ledger.spread(trial, rival) / math.sqrt(folds + 1))))
    return worth


def improvement(ahead: float, spread: float) -> float:
    """E[max(x, 0)] of x ~ Normal(ahead, spread)."""
    z = ahead / spread
    density = math.exp(-0.5 * z * z) / math.sqrt(2 * math.pi)
    return ahead * 0.5 * (1 + math.erf(z / math.sqrt(2))) + spread * density
