"""Define the forecast of an arm, and its comparison with the outcome."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class ForecastRow:
    """Forecast of an arm's best validation score, made before training.

    Attributes:
        strategy: Name of the strategy.
        backbone: Name of the backbone.
        baseline: Whether the strategy transfers nothing.
        expected: Expected score.
        deviation: Standard deviation of the score.
        low: Lower end of the interval that holds 90 % of the scores.
        high: Upper end of the interval.
        chance_to_win: Probability that the arm has the best score.
        outcome: Best validation score; None if the arm has none.
        inside: Whether the outcome lies in the interval.
        updated: Forecast combined with the outcome.
    """

    strategy: str | None = None
    backbone: str | None = None
    baseline: bool = False
    expected: float | None = None
    deviation: float | None = None
    low: float | None = None
    high: float | None = None
    chance_to_win: float | None = None
    outcome: float | None = None
    inside: bool | None = None
    updated: float | None = None
