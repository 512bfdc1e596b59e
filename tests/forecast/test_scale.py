"""Scores and logits are converted without loss."""

from __future__ import annotations

import numpy as np
import pytest

from autotl.forecast import ACCURACY_SCALE, Scale


@pytest.mark.parametrize("accuracy", [0.0, 0.03, 0.5, 0.97, 1.0])
def test_a_score_returns_from_its_logit(accuracy: float) -> None:
    logit = ACCURACY_SCALE.logit(accuracy)
    assert np.isfinite(logit)
    assert ACCURACY_SCALE.scores(np.array([logit]))[0] == pytest.approx(accuracy)


def test_no_score_lies_beyond_the_ends() -> None:
    assert ACCURACY_SCALE.scores(np.array([-50.0, 50.0])).tolist() == [0.0, 1.0]
    assert ACCURACY_SCALE.logit(1.2) == ACCURACY_SCALE.logit(1.0)


def test_an_error_in_units_is_a_share_of_the_way_from_a_constant_to_perfect() -> None:
    minus_mae = Scale(-8.0, 0.0)
    assert minus_mae.logit(-2.0) == pytest.approx(ACCURACY_SCALE.logit(0.75))
    assert minus_mae.scores(np.array([minus_mae.logit(-2.0)]))[0] == pytest.approx(-2.0)


def test_a_standard_error_falls_with_the_images_and_is_finite_at_the_ends() -> None:
    assert ACCURACY_SCALE.deviation(0.8, 100) == pytest.approx(1 / np.sqrt(100 * 0.8 * 0.2), rel=0.02)
    assert ACCURACY_SCALE.deviation(1.0, 20) > ACCURACY_SCALE.deviation(1.0, 200) > 0
