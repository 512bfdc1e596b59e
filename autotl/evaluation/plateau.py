"""Forecast the gain over a baseline trained to its plateau."""

from __future__ import annotations

from dataclasses import dataclass

from autotl.api import Arm

MAX_CONVERGED_GAIN = 0.01
"""Largest forecast improvement of a converged training, on the scale of accuracy."""


@dataclass(frozen=True, slots=True)
class Plateau:
    """The forecast plateau of a baseline's training.

    Scores are validation scores as the search uses them: higher is better.

    Attributes:
        arm: The baseline.
        epochs: The length of its longest training; below 1 if it used each image at most once.
        lengths: How many lengths it was trained for. With one, the forecast is the usual improvement.
        more: The median improvement up to the plateau, 0 or more.
        more_ci95: The 95 % interval of ``more``.
        gain: The median gain of transfer that would remain.
        gain_ci95: The bracket of ``gain``, by the interval of the forecast alone.
        converged: Whether little improvement is left, or none is shown.
    """

    arm: Arm
    epochs: float
    lengths: int
    more: float
    more_ci95: tuple[float, float]
    gain: float
    gain_ci95: tuple[float, float]
    converged: bool


def forecast_plateau(
    arm: Arm,
    epochs: float,
    more: float,
    more_ci95: tuple[float, float],
    *,
    gain: float,
    accuracy_scale: float,
    lengths: int = 2,
    cut_short: bool = False,
) -> Plateau:
    """Bracket the gain of transfer over a baseline trained to its plateau.

    Args:
        arm: The baseline.
        epochs: The length of its longest training.
        more: The median of its forecast improvement.
        more_ci95: The 95 % interval of ``more``.
        gain: The gain of transfer over the baseline as it is, on the test images.
        accuracy_scale: The score difference that corresponds to a difference of 1 in accuracy.
        lengths: How many lengths it was trained for.
        cut_short: Whether its longest training was a short first trial, or was stopped.
    """
    low, high = more_ci95
    improving = more > MAX_CONVERGED_GAIN * accuracy_scale and (lengths > 1 or cut_short)
    bracket = (gain - high, gain - low)
    return Plateau(arm, epochs, lengths, more, more_ci95, gain - more, bracket, not improving)
