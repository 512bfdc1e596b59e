"""Measure how well a classifier separates the features of target and source."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

import numpy as np
from numpy.typing import NDArray

from autotl import hookimpl
from autotl.api import Reference, Similarity
from autotl.builtin.similarity.two_sample import evenly_spaced

Rows = NDArray[np.float64]

MAX_SOURCE_ROWS = 256
FOLDS = 5
RIDGE = 1.0
"""Ridge penalty, relative to the mean diagonal of the kernel."""
_MIN_RELATIVE_SPREAD = 1e-9


class DomainClassifier:
    """The squared proxy A-distance of a cross-validated classifier.

    It is 0 for equal distributions, and 4 for separable ones. The proxy A-distance is 2 (1 − 2 error). It is
    negative if the classifier is worse than chance; its square keeps the sign. The classifier is a ridge
    classifier on features in units of the source's spread. It is cross-validated in five folds against at
    most 256 rows of the source. Its error is Φ(−d'/2), that of two Gaussians with the separation d' of its
    scores. A count of errors would reach 0 too early.
    """

    name = "domain_classifier"
    summary = "squared proxy A-distance: how well a cross-validated classifier tells target from source"
    reference = "Ben-David et al., A theory of learning from different domains, Machine Learning 79, 2010"

    def distance(self, features: Rows, source: Reference) -> float:
        return self.distances(features, source, [np.arange(len(features))])[0]

    def distances(
        self, features: Rows, source: Reference, subsets: Sequence[NDArray[np.int64]]
    ) -> list[float]:
        """Return the distances of several subsets of the rows.

        Each pair of rows is multiplied once.

        Args:
            features: Features of the target, (n, d).
            source: The source.
            subsets: The rows of each subset.
        """
        sample = evenly_spaced(source.sample, MAX_SOURCE_ROWS)
        spread = sample.std(0)
        varying = spread > _MIN_RELATIVE_SPREAD * max(float(spread.max()), 1e-300)
        rows = (np.concatenate([features, sample]) - sample.mean(0))[:, varying] / spread[varying]
        gram = rows @ rows.T / max(1, rows.shape[1]) + 1.0  # the constant is the bias
        # folds depend on the content of rows, not on their order
        keys = rows @ np.random.default_rng(0).standard_normal(rows.shape[1])
        source_rows = np.arange(len(features), len(rows))
        return [_squared_a_distance(gram, keys, chosen, source_rows) for chosen in subsets]


def _squared_a_distance(
    gram: Rows, keys: Rows, target_rows: NDArray[np.int64], source_rows: NDArray[np.int64]
) -> float:
    """Return the squared proxy A-distance between some rows.

    Args:
        gram: The kernel among all rows.
        keys: A number for each row, which decides its fold.
        target_rows: The rows of the target.
        source_rows: The rows of the source.
    """
    from scipy.special import ndtr  # not needed to list plugins

    target_rows = target_rows[np.argsort(keys[target_rows])]
    source_rows = source_rows[np.argsort(keys[source_rows])]
    n, m = len(target_rows), len(source_rows)
    folds = min(FOLDS, n, m)
    rows = np.concatenate([target_rows, source_rows])
    fold = np.concatenate([np.arange(n) % folds, np.arange(m) % folds])
    is_target = np.arange(n + m) < n
    labels = np.where(is_target, 0.5 / n, -0.5 / m) * (n + m)  # both domains have the same weight
    scores = labels - _held_out_residuals(gram[np.ix_(rows, rows)], labels, fold)
    of_target, of_source = scores[is_target], scores[~is_target]
    spread = np.sqrt((of_target.var() + of_source.var()) / 2)
    separation = (of_target.mean() - of_source.mean()) / max(float(spread), 1e-12)
    a_distance = float(2 * (1 - 2 * ndtr(-separation / 2)))
    return a_distance * abs(a_distance)


def _held_out_residuals(kernel: Rows, labels: Rows, fold: NDArray[np.int64]) -> Rows:
    """Return residuals of ridges fitted without each fold.

    A single inverse gives all of them. This is the block form of the leave-one-out residual (Rasmussen &
    Williams 2006, section 5.4.2).
    """
    ridge = RIDGE * float(np.trace(kernel)) / len(kernel)
    inverse = np.linalg.inv(kernel + ridge * np.eye(len(kernel)))
    solved = inverse @ labels
    residuals = np.empty(len(labels))
    for number in range(int(fold.max()) + 1):
        held_out = np.flatnonzero(fold == number)
        residuals[held_out] = np.linalg.solve(inverse[np.ix_(held_out, held_out)], solved[held_out])
    return residuals


@hookimpl
def autotl_similarities() -> Iterable[Similarity]:
    return [DomainClassifier()]
