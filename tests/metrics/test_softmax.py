"""Probabilities from logits."""

from __future__ import annotations

import numpy as np
import pytest
import scipy.special

from autotl.metrics import log_softmax, softmax

DRAWN = np.random.default_rng(0).normal(scale=30, size=(50, 7))


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_they_are_those_of_scipy(dtype: type) -> None:
    logits = DRAWN.astype(dtype)
    for ours, theirs in ((softmax, scipy.special.softmax), (log_softmax, scipy.special.log_softmax)):
        found = ours(logits, axis=1)
        assert found.dtype == dtype
        np.testing.assert_allclose(found, theirs(logits, axis=1), rtol=1e-6 if dtype is np.float32 else 1e-14)


def test_logits_beyond_what_a_power_can_hold_are_no_trouble() -> None:
    logits = np.array([[1e4, 0.0], [-1e4, -1e4]])
    np.testing.assert_allclose(softmax(logits, axis=1), [[1, 0], [0.5, 0.5]])
    np.testing.assert_allclose(log_softmax(logits, axis=1), [[0, -1e4], [-np.log(2)] * 2])
