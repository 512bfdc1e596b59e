"""Forecasts become rows in the metric's own numbers."""

from __future__ import annotations

import pytest

from autotl.api import Arm
from autotl.forecast import ACCURACY_SCALE, Candidate, Case, Scale, forecast_arms, shipped_model
from autotl.report import forecast_rows

ARM = Arm("finetune", "net")
CASE = Case(500, 8, 0.4, ACCURACY_SCALE.logit(0.8))


def test_an_error_has_its_sign_and_its_interval_in_order() -> None:
    scale = Scale(-20.0, 0.0)
    found = forecast_arms(shipped_model(), [Candidate(ARM, CASE, baseline=False)], scale)
    (row,) = forecast_rows(found, higher_is_better=False, outcomes={ARM: (-4.0, 100.0)})
    assert row.low is not None
    assert row.high is not None
    assert 0 < row.low < row.high
    assert row.expected == pytest.approx(-found[0].expected)
    assert (row.outcome, row.inside) == (4.0, row.low <= 4.0 <= row.high)
    assert row.updated == pytest.approx(4.0, abs=2.0)


def test_an_arm_without_a_score_has_no_outcome() -> None:
    found = forecast_arms(shipped_model(), [Candidate(ARM, CASE, baseline=False)], ACCURACY_SCALE)
    (row,) = forecast_rows(found, higher_is_better=True)
    assert (row.outcome, row.inside, row.updated) == (None, None, None)
    assert row.chance_to_win == 1.0
