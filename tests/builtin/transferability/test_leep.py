import json
from pathlib import Path

import numpy as np
import pytest

from autotl.api import LabelledFeatures
from autotl.builtin.transferability.leep import Leep
from autotl.testing.transferability import TransferabilityChecks

VECTORS = Path(__file__).parents[3].parent / "shared" / "vectors" / "transferability.json"


class TestLeep(TransferabilityChecks):
    transferability = Leep()


@pytest.mark.skipif(not VECTORS.is_file(), reason="the shared reference values are absent")
def test_it_gives_what_another_implementation_gives():
    cases = json.loads(VECTORS.read_text())
    assert cases
    with np.load(VECTORS.with_suffix(".npz")) as arrays:
        for case in cases:
            features, labels, probabilities = (
                arrays[f"{case['case']}_{each}"] for each in ("features", "labels", "source_probabilities")
            )
            found = Leep().score(LabelledFeatures(features, labels.astype(np.int64), probabilities))
            assert found == pytest.approx(case["leep"], rel=1e-6), case["case"]


def test_it_is_the_papers_formula_image_by_image():
    rng = np.random.default_rng(0)
    probabilities, labels = rng.dirichlet(np.ones(4), size=12), np.arange(12) % 3
    total = 0.0
    for theta, label in zip(probabilities, labels, strict=True):
        likelihood = 0.0
        for z in range(4):
            joint = sum(p[z] for p, y in zip(probabilities, labels, strict=True) if y == label)
            likelihood += theta[z] * joint / sum(p[z] for p in probabilities)
        total += np.log(likelihood)
    seen = LabelledFeatures(np.zeros((12, 1)), labels, probabilities)
    assert Leep().score(seen) == pytest.approx(total / 12)


def test_a_source_that_separates_the_classes_loses_nothing():
    seen = LabelledFeatures(np.zeros((4, 1)), np.array([0, 0, 1, 1]), np.eye(3)[[2, 2, 0, 0]])
    assert Leep().score(seen) == 0.0


def test_a_constant_source_head_scores_the_class_frequencies():
    seen = LabelledFeatures(np.zeros((4, 1)), np.array([0, 0, 0, 1]), np.full((4, 5), 0.2))
    assert Leep().score(seen) == pytest.approx(0.75 * np.log(0.75) + 0.25 * np.log(0.25))
