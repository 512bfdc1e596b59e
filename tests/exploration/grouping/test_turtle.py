"""Labels of maximal margin in two spaces, and the comparison with k-means."""

from __future__ import annotations

import numpy as np
from sklearn.metrics import adjusted_rand_score

from autotl.exploration.grouping.choose import group_rows
from autotl.exploration.grouping.turtle import generalisation, turtle_labels
from tests.support.planted import planted, shapeless


def two_spaces(k: int, *, each: int = 50, noise: float = 0.25) -> tuple[list[np.ndarray], np.ndarray]:
    """Return two noisy views of the same clusters."""
    one, truth = planted(k, each=each, dimensions=16, noise=noise, seed=1)
    other, again = planted(k, each=each, dimensions=24, noise=noise, seed=2)
    rows = np.empty_like(other)
    rows[np.argsort(truth, kind="stable")] = other[np.argsort(again, kind="stable")]
    return [one, rows], truth


def test_the_labels_that_both_spaces_share_are_found() -> None:
    spaces, truth = two_spaces(4)
    labels = turtle_labels(spaces, 4, seed=0)
    assert set(labels.tolist()) == {0, 1, 2, 3}
    assert adjusted_rand_score(truth, labels) > 0.9


def test_the_same_seed_gives_the_same_labels() -> None:
    spaces, _ = two_spaces(3, each=20)
    assert turtle_labels(spaces, 3, seed=4).tolist() == turtle_labels(spaces, 3, seed=4).tolist()


def test_true_labels_generalise_and_random_ones_or_a_single_one_do_not() -> None:
    spaces, truth = two_spaces(4)
    true = generalisation(spaces, truth, seed=0)
    random = generalisation(spaces, np.random.default_rng(0).integers(0, 4, len(truth)), seed=0)
    assert true.mean > 0.9
    assert abs(random.mean) < 0.15
    assert generalisation(spaces, np.zeros(len(truth), dtype=np.int64), seed=0).mean == 0


def test_the_kept_method_is_the_one_that_the_figures_name() -> None:
    spaces, _ = two_spaces(3)
    found = group_rows(dict(zip("ab", spaces, strict=True)), clusters=3, max_clusters=5, seed=0)
    assert found.margin is not None
    assert found.method == ("TURTLE" if found.margin.kept else "k-means")
    better = found.margin.turtle.mean - found.margin.k_means.mean
    if found.margin.kept:
        assert better > found.margin.turtle.error + found.margin.k_means.error


def test_labels_in_shapeless_spaces_still_use_all_clusters() -> None:
    labels = turtle_labels([shapeless(120, seed=1), shapeless(120, seed=2)], 3, seed=0)
    assert np.bincount(labels, minlength=3).min() > 0
