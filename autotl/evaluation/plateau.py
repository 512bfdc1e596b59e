"""What training from scratch would still gain with more time, and what gain of transfer that would leave."""

from __future__ import annotations

from dataclasses import dataclass

from autotl.api import Arm

LITTLE = 0.01
"""A further gain up to which a training counts as converged, in units of accuracy."""


@dataclass(frozen=True, slots=True)
class Plateau:
    """Where the training of a baseline is heading, by a forecast from the lengths it was trained for.

    Scores are validation scores as the search sees them: higher is better.

    Attributes:
        arm: The baseline.
        epochs: The length of its longest training; below 1 if it took a part of the images once.
        lengths: How many lengths it was trained for. From one alone, the forecast is what trainings usually
            gain.
        more: What training to the plateau is expected to add to its score, 0 or more: the median.
        more_ci95: The 95 % interval of that.
        gain: The gain of transfer that would then remain: the median.
        gain_ci95: The bracket of that: the interval of the forecast alone.
        converged: Whether little is left to be gained, or nothing shows that more is.
    """

    arm: Arm
    epochs: float
    lengths: int
    more: float
    more_ci95: tuple[float, float]
    gain: float
    gain_ci95: tuple[float, float]
    converged: bool


def plateau_of(
    arm: Arm,
    epochs: float,
    more: float,
    more_ci95: tuple[float, float],
    *,
    gain: float,
    unit: float,
    lengths: int = 2,
    cut_short: bool = False,
) -> Plateau:
    """Bracket the gain of transfer over a baseline that is trained to its plateau.

    Args:
        arm: The baseline.
        epochs: The length of its longest training.
        more: What its score is expected to rise by: the median of the forecast.
        more_ci95: The 95 % interval of that.
        gain: The gain of transfer over the baseline as it is, on the test images.
        unit: What corresponds to a difference of 1 in accuracy by the metric.
        lengths: How many lengths it was trained for.
        cut_short: Whether its longest training was a first look, or was stopped.
    """
    low, high = more_ci95
    improving = more > LITTLE * unit and (lengths > 1 or cut_short)
    return Plateau(
        arm, epochs, lengths, more, more_ci95, gain - more, (gain - high, gain - low), not improving
    )
