import json
from pathlib import Path

import numpy as np
import pytest
from scipy.stats import entropy

from autotl.api import LabelledFeatures
from autotl.builtin.transferability.nce import Nce
from autotl.testing.transferability import TransferabilityChecks

VECTORS = Path(__file__).parents[3].parent / "shared" / "vectors" / "transferability.json"


class TestNce(TransferabilityChecks):
    transferability = Nce()


@pytest.mark.skipif(not VECTORS.is_file(), reason="the shared reference values are absent")
def test_it_gives_what_another_implementation_gives():
    cases = json.loads(VECTORS.read_text())
    assert cases
    with np.load(VECTORS.with_suffix(".npz")) as arrays:
        for case in cases:
            features, labels, probabilities = (
                arrays[f"{case['case']}_{each}"] for each in ("features", "labels", "source_probabilities")
            )
            found = Nce().score(LabelledFeatures(features, labels.astype(np.int64), probabilities))
            assert found == pytest.approx(case["nce"], rel=1e-6), case["case"]


def test_it_is_the_negative_conditional_entropy_of_the_table_of_counts():
    rng = np.random.default_rng(0)
    probabilities, labels = rng.dirichlet(np.ones(4), size=40), np.arange(40) % 3
    table = np.zeros((3, 4))
    for label, answer in zip(labels, probabilities.argmax(1), strict=True):
        table[label, answer] += 1 / 40
    # H(Y | Z) = H(Y, Z) - H(Z)
    expected = entropy(table.sum(0)) - entropy(table.ravel())
    assert Nce().score(LabelledFeatures(np.zeros((40, 1)), labels, probabilities)) == pytest.approx(expected)


def test_a_source_that_separates_the_classes_leaves_no_entropy():
    seen = LabelledFeatures(np.zeros((4, 1)), np.array([0, 0, 1, 1]), np.eye(3)[[2, 2, 0, 0]])
    assert Nce().score(seen) == 0.0
