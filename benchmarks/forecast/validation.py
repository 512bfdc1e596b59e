"""Cross-validate the forecasts: each data set is forecast from all others."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd

from autotl.api import Arm
from autotl.forecast import ACCURACY_SCALE, Candidate, Case, Model, empty_model, forecast_arms
from benchmarks.forecast.measured import BASELINES, FROZEN, PROBE, Measured

RIVALS = (PROBE, "finetune")
"""Rules that always name one strategy."""


@dataclass(frozen=True, slots=True)
class Validation:
    """The results of a cross-validation.

    Attributes:
        rows: A row for each forecast: data, strategy, group, score, expected, probe, inside.
        firsts: A row for each measurement with several strategies: data, named, winner, and the regret of the
            strategy named first and of :data:`RIVALS`.
    """

    rows: pd.DataFrame
    firsts: pd.DataFrame


def fitted(measured: Sequence[Measured]) -> Model:
    """Return the model of all measurements."""
    cases = [each.case for each in measured]
    names = {name for each in measured for name in each.scores}
    model = empty_model(standards_of(cases), [name for name in FROZEN if name in names])
    return model.updated([row for each in measured for row in each.observations])


def standards_of(cases: Sequence[Case]) -> dict[str, tuple[float, float]]:
    """Return the mean and the standard deviation of each feature."""
    table = pd.DataFrame([case.features for case in cases], dtype=float)
    return {str(name): (float(table[name].mean()), float(table[name].std()) or 1.0) for name in table}


def cross_validate(measured: Sequence[Measured]) -> Validation:
    """Forecast each data set from all others."""
    rows, firsts = [], []
    for data in dict.fromkeys(each.data for each in measured):
        model = fitted([each for each in measured if each.data != data])
        for each in measured:
            if each.data == data:
                found, first = _forecast(model, each)
                rows += found
                firsts += first
    return Validation(pd.DataFrame(rows), pd.DataFrame(firsts))


def _forecast(model: Model, measured: Measured) -> tuple[list[dict[str, object]], list[dict[str, object]]]:
    candidates = [Candidate(Arm(name, "net"), measured.case, name in BASELINES) for name in measured.scores]
    found = forecast_arms(model, candidates, ACCURACY_SCALE)
    probe = float(ACCURACY_SCALE.scores(np.array([measured.case.probe]))[0])
    rows = [
        {
            "source": measured.source,
            "data": measured.data,
            "strategy": each.arm.strategy,
            "group": model.group_of(each.arm.strategy, baseline=each.baseline),
            "score": (score := measured.scores[each.arm.strategy]),
            "expected": each.expected,
            "probe": probe,
            "inside": each.low <= score <= each.high,
            "width": each.high - each.low,
        }
        for each in found
        if measured.has_probe or each.arm.strategy != PROBE
    ]
    if len(found) < 2 or PROBE not in measured.scores:
        return rows, []
    named = max(found, key=lambda each: each.chance_to_win)
    best = max(measured.scores.values())
    first = {
        "source": measured.source,
        "data": measured.data,
        "named": named.arm.strategy,
        "chance": named.chance_to_win,
        "won": measured.scores[named.arm.strategy] == best,
        "regret": best - measured.scores[named.arm.strategy],
        **{f"won {name}": measured.scores.get(name) == best for name in RIVALS},
        **{f"regret {name}": best - measured.scores.get(name, np.nan) for name in RIVALS},
    }
    return rows, [first]
