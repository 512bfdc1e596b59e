"""A temperature is fitted, and kept only if it helps on held-out images."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.special import softmax

from autotl.metrics import fit_temperature, negative_log_likelihood
from autotl.targets.temperature_scaling import calibrate


def drawn(temperature: float, *, n: int = 4000, seed: int = 0) -> tuple[np.ndarray, np.ndarray]:
    """Labels drawn from the softmax of scores, and these scores times the temperature."""
    rng = np.random.default_rng(seed)
    scores = 2 * rng.normal(size=(n, 4))
    chances = softmax(scores, axis=1)
    labels = (chances.cumsum(1) < rng.random((n, 1))).sum(1)
    return labels.astype(np.int64), (temperature * scores).astype(np.float32)


@pytest.mark.parametrize("true", [0.25, 1.0, 3.0])
def test_a_known_temperature_is_recovered(true: float) -> None:
    assert fit_temperature(*drawn(true)) == pytest.approx(true, rel=0.06)


@pytest.mark.parametrize("true", [0.25, 3.0])
def test_a_temperature_that_helps_is_kept_and_lowers_the_surprise_of_other_images(true: float) -> None:
    found = calibrate(*drawn(true), seed=0)
    assert found.kept
    assert found.gain is not None
    assert found.se is not None
    assert found.gain > found.se > 0
    labels, logits = drawn(true, seed=1)
    assert (
        negative_log_likelihood(labels, logits, temperature=found.value).mean()
        < negative_log_likelihood(labels, logits).mean()
    )


def test_nothing_is_kept_where_the_scores_are_calibrated_or_the_images_too_few() -> None:
    kept = [calibrate(*drawn(1.0, n=400, seed=seed), seed=0) for seed in range(20)]
    assert sum(each.kept for each in kept) <= 6  # by chance alone about one in six lies a standard error up
    assert all(each.value == 1.0 and each.why for each in kept if not each.kept)
    few = calibrate(*drawn(3.0, n=10), seed=0)
    assert (few.value, few.kept, few.gain) == (1.0, False, None)
    assert "10 validation images are too few" in few.why


def test_all_correct_predictions_do_not_lead_to_certainty() -> None:
    labels = np.arange(100) % 2
    logits = np.where(np.eye(2)[labels] > 0, 1.0, -1.0).astype(np.float32)
    sure = softmax(logits[:1] / fit_temperature(labels, logits)).max()
    assert sure == pytest.approx(1 - 1 / 102, abs=1e-3)


def test_folds_that_share_images_may_not_make_the_network_surer() -> None:
    sharper = calibrate(*drawn(0.25), seed=0, independent=False)
    assert (sharper.kept, sharper.value) == (False, 1.0)
    assert "would raise the confidence" in sharper.why
    assert calibrate(*drawn(3.0), seed=0, independent=False).kept  # less sure: no harm
