"""Fit many linear classifiers on the same features at once.

They are those of all settings on all folds.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace

import torch
from torch import Tensor

from autotl.api import HeadSetting, LinearHeads
from autotl.clock import NEVER, Deadline
from autotl.progress.timeline import spent_on
from autotl.training.class_balance import class_weights, label_weights
from autotl.training.linear_heads.lbfgs import StackedRegressions, minimise

MAX_COLUMNS = 172
"""Largest number of heads × classes in one matrix product.

This many run at full speed, and few enough to let the next group start close to the results of this one.
"""
MAX_EXTRAPOLATION = 3.0
"""Largest factor of C over which coefficients are extrapolated."""

Kind = tuple[bool, bool]
"""Whether features are standardised, and whether classes are balanced."""


@spent_on("heads")
def fit_heads(
    features: Tensor,
    labels: Tensor,
    *,
    classes: int,
    settings: Sequence[HeadSetting],
    folds: Sequence[Tensor],
    weights: Tensor | None = None,
    check_cancelled: Callable[[], None] = lambda: None,
    end: Deadline = NEVER,
) -> LinearHeads:
    """Fit logistic regression for each setting on each fold.

    It is multinomial for classes, and one-versus-rest for labels. It minimises
    Σ wᵢ·cross-entropyᵢ + ‖W‖²/2C, with unpenalised biases, to within 1e-3 of the smallest mean loss. The
    settings of a fold are fitted in order of C, in small groups. Each group starts from the extrapolated path
    of the smaller values. A step is one matrix product in the eigenbasis of the features. There the curvature
    is nearly diagonal, so that its diagonal is a good preconditioner.

    Args:
        features: Frozen features, float32 (n, d).
        labels: Classes, int64 (n,), or labels, float32 (n, classes) of 0 and 1.
        classes: Number of classes or labels.
        settings: How the classifiers are fitted.
        folds: Indices of the training rows of each fold.
        weights: Weights of the rows, float32 (n,), scaled to mean 1 on each fold; None if all are equal.
        check_cancelled: Called before each optimiser step; may raise to end the work.
        end: When fitting stops, converged or not; the time is divided evenly among the groups.
    """
    heads = LinearHeads(
        features.new_empty(len(folds), len(settings), classes, features.shape[1]),
        features.new_empty(len(folds), len(settings), classes),
    )
    every = torch.arange(len(features), device=features.device)
    uneven = any(not _is_balanced(labels[rows]) for rows in (every, *folds))
    indices = _indices_by_kind(settings, uneven)
    groups = {kind: _group_settings(sorted(by_c), classes) for kind, by_c in indices.items()}
    time_shares = _TimeShares(len(folds) * sum(map(len, groups.values())), end)
    for standardise in sorted({kind[0] for kind in indices}):
        whole = _DesignMatrix(features, every, weights, standardise=standardise)
        designs = [
            _DesignMatrix(features, rows, weights, standardise=standardise, basis=whole.basis)
            for rows in folds
        ]
        for kind in ((standardise, False), (standardise, True)):
            path = _RegularisationPath(labels, classes, kind[1], check_cancelled, time_shares)
            for fold, c, weight, bias in path.fit(groups.get(kind, []), designs):
                for index in indices[kind][c]:
                    heads.weight[fold, index], heads.bias[fold, index] = weight, bias
    return replace(heads, converged=not time_shares.any_expired)


def _indices_by_kind(settings: Sequence[HeadSetting], uneven: bool) -> dict[Kind, dict[float, list[int]]]:
    """Return the indices of the settings by kind and C; balancing even classes changes nothing."""
    indices: dict[Kind, dict[float, list[int]]] = {}
    for index, setting in enumerate(settings):
        by_c = indices.setdefault((setting.standardise, setting.balanced and uneven), {})
        by_c.setdefault(setting.c, []).append(index)
    return indices


class _TimeShares:
    """Divides the remaining time evenly among the fits that are left."""

    def __init__(self, count: int, end: Deadline) -> None:
        self._left, self._end = count, end
        self.any_expired = False
        """Whether the time of a fit ended before it converged."""

    def next(self) -> Callable[[], bool]:
        """Return a function: whether the next fit's time is over."""
        own = self._end.share(1 / max(1, self._left))
        self._left -= 1

        def expired() -> bool:
            passed = own.passed()
            self.any_expired |= passed
            return passed

        return expired


