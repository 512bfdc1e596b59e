"""Fit ridge regressions in closed form, for all settings on all folds."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import torch
from torch import Tensor

from autotl.api import HeadSetting, LinearHeads
from autotl.progress.timeline import spent_on
from autotl.training.probe_settings import DEFAULT_C

EXPONENTS = (-4.0, 3.0)
"""Powers of ten between which the penalty is chosen, as a multiple of the mean squared length."""
PENALTIES = 29
"""Penalties that are compared: four for each power of ten."""
BLOCK = 8192
"""Rows whose errors are computed at once."""


@spent_on("heads")
def fit_ridge(
    features: Tensor,
    targets: Tensor,
    *,
    settings: Sequence[HeadSetting],
    folds: Sequence[Tensor],
    weights: Tensor | None = None,
    check_cancelled: Callable[[], None] = lambda: None,
) -> LinearHeads:
    """Fit ridge regression for each setting on each fold.

    Minimises Σ wᵢ·‖errorᵢ‖²/2 + p·‖W‖²/2, with unpenalised biases. The penalty p is inversely proportional to
    C. At DEFAULT_C it is chosen by leave-one-out errors on the fold's rows: one penalty for all data would
    fit some too closely and others hardly at all. One decomposition solves it for every C (Hastie et al., The
    Elements of Statistical Learning, 2009, section 3.4). A row is left out alone, even if others of its group
    stay. With groups of similar images the penalty may thus be too small.

    Args:
        features: Frozen features, float32 (n, d).
        targets: Standardised numbers, float32 (n, k).
        settings: How the heads are fitted; ``balanced`` changes nothing.
        folds: Indices of the training rows of each fold.
        weights: Weights of the rows, float32 (n,), scaled to mean 1 on each fold; None if all are equal.
        check_cancelled: Called before each decomposition; may raise to end the work.
    """
    outputs = targets.shape[1]
    heads = LinearHeads(
        features.new_empty(len(folds), len(settings), outputs, features.shape[1]),
        features.new_empty(len(folds), len(settings), outputs),
    )
    for fold, rows in enumerate(folds):
        own = None if weights is None else weights[rows] / weights[rows].mean()
        for standardise in sorted({each.standardise for each in settings}):
            check_cancelled()
            solved = _decomposed(features[rows], targets[rows], own, standardise=standardise)
            for index, setting in enumerate(settings):
                if setting.standardise == standardise:
                    heads.weight[fold, index], heads.bias[fold, index] = solved.head(setting.c)
    return heads


@dataclass(frozen=True, slots=True)
class _Decomposed:
    """The features of a fold in directions in which the ridge is diagonal.

    Attributes:
        directions: (d, r).
        products: Products of the targets with each direction, (r, k).
        squares: Squared length of the features along each direction, (r,).
        centre: Mean features, (d,).
        spread: The number that divides each feature, (d,).
        mean: Mean targets, (k,).
        penalty: The penalty at DEFAULT_C.
    """

    directions: Tensor
    products: Tensor
    squares: Tensor
    centre: Tensor
    spread: Tensor
    mean: Tensor
    penalty: float

    def head(self, c: float) -> tuple[Tensor, Tensor]:
        """Return the weight (k, d) and the bias (k,) at this C."""
        shrunk = self.products / (self.squares + self.penalty * DEFAULT_C / c)[:, None]
        weight = ((self.directions @ shrunk) / self.spread[:, None]).T
        return weight.float(), (self.mean - weight @ self.centre).float()


def _decomposed(x: Tensor, y: Tensor, weights: Tensor | None, *, standardise: bool) -> _Decomposed:
    """Decompose the centred features of a fold.

    Args:
        x: Features, (n, d).
        y: Standardised numbers, (n, k).
        weights: Weights of the rows, of mean 1; None if all are equal.
        standardise: Whether features are divided by their deviation.
    """
    # doubles: small eigenvalues of many features decide at a large C; Apple's GPUs have none
    kind = torch.float32 if x.device.type == "mps" else torch.float64
    x, y = x.to(kind), y.to(kind)
    w = x.new_ones(len(x), 1) if weights is None else weights.to(kind)[:, None]
    centre, mean = (w * x).sum(0) / w.sum(), (w * y).sum(0) / w.sum()
    spread = x.std(0).clamp(min=1e-6) if standardise and len(x) > 1 else torch.ones_like(centre)
    x, y = (x - centre) / spread * w.sqrt(), (y - mean) * w.sqrt()
    if len(x) >= x.shape[1]:
        squares, directions = torch.linalg.eigh(x.T @ x)
        kept = _is_positive(squares)
        squares, directions = squares[kept], directions[:, kept]
    else:
        squares, mixes = torch.linalg.eigh(x @ x.T)
        kept = _is_positive(squares)
        squares = squares[kept]
        directions = x.T @ (mixes[:, kept] / squares.sqrt())
    products = directions.T @ (x.T @ y)
    penalty = _best_penalty(x, y, w, directions, products, squares)
    return _Decomposed(directions, products, squares, centre, spread, mean, penalty)


def _is_positive(squares: Tensor) -> Tensor:
    """Return whether each of the ascending eigenvalues is more than rounding error."""
    return squares > 1e-10 * squares[-1].clamp(min=1e-12)


def _best_penalty(
    x: Tensor, y: Tensor, weights: Tensor, directions: Tensor, products: Tensor, squares: Tensor
) -> float:
    """Return the largest penalty whose leave-one-out error is within one standard error of the smallest.

    The standard error is that of the difference, paired by row (Breiman et al., Classification and Regression
    Trees, 1984). Errors are absolute. A few wrong numbers thus neither decide nor lead to a close fit.

    The error of a row without itself is its residual divided by 1 minus its leverage (Allen, The Relationship
    between Variable Selection and Data Augmentation, Technometrics 1974). Generalised cross-validation, which
    divides by the mean, sometimes prefers no penalty at all if there are twice as many features as rows.

    Args:
        x: Centred, weighted features, (n, d).
        y: Centred, weighted targets, (n, k).
        weights: Weights of the rows, (n, 1).
        directions: (d, r).
        products: Products of the targets with each direction, (r, k).
        squares: Squared length of the features along each direction, (r,).
    """
    if not len(squares):  # constant features: every penalty gives the mean
        return 1.0
    exponents = torch.linspace(*EXPONENTS, PENALTIES, dtype=squares.dtype, device=squares.device)
    penalties = squares.mean() * 10**exponents
    inverse = 1 / (squares[:, None] + penalties)  # (r, penalties)
    errors = x.new_zeros(len(x), PENALTIES)
    for start in range(0, len(x), BLOCK):
        rows = slice(start, start + BLOCK)
        along = x[rows] @ directions
        leverage = along**2 @ inverse + weights[rows] / weights.sum()
        for own, product in zip(y.T, products.T, strict=True):
            residual = own[rows, None] - along @ (product[:, None] * inverse)
            left_out = residual / (1 - leverage).clamp(min=1e-6)
            errors[rows] += weights[rows].sqrt() * left_out.abs()
    more = errors - errors[:, errors.mean(0).argmin(), None]
    close = more.mean(0) <= more.std(0, correction=0) / len(x) ** 0.5
    return float(penalties[close.nonzero().max()])
