"""Forecast the gain from more images by the linear probe's learning curve."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

from autotl.analysis.learning_curve import SizeScores
from autotl.curve import FittedCurve, forecast, gain_sentence


@dataclass(frozen=True, slots=True)
class Point:
    """The validation accuracy with ``n`` training images, and its standard error."""

    n: int
    score: float
    se: float


@dataclass(frozen=True, slots=True)
class GainForecast:
    """The forecast for more images.

    Attributes:
        more: Number of additional images.
        gain: The gain in accuracy from them.
        ci95: Its 95 % interval.
        score: The accuracy with them.
        score_ci95: Its 95 % interval.
    """

    more: int
    gain: float
    ci95: tuple[float, float]
    score: float
    score_ci95: tuple[float, float]


@dataclass(frozen=True, slots=True)
class LearningCurve:
    """The learning curve of the linear probe with its forecast.

    Attributes:
        backbone: Name of the network.
        now: The present number of training images.
        points: The measured accuracies.
        forecast: The forecasts for more images.
        sentence: The main forecast, for the user.
    """

    backbone: str
    now: int
    points: tuple[Point, ...]
    forecast: tuple[GainForecast, ...]
    sentence: str


def forecast_gain(backbone: str, found: SizeScores, *, now: int, seed: int) -> LearningCurve:
    """Continue the learning curve beyond the present number of images.

    Args:
        backbone: The name of the backbone.
        found: The measured accuracies; each repeat has learned from fewer images than there are.
        now: The present number of training images.
        seed: The seed of the forecast.
    """
    curve = forecast(found.sizes, found.scores, found.validated, seed=seed)
    return LearningCurve(
        backbone,
        now,
        tuple(
            Point(int(n), float(scores.mean()), float(scores.std(ddof=1) / math.sqrt(len(scores))))
            for n, scores in zip(found.sizes, found.scores, strict=True)
        ),
        tuple(_forecast(curve, now, more) for more in steps(now)),
        gain_sentence(curve, steps(now)[1], since=now),
    )


def steps(now: int) -> Sequence[int]:
    """Return round numbers of further images.

    They are about a tenth, a third and all of the present number.
    """
    return [_round(now * fraction) for fraction in (0.1, 0.3, 1.0)]


def _forecast(curve: FittedCurve, now: int, more: int) -> GainForecast:
    gain, score = curve.gain(more, since=now), curve.at(now + more)
    return GainForecast(more, gain.value, gain.ci95, score.value, score.ci95)


def _round(n: float) -> int:
    size: int = 10 ** max(0, math.floor(math.log10(max(n, 1))))
    return max(1, round(n / size) * size)
