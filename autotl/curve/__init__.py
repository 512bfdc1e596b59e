"""Learning curves: how the score rises with the number of images, and what more of them would bring."""

from __future__ import annotations

from typing import TYPE_CHECKING

from autotl.importing.lazy import lazy_package

if TYPE_CHECKING:
    from autotl.curve.forecast import Curve, Interval, catch_up, catch_up_sentence, forecast, sentence
    from autotl.curve.power_law import PowerLaw, fit_power_law
    from autotl.curve.training import Trained, TrainingForecast, forecast_training

__all__ = [
    "Curve",
    "Interval",
    "PowerLaw",
    "Trained",
    "TrainingForecast",
    "catch_up",
    "catch_up_sentence",
    "fit_power_law",
    "forecast",
    "forecast_training",
    "sentence",
]

lazy_package(__name__)
