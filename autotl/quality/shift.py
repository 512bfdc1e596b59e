"""Test for a train-test shift, and weight training images."""

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
else:  # takes half as long to import as torch, and is not needed before the first passes over the images
    scipy = lazy_module("scipy")

Floats = NDArray[np.float64]
Rows = NDArray[np.int64]

MAX_ROWS = 1000
"""The largest number of rows per side that a classifier learns from."""
FOLDS = 5
PERMUTATIONS = 999
RIDGE = 1.0
"""Ridge penalty of the shift test, as a multiple of the mean squared length of a row."""
RIDGES = (0.1, 1.0, 10.0, 100.0)
"""Ridge penalties of the importance weights, in the same unit, from a close fit to almost none."""
MIN_WEIGHT, MAX_WEIGHT = 0.1, 10.0
"""Range of the importance weights before they are scaled to mean 1."""


@dataclass(frozen=True, slots=True)
class Shift:
    """The result of a classifier two-sample test of training against test images.

    Attributes:
        p: Fraction of permutations that reach the AUC, at least 0.001.
        statistic: Standard deviations of the AUC above the mean of the permutations.
        auc: Cross-validated AUC of a linear classifier, 0.5 for no shift, 1 for a complete one.
        n_train: Number of training rows that were compared.
        n_test: Number of test rows that were compared.
    """

    p: float
    statistic: float
    auc: float
    n_train: int
    n_test: int


@dataclass(frozen=True, slots=True)
class Importance:
    """Importance weights of training rows.

    Attributes:
        weights: Weights with mean 1, float64 (n_train,).
        n_eff: Effective sample size: the number of equally weighted rows with the same variance.
    """

    weights: Floats
    n_eff: float


def shift(train_features: Floats, test_features: Floats, *, seed: int) -> Shift:
    """Test whether training and test features differ in distribution.

    The statistic is the AUC of a ridge classifier, the mean over five folds (Lopez-Paz and Oquab, Revisiting
    Classifier Two-Sample Tests, ICLR 2017). The sides are permuted 999 times within each fold and the
    classifier is fitted again. So the p-value is exact for independent rows, for any n and d. Rows that come
    in bursts, such as frames of one video, are not independent.

    Args:
        train_features: Features of the training images, (n_train, d).
        test_features: Features of the test images, (n_test, d).
        seed: Seed of the permutations, and of the sample of at most 1,000 rows per side.

    Raises:
        DataError: If a side has fewer than five rows.
    """
    train, test = _checked(train_features, test_features)
    rng = np.random.default_rng(derive(seed, "shift"))
    train, test = _sample(train, rng), _sample(test, rng)
    rows, side = _standardised(train, test)
    fold = _folds(side, rng)
    sides = np.empty((len(side), 1 + PERMUTATIONS))  # (n, 1 + shuffles)
    for f in range(FOLDS):
        own = np.flatnonzero(fold == f)
        shuffled = np.tile(side[own, None], (1, PERMUTATIONS))
        sides[own] = np.column_stack([side[own], rng.permuted(shuffled, axis=0)])
    aucs = np.zeros(1 + PERMUTATIONS)
    with threadpool_limits(1, "blas"):  # more threads take ten times as long on few busy cores
        gram = rows @ rows.T
        for f in range(FOLDS):
            own, rest = np.flatnonzero(fold == f), np.flatnonzero(fold != f)
            aucs += _aucs(_hat(gram, own, rest) @ sides[rest], sides[own]) / FOLDS
    found, permuted = float(aucs[0]), aucs[1:]
    spread = float(permuted.std())
    return Shift(
        p=float((1 + (permuted >= found - 1e-12).sum()) / (1 + PERMUTATIONS)),
        statistic=(found - float(permuted.mean())) / spread if spread > 1e-9 else 0.0,
        auc=found,
        n_train=len(train),
        n_test=len(test),
    )


def importance_weights(train_features: Floats, test_features: Floats, *, seed: int) -> Importance:
    """Weight training rows by their density ratio of test to training images.

    The weights are the odds of a classifier that separates the sides, for rows it did not learn from (Bickel,
    Brückner and Scheffer, Discriminative Learning for Differing Training and Test Distributions, ICML 2007;
    Sugiyama, Krauledat and Müller, Covariate Shift Adaptation by Importance Weighted Cross Validation, JMLR
    2007). The penalty has the smallest log loss after its scores were calibrated on the other folds. Odds are
    clipped to [0.1, 10] and scaled to mean 1. If no penalty beats a constant by more than the standard error
    of the gain, all weights are 1.

    Args:
        train_features: Features of the training images, (n_train, d).
        test_features: Features of the test images, (n_test, d).
        seed: Seed of the folds, and of the sample of at most 1,000 rows per side and fold.

    Raises:
        DataError: If a side has fewer than five rows.
    """
    train, test = _checked(train_features, test_features)
    rng = np.random.default_rng(derive(seed, "importance"))
    rows, side = _standardised(train, test)
    fold = _folds(side, rng)
    with threadpool_limits(1, "blas"):
        scores = _scores(rows, side, fold, rng)  # (n, penalties)
    # each side has half of the total weight
    share = np.where(side > 0, 0.5 / len(test), 0.5 / len(train))
    best, best_gain = np.zeros(len(side)), 0.0
    for column in scores.T:
        logits = _calibrated(column, side, share, fold)
        gain = np.log(2) - np.logaddexp(0, -side * logits)
        mean = float(share @ gain)
        error = float(np.sqrt((share**2) @ (gain - mean) ** 2))
        if mean - error > best_gain:
            best, best_gain = logits, mean - error
    weights = np.exp(np.clip(best[side < 0], np.log(MIN_WEIGHT), np.log(MAX_WEIGHT)))
    weights /= weights.mean()
    return Importance(weights, float(weights.sum() ** 2 / (weights**2).sum()))


