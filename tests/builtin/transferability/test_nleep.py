import numpy as np
import pytest

from autotl.api import LabelledFeatures
from autotl.builtin.transferability.nleep import NLeep
from autotl.testing.transferability import TransferabilityChecks


class TestNLeep(TransferabilityChecks):
    transferability = NLeep()


def blobs(sizes, width, *, apart=1.0, seed=0):
    """Features (n, width) of classes of these sizes."""
    rng = np.random.default_rng(seed)
    labels = np.repeat(np.arange(len(sizes)), sizes)
    centres = apart * rng.standard_normal((len(sizes), width))
    return LabelledFeatures(centres[labels] + rng.standard_normal((len(labels), width)), labels)


def test_clusters_score_by_how_well_they_match_the_classes():
    seen = blobs((80, 80), 8, apart=20.0)
    assert NLeep().score(seen) == pytest.approx(0.0, abs=1e-6)
    halves = LabelledFeatures(seen.features, np.arange(160) % 2)
    # four images or so in a cluster tell a little of a coin by chance
    assert np.log(0.5) - 1e-6 < NLeep().score(halves) < np.log(0.5) + 0.1


def test_constant_features_score_the_class_frequencies():
    seen = LabelledFeatures(np.full((8, 3), 0.1), np.array([0, 0, 0, 0, 0, 0, 1, 1]))
    assert NLeep().score(seen) == pytest.approx(0.75 * np.log(0.75) + 0.25 * np.log(0.25))


def test_the_unit_of_the_features_does_not_matter():
    seen = blobs((30, 30), 8)
    small = LabelledFeatures(seen.features * 2.0**-10, seen.labels)
    assert NLeep().score(small) == pytest.approx(NLeep().score(seen), rel=1e-6)


def test_a_mixture_fitted_to_some_images_scores_all(monkeypatch):
    seen = blobs((60, 60), 4, apart=10.0)
    monkeypatch.setattr("autotl.builtin.transferability.nleep.MAX_FIT_ROWS", 40)
    assert NLeep().score(seen) == pytest.approx(0.0, abs=1e-6)
