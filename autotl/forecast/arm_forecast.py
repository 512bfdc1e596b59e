"""Forecast the validation score of each arm, and its chance to win."""

from __future__ import annotations

import math
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from autotl.api import Arm
from autotl.forecast.model import Case, Model
from autotl.forecast.regression import Student
from autotl.forecast.scale import Scale

Floats = NDArray[np.float64]

SHARES: Floats = (np.arange(1000) + 0.5) / 1000
"""The quantiles that stand for a distribution."""
INSIDE = 0.9
"""The probability of an interval."""


@dataclass(frozen=True, slots=True)
class Candidate:
    """An arm with the data that its network is given."""

    arm: Arm
    case: Case
    baseline: bool


@dataclass(frozen=True, slots=True)
class ArmForecast:
    """The forecast of an arm's best validation score.

    Attributes:
        arm: The arm.
        baseline: Whether its strategy transfers nothing.
        expected: The expected score; higher is better.
        deviation: The standard deviation of the score.
        low: The score that 5 % of the distribution lie below.
        high: The score that 5 % lie above.
        chance_to_win: The probability that the arm has the highest score.
        logit: The distribution of the score's logit.
        scale: The scale of the score.
        known: Whether a row of its strategy was measured.
        not_started: The reason if the arm is not started; "" if it is.
    """

    arm: Arm
    baseline: bool
    expected: float
    deviation: float
    low: float
    high: float
    chance_to_win: float
    logit: Student
    scale: Scale
    known: bool
    not_started: str = ""


def forecast_arms(
    model: Model, candidates: Sequence[Candidate], scale: Scale, *, widening: float = 1.0
) -> tuple[ArmForecast, ...]:
    """Forecast the score of each arm.

    Args:
        model: The model.
        candidates: The arms.
        scale: The scale of the scores.
        widening: Multiplies the standard deviations; above 1 if the rows had another metric.

    Returns:
        A forecast for each candidate; the chances to win add up to 1.
    """
    logits = []
    for each in candidates:
        found = model.predict(each.arm.strategy, each.case, baseline=each.baseline)
        logits.append(Student(found.location, widening * found.scale, found.freedom))
    chances = chances_to_win(logits)
    return tuple(
        _forecast(each, logit, float(chance), scale, known=model.knows(each.arm.strategy))
        for each, logit, chance in zip(candidates, logits, chances, strict=True)
    )


def chances_to_win(logits: Sequence[Student]) -> Floats:
    """Return the probability that each distribution's value is the largest, (n,).

    The values are taken as independent. P(i wins) is the product of F_j(x) over all j ≠ i, averaged over the
    quantiles x of distribution i.
    """
    chances = np.ones(len(logits))
    for i, own in enumerate(logits):
        values = own.quantiles(SHARES)
        others = [other.below(values) for j, other in enumerate(logits) if j != i]
        chances[i] = np.prod(others, axis=0).mean() if others else 1.0
    return chances / chances.sum() if len(logits) else chances


def updated(forecast: ArmForecast, outcome: float, images: float) -> float:
    """Combine a forecast with the score that was measured.

    Both are taken as normal on the logit scale and weighted by the inverses of their variances. The result
    is an estimate for other images, because a measured score is partly luck.

    Args:
        forecast: The forecast.
        outcome: The measured score.
        images: The validation images behind it, 1 at least.
    """
    scale, variance = forecast.scale, forecast.logit.variance
    error = scale.deviation(outcome, images) ** 2
    weight = variance / (variance + error)
    combined = (1 - weight) * forecast.logit.location + weight * scale.logit(outcome)
    return float(scale.scores(np.array([combined]))[0])


def _forecast(each: Candidate, logit: Student, chance: float, scale: Scale, *, known: bool) -> ArmForecast:
    scores = scale.scores(logit.quantiles(SHARES))
    low, high = scale.scores(logit.quantiles(np.array([(1 - INSIDE) / 2, (1 + INSIDE) / 2])))
    return ArmForecast(
        arm=each.arm,
        baseline=each.baseline,
        expected=float(scores.mean()),
        deviation=math.sqrt(float(scores.var())),
        low=float(low),
        high=float(high),
        chance_to_win=chance,
        logit=logit,
        scale=scale,
        known=known,
    )


def without_hopeless(
    forecasts: Sequence[ArmForecast],
    *,
    least: float,
    seconds: Mapping[Arm, float],
    asked: Collection[str] = (),
) -> tuple[ArmForecast, ...]:
    """Give a reason to arms that do not start in short time.

    Baselines always start, because transfer is compared with them. So do arms of strategies without rows.
    Among the arms that transfer, the most promising one of each backbone and the cheapest one start.

    Args:
        forecasts: The forecasts.
        least: The chance to win below which an arm is not started.
        seconds: The expected seconds of each arm.
        asked: Names of strategies that the user has asked for; they start.
    """
    transfer = [each for each in forecasts if not each.baseline]
    first: dict[str, Arm] = {}
    for each in sorted(transfer, key=lambda each: -each.chance_to_win):
        first.setdefault(each.arm.backbone, each.arm)
    started = {*first.values(), *sorted((each.arm for each in transfer), key=seconds.__getitem__)[:1]}
    started |= {each.arm for each in transfer if not each.known or each.arm.strategy in asked}
    return tuple(
        replace(each, not_started=f"its chance to win was {each.chance_to_win:.1%}")
        if not each.baseline and each.arm not in started and each.chance_to_win < least
        else each
        for each in forecasts
    )