def _scores(rows: Floats, side: Floats, fold: Rows, rng: np.random.Generator) -> Floats:
    """Return out-of-fold scores of a classifier for each penalty, (n, penalties)."""
    scores = np.empty((len(rows), len(RIDGES)))
    for f in range(FOLDS):
        own = np.flatnonzero(fold == f)
        rest = np.concatenate(
            [_sample(np.flatnonzero((fold != f) & (side == which)), rng) for which in (-1.0, 1.0)]
        )
        centred = rows[rest] - rows[rest].mean(0)
        gram, target = centred @ centred.T, side[rest] - side[rest].mean()
        for column, ridge in enumerate(RIDGES):
            found = scipy.linalg.cho_solve(_factor(gram, ridge), target, check_finite=False)
            scores[own, column] = (rows[own] - rows[rest].mean(0)) @ (found @ centred)
    return scores


def _hat(gram: Floats, own: Rows, rest: Rows) -> Floats:
    """Return the hat matrix (own, rest) of ridge regression.

    Its product with the sides of ``rest`` predicts those of ``own``. Rows are centred on ``rest``. The
    intercept is omitted, because it does not change an AUC.
    """
    between = gram[np.ix_(own, rest)]
    inner = gram[np.ix_(rest, rest)]
    columns, level = inner.mean(0), inner.mean()
    outer = between - between.mean(1, keepdims=True) - columns + level
    factor = _factor(inner - columns - columns[:, None] + level, RIDGE)
    found: Floats = scipy.linalg.cho_solve(factor, outer.T, check_finite=False).T
    found -= found.mean(1, keepdims=True)  # equivalent to centred targets
    return found


def _factor(gram: Floats, ridge: float) -> tuple[Floats, bool]:
    """Return the Cholesky factor of a centred Gram matrix plus the penalty."""
    raised = gram.copy()
    raised[np.diag_indices_from(raised)] += ridge * max(float(np.trace(gram)) / len(gram), 1e-9)
    factor: tuple[Floats, bool] = scipy.linalg.cho_factor(raised, lower=True, check_finite=False)
    return factor


def _aucs(scores: Floats, sides: Floats) -> Floats:
    """Return the AUCs (columns,) of scores (n, columns)."""
    ranks = scipy.stats.rankdata(scores, axis=0)
    positive = sides > 0
    positives, negatives = positive.sum(0), (~positive).sum(0)
    area: Floats = ((ranks * positive).sum(0) - positives * (positives + 1) / 2) / (positives * negatives)
    return area


def _calibrated(scores: Floats, side: Floats, share: Floats, fold: Rows) -> Floats:
    """Return log odds (n,) from scores, with a slope ≥ 0 and an offset learned on the other folds."""
    scale = max(float(scores.std()), 1e-12)
    x = scores / scale
    logits = np.empty(len(x))
    for f in range(FOLDS):
        rest = fold != f

        def loss(
            ab: Floats, x: Floats = x[rest], y: Floats = side[rest], w: Floats = share[rest]
        ) -> tuple[float, Floats]:
            z = ab[0] * x + ab[1]
            gradient = -w * y * scipy.special.expit(-y * z)
            return float(w @ np.logaddexp(0, -y * z)), np.array([gradient @ x, gradient.sum()])

        found = scipy.optimize.minimize(
            loss, np.zeros(2), jac=True, method="L-BFGS-B", bounds=[(0, None), (None, None)]
        ).x
        logits[fold == f] = found[0] * x[fold == f] + found[1]
    return logits


def _standardised(train: Floats, test: Floats) -> tuple[Floats, Floats]:
    """Return all rows with standardised features, and the side of each: −1 for train, 1 for test."""
    rows = np.concatenate([train, test])
    spread = rows.std(0)
    rows = (rows - rows.mean(0)) / np.where(spread > 1e-12, spread, 1.0)  # over both sides
    return rows, np.repeat([-1.0, 1.0], [len(train), len(test)])


def _folds(side: Floats, rng: np.random.Generator) -> Rows:
    """Return the fold of each row, stratified by side."""
    fold = np.empty(len(side), dtype=np.int64)
    for which in (-1.0, 1.0):
        own = rng.permutation(np.flatnonzero(side == which))
        fold[own] = np.arange(len(own)) % FOLDS
    return fold


def _sample(rows: NDArray[Any], rng: np.random.Generator) -> NDArray[Any]:
    return rows[np.sort(rng.permutation(len(rows))[:MAX_ROWS])]


def _checked(train: Floats, test: Floats) -> tuple[Floats, Floats]:
    for side, found in (("training", train), ("test", test)):
        if len(found) < FOLDS:
            raise DataError(f"A comparison needs at least {FOLDS} {side} rows (got {len(found)}).")
    return np.asarray(train, dtype=np.float64), np.asarray(test, dtype=np.float64)
