import json
from pathlib import Path

import numpy as np
import pytest
from scipy.optimize import minimize

from autotl.api import LabelledFeatures
from autotl.builtin.transferability.logme import LogMe
from autotl.testing.transferability import TransferabilityChecks

VECTORS = Path(__file__).parents[3].parent / "shared" / "vectors" / "transferability.json"


class TestLogMe(TransferabilityChecks):
    transferability = LogMe()


@pytest.mark.skipif(not VECTORS.is_file(), reason="the shared reference values are absent")
def test_it_gives_what_another_implementation_gives():
    cases = json.loads(VECTORS.read_text())
    assert cases
    with np.load(VECTORS.with_suffix(".npz")) as arrays:
        for case in cases:
            features, labels, probabilities = (
                arrays[f"{case['case']}_{each}"] for each in ("features", "labels", "source_probabilities")
            )
            found = LogMe().score(LabelledFeatures(features, labels.astype(np.int64), probabilities))
            assert found == pytest.approx(case["logme"], rel=1e-6), case["case"]


def blobs(sizes, width, *, apart=1.0, seed=0):
    """Features (n, width) of classes of these sizes."""
    rng = np.random.default_rng(seed)
    labels = np.repeat(np.arange(len(sizes)), sizes)
    centres = apart * rng.standard_normal((len(sizes), width))
    return LabelledFeatures(centres[labels] + rng.standard_normal((len(labels), width)), labels)


def evidence(features, target, alpha, beta):
    """The textbook's log evidence of a Bayesian linear regression (Bishop, 2006, equation 3.86)."""
    n, d = features.shape
    precision = alpha * np.eye(d) + beta * features.T @ features
    mean = beta * np.linalg.solve(precision, features.T @ target)
    misfit = beta / 2 * ((target - features @ mean) ** 2).sum() + alpha / 2 * mean @ mean
    return (
        d / 2 * np.log(alpha)
        + n / 2 * np.log(beta)
        - misfit
        - np.linalg.slogdet(precision)[1] / 2
        - n / 2 * np.log(2 * np.pi)
    )


def test_it_is_the_greatest_evidence_over_both_precisions():
    seen = blobs((20, 30, 40), 5)
    greatest = []
    for label in range(3):
        target = (seen.labels == label).astype(float)
        found = minimize(
            lambda logs, target=target: -evidence(seen.features, target, *np.exp(logs)), [0.0, 0.0], tol=1e-10
        )
        greatest.append(-found.fun / len(seen.labels))
    assert LogMe().score(seen) == pytest.approx(np.mean(greatest), rel=1e-4)


def test_features_that_never_move_add_nothing():
    seen = blobs((20, 30), 4)
    dead = LabelledFeatures(np.hstack([seen.features, np.zeros_like(seen.features)]), seen.labels)
    assert LogMe().score(dead) == pytest.approx(LogMe().score(seen), rel=1e-6)


def test_features_that_are_all_zero_leave_everything_to_the_noise():
    labels = np.repeat([0, 1], [10, 30])
    # both classes' best noise is Normal with the mean square of their labels
    shares = np.array([0.25, 0.75])
    expected = -0.5 * (np.log(2 * np.pi * shares) + 1).mean()
    found = LogMe().score(LabelledFeatures(np.zeros((40, 3)), labels))
    assert found == pytest.approx(expected, rel=1e-5)
