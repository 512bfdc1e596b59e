"""Source images whiten what varies within classes, and are used only if the clusters are more stable."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from sklearn.metrics import adjusted_rand_score

from autotl.exploration.grouping.choose import group_rows
from autotl.exploration.grouping.reduction import Matrix, reduce_features
from autotl.exploration.grouping.source_space import SourceComparison, whitening
from autotl.exploration.grouping.stability import Stability
from tests.support.planted import planted

NUISANCE = 6
"""Dimensions that vary within classes alone, such as pose and light."""


def disturbed(k: int, *, seed: int, each: int = 60) -> tuple[Matrix, np.ndarray]:
    """Return rows of k classes, of which six further dimensions vary much and mean nothing."""
    rows, ids = planted(k, each=each, dimensions=10, noise=0.05, seed=seed)
    nuisance = 3 * np.random.default_rng(seed + 100).normal(size=(len(rows), NUISANCE))
    return np.hstack([rows, nuisance]).astype(np.float32), ids


def variances_within(rows: np.ndarray, labels: np.ndarray) -> np.ndarray:
    """Return the variances along the principal axes within classes, ascending."""
    means = np.stack([rows[labels == each].mean(axis=0) for each in range(labels.max() + 1)])
    return np.linalg.eigvalsh(np.cov((rows - means[labels]).T))


def test_what_varies_most_within_classes_becomes_one() -> None:
    rows, labels = disturbed(5, seed=0, each=400)
    unit = rows / np.linalg.norm(rows, axis=1, keepdims=True)
    before, after = (variances_within(each, labels) for each in (unit, unit @ whitening(rows, labels)))
    assert before[-1] / before[0] > 100
    assert after[-1] == pytest.approx(1, abs=0.1)
    assert after[-1] / after[0] < 10


def test_clusters_that_nuisance_hides_are_found_with_a_source_of_other_classes() -> None:
    source, labels = disturbed(8, seed=1)
    rows, truth = disturbed(3, seed=2)
    plain = {"net": reduce_features(rows, seed=0)}
    mapped = {"net": reduce_features(rows, seed=0, linear=whitening(source, labels))}
    without = group_rows(plain, clusters=3, max_clusters=3, seed=0)
    found = group_rows(plain, clusters=3, max_clusters=3, seed=0, with_source=mapped)
    assert adjusted_rand_score(truth, without.ids) < 0.5
    assert adjusted_rand_score(truth, found.ids) > 0.9
    assert found.uses_source
    assert found.source is not None
    assert found.chosen == found.source.with_source
    assert without.chosen == found.source.without


def test_a_source_that_shows_nothing_changes_nothing() -> None:
    rows, _ = planted(3)
    shuffled = {"net": rows @ np.linalg.qr(np.random.default_rng(0).normal(size=(12, 12)))[0].astype("f4")}
    without = group_rows({"net": rows}, clusters=None, max_clusters=5, seed=0)
    found = group_rows({"net": rows}, clusters=None, max_clusters=5, seed=0, with_source=shuffled)
    assert not found.uses_source
    assert found.ids.tolist() == without.ids.tolist()
    assert (found.chosen, found.measured) == (without.chosen, without.measured)


@pytest.mark.parametrize("each", [1, 2])
def test_classes_without_variance_give_the_identity(each: int) -> None:
    rows = np.repeat(np.random.default_rng(0).normal(size=(6, 4)), each, axis=0)
    assert np.array_equal(whitening(rows, np.repeat(np.arange(6), each)), np.eye(4))


def test_equal_features_have_no_comparison() -> None:
    zeros, rows = np.zeros((30, 1), np.float32), planted(3, each=10)[0]
    found = group_rows({"net": zeros}, clusters=None, max_clusters=5, seed=0, with_source={"net": rows})
    assert (found.sources, found.uses_source) == ({}, False)


CLEAR = Stability(3, 0.95, 0.02, 0.01, 0.2, 0.0, 0.9, 0.2, 0.01)
UNCLEAR = Stability(3, 0.7, 0.02, 0.01, 0.2, 0.0)


@pytest.mark.parametrize(
    ("new", "old", "kept"),
    [
        (CLEAR, UNCLEAR, True),
        (UNCLEAR, CLEAR, False),
        (CLEAR, CLEAR, False),
        (replace(CLEAR, mean=0.99), CLEAR, True),
        (replace(UNCLEAR, mean=0.71), UNCLEAR, False),
        (replace(UNCLEAR, mean=0.79), UNCLEAR, True),
    ],
)
def test_the_source_is_kept_if_the_clusters_are_more_stable(
    new: Stability, old: Stability, kept: bool
) -> None:
    assert SourceComparison(new, old).kept == kept
