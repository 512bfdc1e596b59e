"""The expected difference of two trials before either is scored."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Protocol

from autotl.api import Arm

BETWEEN_ARMS = 0.05
"""The prior standard deviation of the difference between two arms, in units of accuracy.

Two arms that transfer are uncertain for the same reason: the data. Their forecasts alone are wider.
"""
WITHIN_ARM = 0.03
"""The same between two trials of one arm."""


class Forecast(Protocol):
    """The forecast of an arm's score; higher is better."""

    @property
    def expected(self) -> float:
        """The expected score."""

    @property
    def deviation(self) -> float:
        """The standard deviation of the score."""

    @property
    def baseline(self) -> bool:
        """Whether the arm transfers nothing."""


def prior_difference(
    arm: Arm, other: Arm, forecasts: Mapping[Arm, Forecast], *, scale: float
) -> tuple[float, float]:
    """Return the mean and the standard deviation of two arms' difference.

    Args:
        arm: The arm.
        other: The arm that is subtracted.
        forecasts: The forecasts of arms; without both, neither is expected to lead.
        scale: The difference of the metric that corresponds to a difference of 1 in accuracy.
    """
    if arm == other:
        return 0.0, WITHIN_ARM * scale
    one, two = forecasts.get(arm), forecasts.get(other)
    if one is None or two is None:
        return 0.0, BETWEEN_ARMS * scale
    uncertain = [each.deviation for each in (one, two) if each.baseline]
    return one.expected - two.expected, max(BETWEEN_ARMS * scale, *uncertain, 0.0)
