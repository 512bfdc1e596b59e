"""What more images would bring, by the linear probe's learning curve."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

from autotl.analysis.learning_curve import Sizes
from autotl.curve import LearningCurve, forecast, gain_sentence


@dataclass(frozen=True, slots=True)
class Point:
    """Validation accuracy after learning from ``n`` images, and its standard error."""

    n: int
    score: float
    se: float


@dataclass(frozen=True, slots=True)
class More:
    """What ``more`` images than there are now would add to the accuracy, with a 95 % interval."""

    more: int
    gain: float
    ci95: tuple[float, float]


@dataclass(frozen=True, slots=True)
class Outlook:
    """The learning curve of the linear probe, and its continuation."""

    backbone: str
    points: tuple[Point, ...]
    forecast: tuple[More, ...]
    sentence: str


def outlook(backbone: str, found: Sizes, *, now: int, seed: int) -> Outlook:
    """``now`` is how many training images there are: each repeat has learned from fewer."""
    curve = forecast(found.sizes, found.scores, found.validated, seed=seed)
    return Outlook(
        backbone,
        tuple(
            Point(int(n), float(scores.mean()), float(scores.std(ddof=1) / math.sqrt(len(scores))))
            for n, scores in zip(found.sizes, found.scores, strict=True)
        ),
        tuple(More(more, *_gain(curve, now, more)) for more in steps(now)),
        gain_sentence(curve, steps(now)[1], since=now),
    )


def steps(now: int) -> Sequence[int]:
    """Round numbers of further images: about a tenth, a third and all of those there are."""
    return [_round(now * share) for share in (0.1, 0.3, 1.0)]


def _gain(curve: LearningCurve, now: int, more: int) -> tuple[float, tuple[float, float]]:
    found = curve.gain(more, since=now)
    return found.value, found.ci95


def _round(n: float) -> int:
    size: int = 10 ** max(0, math.floor(math.log10(max(n, 1))))
    return max(1, round(n / size) * size)
