"""Forecast the score of baselines that are trained longer."""

from __future__ import annotations

from collections.abc import Collection, Mapping

from autotl.api import Arm
from autotl.evaluation import Plateau, forecast_plateau
from autotl.search.first_look import training_forecast
from autotl.trials.history import TrialHistory


def baseline_plateau(
    history: TrialHistory, baselines: Collection[Arm], tests: Mapping[Arm, float], gains: Mapping[Arm, float]
) -> Plateau | None:
    """Forecast the plateau of the baseline that is expected to end highest.

    Args:
        history: All trials.
        baselines: The arms that transfer nothing.
        tests: The test score of each arm's best trial; higher is better.
        gains: The gain of transfer over each baseline, on the test images.

    Returns:
        None if no baseline has a training whose length is known.
    """
    found: dict[float, Plateau] = {}
    for arm in baselines:
        trials = history.scored_trials(arm)
        forecast = training_forecast(history, trials) if arm in tests and arm in gains else None
        if forecast is None:
            continue
        more = forecast.remaining()
        found[tests[arm] + more.value] = forecast_plateau(
            arm,
            forecast.longest,
            more.value,
            more.ci95,
            gain=gains[arm],
            accuracy_scale=history.accuracy_scale,
            lengths=forecast.lengths,
            cut_short=all(trial.first_look or trial.state == "stopped" for trial in trials),
        )
    return found[max(found)] if found else None
