"""How well a classifier tells the target's features from the source's."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

import numpy as np
from numpy.typing import NDArray

from autotl import hookimpl
from autotl.api import Reference, Similarity
from autotl.builtin.similarity.two_sample import spaced

Rows = NDArray[np.float64]

MOST, FOLDS = 256, 5
RIDGE = 1.0


class DomainClassifier:
    """The squared proxy A-distance, 2 (1 − 2 error): 0 where the two cannot be told apart, towards 4 where
    they can, and below 0 where a classifier does worse than chance.

    A ridge classifier on features in units of the source's spread, cross-validated over five folds against
    at most 256 rows of the source. Its error is that of two Gaussians as far apart as its scores of unseen
    rows are, Φ(−d'/2): a count of mistakes would stop at 0 long before the domains stop moving apart.
    """

    name = "domain_classifier"
    summary = "squared proxy A-distance: how well a cross-validated classifier tells target from source"
    reference = "Ben-David et al., A theory of learning from different domains, Machine Learning 79, 2010"

    def distance(self, features: Rows, source: Reference) -> float:
        return self.distances(features, source, [np.arange(len(features))])[0]

    def distances(
        self, features: Rows, source: Reference, subsets: Sequence[NDArray[np.int64]]
    ) -> list[float]:
        """The distances of several subsets of the same rows; every pair of rows is multiplied once."""
        others = spaced(source.sample, MOST)
        spread = others.std(0)
        known = spread > 1e-9 * max(float(spread.max()), 1e-300)
        rows = (np.concatenate([features, others]) - others.mean(0))[:, known] / spread[known]
        gram = rows @ rows.T / max(1, rows.shape[1]) + 1.0  # a constant beside the features is the bias
        # folds by content and not by place: the order of the rows must not matter
        keys = rows @ np.random.default_rng(0).standard_normal(rows.shape[1])
        behind = np.arange(len(features), len(rows))
        return [_apart(gram, keys, chosen, behind) for chosen in subsets]


def _apart(gram: Rows, keys: Rows, ours: NDArray[np.int64], theirs: NDArray[np.int64]) -> float:
    from scipy.special import ndtr  # a list of plugins does not need it

    ours, theirs = ours[np.argsort(keys[ours])], theirs[np.argsort(keys[theirs])]
    folds = min(FOLDS, len(ours), len(theirs))
    every = np.concatenate([ours, theirs])
    fold = np.concatenate([np.arange(len(ours)) % folds, np.arange(len(theirs)) % folds])
    target = np.arange(len(every)) < len(ours)
    side = np.where(target, 0.5 / len(ours), -0.5 / len(theirs)) * len(every)  # both sides weigh the same
    scores = side - _missed(gram[np.ix_(every, every)], side, fold)
    one, other = scores[target], scores[~target]
    spread = np.sqrt((one.var() + other.var()) / 2)
    gap = (one.mean() - other.mean()) / max(float(spread), 1e-12)
    apart = float(2 * (1 - 2 * ndtr(-gap / 2)))
    return apart * abs(apart)  # squared as the other distances are, its sign kept


def _missed(kernel: Rows, side: Rows, fold: NDArray[np.int64]) -> Rows:
    """By how much the ridge fitted without a row's fold misses it, for all folds from one inverse.

    The block form of the leave-one-out residual (Rasmussen & Williams 2006, section 5.4.2).
    """
    ridge = RIDGE * float(np.trace(kernel)) / len(kernel)
    inverse = np.linalg.inv(kernel + ridge * np.eye(len(kernel)))
    solved = inverse @ side
    missed = np.empty(len(side))
    for f in range(int(fold.max()) + 1):
        held = np.flatnonzero(fold == f)
        missed[held] = np.linalg.solve(inverse[np.ix_(held, held)], solved[held])
    return missed


@hookimpl
def autotl_similarities() -> Iterable[Similarity]:
    return [DomainClassifier()]