def _group_settings(cs: Sequence[float], classes: int) -> list[Sequence[float]]:
    """Split ascending values of C into groups that are fitted together."""
    size = max(2, MAX_COLUMNS // classes)
    return [cs[i : i + size] for i in range(0, len(cs), size)]


@dataclass(frozen=True, slots=True)
class _RegularisationPath:
    """Fits heads in the order of C.

    Attributes:
        labels: Classes of all rows, int64 (n,), or labels, float32 (n, classes).
        classes: Number of classes or labels.
        balanced: Whether classes are weighted equally.
        check_cancelled: Called before each optimiser step; may raise.
        time_shares: The time of each group.
    """

    labels: Tensor
    classes: int
    balanced: bool
    check_cancelled: Callable[[], None]
    time_shares: _TimeShares

    def fit(
        self, groups: Sequence[Sequence[float]], designs: Sequence[_DesignMatrix]
    ) -> Iterator[tuple[int, float, Tensor, Tensor]]:
        """Yield fold, C, weight and bias of each head.

        No fold starts from coefficients that were fitted to other rows. The loss is almost flat if C is large
        and the classes are separable. Such a start would already be good enough, and would leak the
        validation rows.
        """
        for fold, design in enumerate(designs):
            known = _Extrapolation()
            zeros = design.rows.new_zeros(design.rows.shape[1], 1, self.classes)
            for group in groups:
                start = known.predict(group, zeros.expand(-1, len(group), -1))
                stack = design.stack(self.labels, group, self.balanced)
                found = minimise(stack, start, self.check_cancelled, self.time_shares.next())
                known.record(group, found)
                for c, (weight, bias) in zip(group, design.unfold(found), strict=True):
                    yield fold, c, weight, bias


class _Extrapolation:
    """Predicts coefficients at a larger C from the last two."""

    def __init__(self) -> None:
        self._known: list[tuple[float, Tensor]] = []

    def predict(self, cs: Sequence[float], default: Tensor) -> Tensor:
        """Return coefficients (r, len(cs), K), linear in log C; ``default`` before the first fit."""
        if not self._known:
            return default
        end, last = self._known[-1]
        if len(self._known) < 2:
            return last.expand_as(default)
        before, first = self._known[0]
        steps = [math.log(min(c, end * MAX_EXTRAPOLATION) / end) / math.log(end / before) for c in cs]
        line = torch.tensor(steps, dtype=last.dtype, device=last.device).view(1, -1, 1)
        return last + line * (last - first)

    def record(self, cs: Sequence[float], found: Tensor) -> None:
        """Remember the coefficients at the last two values of C."""
        self._known = [(c, found[:, i : i + 1]) for i, c in enumerate(cs)][-2:]


class _DesignMatrix:
    """The standardised rows of a fold in their eigenbasis, plus ones."""

    def __init__(
        self,
        features: Tensor,
        chosen: Tensor,
        weights: Tensor | None,
        *,
        standardise: bool,
        basis: Tensor | None = None,
    ) -> None:
        x = features[chosen]
        self.chosen = chosen
        self.weights = None if weights is None else weights[chosen] / weights[chosen].mean()
        self.mean = x.mean(0)
        self.std = x.std(0).clamp(min=1e-6) if standardise else torch.ones_like(self.mean)
        x = (x - self.mean) / self.std
        # with fewer rows than features, each fold spans another subspace
        self.basis = basis if basis is not None and len(basis) == basis.shape[1] else _eigenbasis(x)
        rotated = x @ self.basis
        self.rows = torch.cat([rotated, rotated.new_ones(len(x), 1)], 1)  # (n, r + 1)

    def stack(self, labels: Tensor, cs: Sequence[float], balanced: bool) -> StackedRegressions:
        """Return the regressions with these values of C on the rows."""
        own = labels[self.chosen]
        weights = self.weights
        if balanced and own.dim() == 1:
            even = class_weights(own)
            weights = even if weights is None else even * weights
        elif balanced:
            even = label_weights(own)
            weights = even if weights is None else even * weights[:, None]
        return StackedRegressions(self.rows, own, weights, self.rows.new_tensor(cs))

    def unfold(self, found: Tensor) -> list[tuple[Tensor, Tensor]]:
        """Return each head's weight (classes, d) and bias (classes,)."""
        weight = (self.basis @ found[:-1].flatten(1)).view(-1, *found.shape[1:]) / self.std.view(-1, 1, 1)
        bias = found[-1] - torch.einsum("d,dhk->hk", self.mean, weight)
        return [(weight[:, h].T, bias[h]) for h in range(found.shape[1])]


def _eigenbasis(x: Tensor) -> Tensor:
    """Return orthonormal, uncorrelated directions (d, r) that span the rows."""
    if len(x) >= x.shape[1]:
        directions: Tensor = torch.linalg.eigh(x.T @ x)[1]
        return directions
    values, mixes = torch.linalg.eigh(x @ x.T)
    kept = values > 1e-6 * values[-1].clamp(min=1e-12)
    spanning: Tensor = torch.linalg.qr(x.T @ (mixes[:, kept] / values[kept].sqrt()))[0]
    return spanning


def _is_balanced(labels: Tensor) -> bool:
    """Return whether all present classes are equally frequent."""
    if labels.dim() > 1:
        return False
    counts = labels.bincount(minlength=1)
    return bool(counts[counts > 0].min() == counts.max())
