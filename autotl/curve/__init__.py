"""Fit learning curves, and forecast scores for more images or longer training."""

from __future__ import annotations

from typing import TYPE_CHECKING

from autotl.importing.lazy import lazy_package

if TYPE_CHECKING:
    from autotl.curve.forecast import (
        FittedCurve,
        Interval,
        crossover,
        crossover_sentence,
        forecast,
        gain_sentence,
    )
    from autotl.curve.power_law import PowerLaw, fit_power_law
    from autotl.curve.training import TrainingForecast, TrainingPoint, forecast_training

__all__ = [
    "FittedCurve",
    "Interval",
    "PowerLaw",
    "TrainingForecast",
    "TrainingPoint",
    "crossover",
    "crossover_sentence",
    "fit_power_law",
    "forecast",
    "forecast_training",
    "gain_sentence",
]

lazy_package(__name__)
