"""Whether training and test images differ, and how much each training image resembles the test ones."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray
from threadpoolctl import threadpool_limits

from autotl.errors import DataError
from autotl.importing.lazy import lazy_module
from autotl.seeds import derive

if TYPE_CHECKING:
    import scipy.linalg
    import scipy.optimize
    import scipy.special
    import scipy.stats
else:  # takes half as long to import as torch, and comes after the first passes over the images
    scipy = lazy_module("scipy")

Floats = NDArray[np.float64]
Places = NDArray[np.int64]

MOST = 1000  # rows of a side that a classifier learns from
FOLDS = 5
PERMUTATIONS = 999
RIDGE = 1.0
RIDGES = (0.1, 1.0, 10.0, 100.0)
"""Penalties as multiples of the mean squared length of a row: the first ones fit, the last nearly give up."""
LEAST, LARGEST = 0.1, 10.0  # importance weights before they are brought to mean 1


@dataclass(frozen=True, slots=True)
class Shift:
    """How well a linear classifier tells training from test images that it has not learned from.

    ``auc`` is 0.5 where it cannot and 1 where it always can; ``statistic`` says how many standard deviations
    it lies above what shuffled sides give; ``p`` is the share of shuffles that reach it, at least 0.001.
    ``n_train`` and ``n_test`` rows were compared.
    """

    p: float
    statistic: float
    auc: float
    n_train: int
    n_test: int


@dataclass(frozen=True, slots=True)
class Importance:
    """A weight for each training row, float64 (n_train,) of mean 1, and how many equally weighted rows they
    are worth.
    """

    weights: Floats
    n_eff: float


def shift(train_features: Floats, test_features: Floats, *, seed: int) -> Shift:
    """A classifier two-sample test of features (n_train, d) and (n_test, d).

    The statistic is the AUC of a ridge classifier, the mean over five folds (Lopez-Paz and Oquab, Revisiting
    Classifier Two-Sample Tests, ICLR 2017). The sides are shuffled 999 times within each fold and the
    classifier is fitted anew, so the p-value is exact for independent rows, whatever n and d are. Rows that
    come in bursts, such as frames of one film, are not independent. At most 1,000 random rows a side are
    compared. Raises DataError below five rows a side.
    """
    train, test = _checked(train_features, test_features)
    rng = np.random.default_rng(derive(seed, "shift"))
    train, test = _some(train, rng), _some(test, rng)
    rows, side = _joined(train, test)
    fold = _dealt(side, rng)
    sides = np.empty((len(side), 1 + PERMUTATIONS))  # (n, 1 + shuffles)
    for f in range(FOLDS):
        own = np.flatnonzero(fold == f)
        shuffled = np.tile(side[own, None], (1, PERMUTATIONS))
        sides[own] = np.column_stack([side[own], rng.permuted(shuffled, axis=0)])
    aucs = np.zeros(1 + PERMUTATIONS)
    with threadpool_limits(1, "blas"):  # on few busy cores more threads factorise ten times more slowly
        gram = rows @ rows.T
        for f in range(FOLDS):
            own, rest = np.flatnonzero(fold == f), np.flatnonzero(fold != f)
            aucs += _aucs(_hat(gram, own, rest) @ sides[rest], sides[own]) / FOLDS
    found, chance = float(aucs[0]), aucs[1:]
    spread = float(chance.std())
    return Shift(
        p=float((1 + (chance >= found - 1e-12).sum()) / (1 + PERMUTATIONS)),
        statistic=(found - float(chance.mean())) / spread if spread > 1e-9 else 0.0,
        auc=found,
        n_train=len(train),
        n_test=len(test),
    )


def importance_weights(train_features: Floats, test_features: Floats, *, seed: int) -> Importance:
    """How much likelier each training row (n_train, d) is among the test rows (n_test, d).

    The odds of a classifier that tells the sides apart, for rows it has not learned from (Bickel, Brückner
    and Scheffer, Discriminative Learning for Differing Training and Test Distributions, ICML 2007; Sugiyama,
    Krauledat and Müller, Covariate Shift Adaptation by Importance Weighted Cross Validation, JMLR 2007). Its
    penalty is the one with the least log loss after its scores were calibrated on the other folds. Odds are
    clipped to [0.1, 10] and brought to mean 1. Where no penalty beats a constant by more than a standard
    error of the gain, all weights are 1. Learns from at most 1,000 random rows a side and fold. Raises
    DataError below five rows a side.
    """
    train, test = _checked(train_features, test_features)
    rng = np.random.default_rng(derive(seed, "importance"))
    rows, side = _joined(train, test)
    fold = _dealt(side, rng)
    with threadpool_limits(1, "blas"):
        scores = _scores(rows, side, fold, rng)  # (n, penalties)
    # each side counts for one half, however many rows it has
    share = np.where(side > 0, 0.5 / len(test), 0.5 / len(train))
    best, most = np.zeros(len(side)), 0.0
    for column in scores.T:
        logits = _calibrated(column, side, share, fold)
        gain = np.log(2) - np.logaddexp(0, -side * logits)
        mean = float(share @ gain)
        error = float(np.sqrt((share**2) @ (gain - mean) ** 2))
        if mean - error > most:
            best, most = logits, mean - error
    weights = np.exp(np.clip(best[side < 0], np.log(LEAST), np.log(LARGEST)))
    weights /= weights.mean()
    return Importance(weights, float(weights.sum() ** 2 / (weights**2).sum()))


def _scores(rows: Floats, side: Floats, fold: Places, rng: np.random.Generator) -> Floats:
    """What classifiers of each penalty say of the rows of the fold they have not seen, (n, penalties)."""
    scores = np.empty((len(rows), len(RIDGES)))
    for f in range(FOLDS):
        own = np.flatnonzero(fold == f)
        rest = np.concatenate(
            [_some(np.flatnonzero((fold != f) & (side == which)), rng) for which in (-1.0, 1.0)]
        )
        learned = rows[rest] - rows[rest].mean(0)
        gram, target = learned @ learned.T, side[rest] - side[rest].mean()
        for column, ridge in enumerate(RIDGES):
            found = scipy.linalg.cho_solve(_factor(gram, ridge), target, check_finite=False)
            scores[own, column] = (rows[own] - rows[rest].mean(0)) @ (found @ learned)
    return scores


def _hat(gram: Floats, own: Places, rest: Places) -> Floats:
    """Ridge regression as a matrix (own, rest): its product with the sides of ``rest`` answers for ``own``.

    Rows are centred on ``rest``; the intercept is left out, for it orders nothing.
    """
    between = gram[np.ix_(own, rest)]
    inner = gram[np.ix_(rest, rest)]
    columns, level = inner.mean(0), inner.mean()
    outer = between - between.mean(1, keepdims=True) - columns + level
    factor = _factor(inner - columns - columns[:, None] + level, RIDGE)
    found: Floats = scipy.linalg.cho_solve(factor, outer.T, check_finite=False).T
    found -= found.mean(1, keepdims=True)  # as if the targets were centred
    return found


def _factor(gram: Floats, ridge: float) -> tuple[Floats, bool]:
    """The Cholesky factor of a centred Gram matrix and the penalty."""
    raised = gram.copy()
    raised[np.diag_indices_from(raised)] += ridge * max(float(np.trace(gram)) / len(gram), 1e-9)
    factor: tuple[Floats, bool] = scipy.linalg.cho_factor(raised, lower=True, check_finite=False)
    return factor


def _aucs(scores: Floats, sides: Floats) -> Floats:
    """The areas under the ROC curves (columns,) of scores (n, columns)."""
    ranks = scipy.stats.rankdata(scores, axis=0)
    above = sides > 0
    many, few = above.sum(0), (~above).sum(0)
    area: Floats = ((ranks * above).sum(0) - many * (many + 1) / 2) / (many * few)
    return area


def _calibrated(scores: Floats, side: Floats, share: Floats, fold: Places) -> Floats:
    """Log odds (n,) from scores: a slope of at least 0 and an offset, learned on the other folds."""
    scale = max(float(scores.std()), 1e-12)
    x = scores / scale
    logits = np.empty(len(x))
    for f in range(FOLDS):
        rest = fold != f

        def loss(
            ab: Floats, x: Floats = x[rest], y: Floats = side[rest], w: Floats = share[rest]
        ) -> tuple[float, Floats]:
            z = ab[0] * x + ab[1]
            pull = -w * y * scipy.special.expit(-y * z)
            return float(w @ np.logaddexp(0, -y * z)), np.array([pull @ x, pull.sum()])

        found = scipy.optimize.minimize(
            loss, np.zeros(2), jac=True, method="L-BFGS-B", bounds=[(0, None), (None, None)]
        ).x
        logits[fold == f] = found[0] * x[fold == f] + found[1]
    return logits


def _joined(train: Floats, test: Floats) -> tuple[Floats, Floats]:
    """Both sides' rows, each feature of mean 0 and spread 1, and the side of each: −1 train, 1 test."""
    rows = np.concatenate([train, test])
    spread = rows.std(0)
    rows = (rows - rows.mean(0)) / np.where(spread > 1e-12, spread, 1.0)  # of all: knows nothing of sides
    return rows, np.repeat([-1.0, 1.0], [len(train), len(test)])


def _dealt(side: Floats, rng: np.random.Generator) -> Places:
    """The fold of each row, both sides dealt out evenly."""
    fold = np.empty(len(side), dtype=np.int64)
    for which in (-1.0, 1.0):
        own = rng.permutation(np.flatnonzero(side == which))
        fold[own] = np.arange(len(own)) % FOLDS
    return fold


def _some(rows: NDArray[Any], rng: np.random.Generator) -> NDArray[Any]:
    return rows[np.sort(rng.permutation(len(rows))[:MOST])]


def _checked(train: Floats, test: Floats) -> tuple[Floats, Floats]:
    for what, found in (("training", train), ("test", test)):
        if len(found) < FOLDS:
            raise DataError(
                f"To compare two sides takes at least {FOLDS} {what} rows, but {len(found)} were given."
            )
    return np.asarray(train, dtype=np.float64), np.asarray(test, dtype=np.float64)
