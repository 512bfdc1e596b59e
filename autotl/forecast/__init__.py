"""Forecasts of the score of each arm, made before any training."""

from __future__ import annotations

from typing import TYPE_CHECKING

from autotl.importing.lazy import lazy_package

if TYPE_CHECKING:
    from autotl.forecast.arm_forecast import ArmForecast, Candidate, forecast_arms, updated, without_hopeless
    from autotl.forecast.model import Case, Model, Observation, empty_model
    from autotl.forecast.past_rows import observations
    from autotl.forecast.regression import Regression, Student
    from autotl.forecast.scale import ACCURACY_SCALE, Scale
    from autotl.forecast.shipped import shipped_model, to_document

__all__ = [
    "ACCURACY_SCALE",
    "ArmForecast",
    "Candidate",
    "Case",
    "Model",
    "Observation",
    "Regression",
    "Scale",
    "Student",
    "empty_model",
    "forecast_arms",
    "observations",
    "shipped_model",
    "to_document",
    "updated",
    "without_hopeless",
]

lazy_package(__name__)
