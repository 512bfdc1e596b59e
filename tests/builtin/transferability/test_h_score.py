import json
from pathlib import Path

import numpy as np
import pytest
from sklearn.covariance import LedoitWolf

from autotl.api import LabelledFeatures
from autotl.builtin.transferability.h_score import HScore, RegularisedHScore
from autotl.testing.transferability import TransferabilityChecks

VECTORS = Path(__file__).parents[3].parent / "shared" / "vectors" / "transferability.json"


class TestHScore(TransferabilityChecks):
    transferability = HScore()


class TestRegularisedHScore(TransferabilityChecks):
    transferability = RegularisedHScore()


@pytest.mark.skipif(not VECTORS.is_file(), reason="the shared reference values are absent")
def test_it_gives_what_another_implementation_gives():
    cases = json.loads(VECTORS.read_text())
    assert cases
    with np.load(VECTORS.with_suffix(".npz")) as arrays:
        for case in cases:
            features, labels, probabilities = (
                arrays[f"{case['case']}_{each}"] for each in ("features", "labels", "source_probabilities")
            )
            found = HScore().score(LabelledFeatures(features, labels.astype(np.int64), probabilities))
            assert found == pytest.approx(case["h_score"], rel=1e-6), case["case"]


def blobs(sizes, width, *, apart=1.0, seed=0):
    """Features (n, width) of classes of these sizes."""
    rng = np.random.default_rng(seed)
    labels = np.repeat(np.arange(len(sizes)), sizes)
    centres = apart * rng.standard_normal((len(sizes), width))
    return LabelledFeatures(centres[labels] + rng.standard_normal((len(labels), width)), labels)


def between(seen):
    """The covariance of each image's class mean."""
    means = np.stack([seen.features[seen.labels == label].mean(0) for label in seen.labels])
    return np.cov(means, rowvar=False, bias=True)


@pytest.mark.parametrize("width", [4, 60], ids=["more images", "fewer images"])
def test_it_is_the_trace_of_the_papers_formula(width):
    seen = blobs((10, 15, 20), width)
    whole = np.cov(seen.features, rowvar=False, bias=True)
    expected = np.trace(np.linalg.pinv(whole, rcond=1e-12) @ between(seen))
    assert HScore().score(seen) == pytest.approx(expected, rel=1e-9)


@pytest.mark.parametrize("width", [4, 60], ids=["more images", "fewer images"])
def test_the_regularised_one_shrinks_as_scikit_learn_does(width):
    seen = blobs((10, 15, 20), width)
    fitted = LedoitWolf().fit(seen.features)
    assert 0 < fitted.shrinkage_ < 1
    expected = (1 - fitted.shrinkage_) * np.trace(np.linalg.inv(fitted.covariance_) @ between(seen))
    assert RegularisedHScore().score(seen) == pytest.approx(expected, rel=1e-9)


def test_only_the_regularised_score_ranks_with_fewer_images_than_features():
    near, far = blobs((10, 10, 10), 80, apart=0.1), blobs((10, 10, 10), 80, apart=2.0)
    assert HScore().score(near) == pytest.approx(2.0)
    assert HScore().score(far) == pytest.approx(2.0)
    assert RegularisedHScore().score(near) < 1.0 < RegularisedHScore().score(far)


def test_a_constant_far_from_zero_changes_nothing():
    seen = blobs((10, 15), 3)
    moved = np.hstack([seen.features, np.full((25, 1), 1e6 / 3)])
    for score in (HScore(), RegularisedHScore()):
        own = LabelledFeatures(np.hstack([seen.features, np.zeros((25, 1))]), seen.labels)
        assert score.score(LabelledFeatures(moved, seen.labels)) == pytest.approx(score.score(own), rel=1e-9)
