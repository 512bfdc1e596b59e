import dataclasses

import numpy as np
import pytest
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import StratifiedKFold, cross_val_score
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from autotl.api import LabelledFeatures
from autotl.builtin.transferability.probe_accuracy import ProbeAccuracy
from autotl.testing.transferability import TransferabilityChecks


class TestProbeAccuracy(TransferabilityChecks):
    transferability = ProbeAccuracy()


def blobs(sizes, width, *, apart=1.0, seed=0):
    """Features (n, width) of classes of these sizes."""
    rng = np.random.default_rng(seed)
    labels = np.repeat(np.arange(len(sizes)), sizes)
    centres = apart * rng.standard_normal((len(sizes), width))
    return LabelledFeatures(centres[labels] + rng.standard_normal((len(labels), width)), labels)


def test_it_is_about_what_scikit_learns_cross_validation_gives():
    seen = blobs((60, 90, 120), 8, apart=0.6)
    model = make_pipeline(StandardScaler(), LogisticRegression(C=0.01, max_iter=1000))
    folds = StratifiedKFold(5, shuffle=True, random_state=0)
    expected = cross_val_score(model, seen.features, seen.labels, cv=folds).mean()
    assert 0.5 < expected < 0.95
    assert ProbeAccuracy().score(seen) == pytest.approx(expected, abs=0.04)


def test_logits_that_are_known_are_taken():
    seen = blobs((3, 3), 2)
    known = dataclasses.replace(seen, probe=np.eye(2)[[0, 0, 1, 1, 1, 0]])
    np.testing.assert_array_equal(ProbeAccuracy().contributions(known), [1, 1, 0, 1, 1, 0])


def test_an_image_is_predicted_out_of_sample():
    rng = np.random.default_rng(0)
    # with more features than images, any labels at all can be learned by heart
    seen = LabelledFeatures(rng.standard_normal((100, 400)), np.arange(100) % 2)
    assert 0.3 < ProbeAccuracy().score(seen) < 0.7
