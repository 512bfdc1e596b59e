import json
from pathlib import Path

import numpy as np
import pytest

from autotl.api import Reference
from autotl.backbone import build_reference
from autotl.builtin.similarity.frechet import Frechet
from autotl.testing.similarity import SimilarityChecks

VECTORS = Path(__file__).parents[3].parent / "shared" / "vectors" / "transferability.json"


class TestFrechet(SimilarityChecks):
    similarity = Frechet()


@pytest.mark.skipif(not VECTORS.is_file(), reason="the shared reference values are absent")
def test_it_gives_what_another_implementation_gives():
    cases = [case for case in json.loads(VECTORS.read_text()) if "frechet" in case]
    assert cases
    with np.load(VECTORS.with_suffix(".npz")) as arrays:
        for case in cases:
            source = build_reference(arrays[f"{case['case']}_source_features"], input_size=64)
            found = Frechet().distance(arrays[f"{case['case']}_features"], source)
            assert found == pytest.approx(case["frechet"], rel=1e-6), case["case"]


def test_in_one_dimension_it_is_the_textbook_formula():
    rows = np.array([[1.0], [2.0], [3.0], [6.0]])
    source = Reference(np.zeros(1), np.full((1, 1), 4.0), rows, n=4, input_size=1, origin="source images")
    expected = rows.mean() ** 2 + (rows.std(ddof=1) - 2) ** 2
    assert Frechet().distance(rows, source) == pytest.approx(expected)


def test_few_rows_and_many_rows_agree_where_both_can_be_used():
    rng = np.random.default_rng(0)
    mixing = rng.standard_normal((20, 20))
    source = build_reference(rng.standard_normal((500, 20)) @ mixing, input_size=64)
    rows = rng.standard_normal((20, 20)) @ mixing
    few = Frechet().distance(rows, source)  # as many rows as features
    # a larger subset beside it takes the other road for both
    padded = [np.arange(20), np.r_[np.arange(20), np.arange(10)]]
    assert Frechet().distances(rows, source, padded)[0] == pytest.approx(few, rel=1e-6)
