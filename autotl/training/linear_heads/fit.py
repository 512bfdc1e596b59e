"""Fit many linear classifiers on the same features at once: all settings on all folds."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace

import torch
from torch import Tensor

from autotl.api import HeadSetting
from autotl.clock import NEVER, Deadline
from autotl.training.class_balance import class_weights
from autotl.training.linear_heads.lbfgs import Stack, minimise

COLUMNS = 172
"""Heads × classes in one matrix product: enough for full speed, and few enough that the next ones start close
to what these have found.
"""
FAR = 3.0
"""The factor of C up to which a line is trusted."""


@dataclass(frozen=True, slots=True)
class Heads:
    """Fitted classifiers: ``features @ weight[f, s].T + bias[f, s]`` are the logits of setting s on fold f.

    ``weight`` is (folds, settings, classes, d) and ``bias`` (folds, settings, classes). ``converged`` is
    False if the time was up before a fit was done.
    """

    weight: Tensor
    bias: Tensor
    converged: bool = True


def fit_heads(
    features: Tensor,
    labels: Tensor,
    *,
    classes: int,
    settings: Sequence[HeadSetting],
    folds: Sequence[Tensor],
    weights: Tensor | None = None,
    pulse: Callable[[], None] = lambda: None,
    end: Deadline = NEVER,
) -> Heads:
    """Multinomial logistic regression for every setting on every fold's training rows.

    ``features`` are float32 (n, d), ``labels`` int64 (n,), a fold the indices of its rows. Minimises
    Σ wᵢ·cross-entropyᵢ + ‖W‖²/2C, the bias free, to within 1e-3 of the least mean loss. wᵢ are ``weights``
    (n,), brought to mean 1 on each fold, times those of balanced classes. ``pulse`` is called before each
    step, and may raise to end the work. By ``end`` each head stops where it has come to: the time is shared
    evenly among them.

    C rises, each few settings starting where the last ones of their fold were going. A step of a few heads is
    one matrix product, taken in the eigenbasis of the features, where the curvature is nearly diagonal and
    its diagonal a good preconditioner.
    """
    heads = Heads(
        features.new_empty(len(folds), len(settings), classes, features.shape[1]),
        features.new_empty(len(folds), len(settings), classes),
    )
    every = torch.arange(len(features), device=features.device)
    uneven = any(not _even(labels[rows]) for rows in (every, *folds))
    asked: dict[tuple[bool, bool, float], list[int]] = {}
    for place, setting in enumerate(settings):  # where the classes are even, balanced changes nothing
        kind = setting.standardise, setting.balanced and uneven, setting.c
        asked.setdefault(kind, []).append(place)
    groups = {
        (standardise, balanced): _groups(
            sorted(kind[2] for kind in asked if kind[:2] == (standardise, balanced)), classes
        )
        for standardise in (False, True)
        for balanced in (False, True)
    }
    turns = _Turns(len(folds) * sum(map(len, groups.values())), end)
    for standardise in sorted({kind[0] for kind in asked}):
        whole = _Design(features, every, weights, standardise=standardise)
        designs = [
            _Design(features, rows, weights, standardise=standardise, basis=whole.basis) for rows in folds
        ]
        for balanced in (False, True):
            own = groups[standardise, balanced]
            for f, c, weight, bias in _along(own, balanced, designs, labels, classes, pulse, turns):
                for place in asked[standardise, balanced, c]:
                    heads.weight[f, place], heads.bias[f, place] = weight, bias
    return replace(heads, converged=not turns.cut)


class _Turns:
    """The time of so many turns, each of which may take an even share of what is left."""

    def __init__(self, count: int, end: Deadline) -> None:
        self._left, self._end = count, end
        self.cut = False
        """Whether a turn ended before it was done."""

    def next(self) -> Callable[[], bool]:
        """Return what tells the next turn to end."""
        own = self._end.share(1 / max(1, self._left))
        self._left -= 1

        def late() -> bool:
            passed = own.passed()
            self.cut |= passed
            return passed

        return late


def _groups(cs: Sequence[float], classes: int) -> list[Sequence[float]]:
    """The rising values of C in groups that are fitted together."""
    size = max(2, COLUMNS // classes)
    return [cs[i : i + size] for i in range(0, len(cs), size)]


def _along(
    groups: Sequence[Sequence[float]],
    balanced: bool,
    designs: Sequence[_Design],
    labels: Tensor,
    classes: int,
    pulse: Callable[[], None],
    turns: _Turns,
) -> Iterator[tuple[int, float, Tensor, Tensor]]:
    """Fold, C, weight and bias of every head on the path of rising C.

    No fold starts from what other rows have taught. Where C is large and the classes lie apart the loss is
    all but flat: such a start would be good enough to stay at, and would know the validation rows.
    """
    for f, design in enumerate(designs):
        path = _Path()
        blank = design.rows.new_zeros(design.rows.shape[1], 1, classes)
        for group in groups:
            start = path.ahead(group, blank.expand(-1, len(group), -1))
            found = minimise(design.stack(labels, group, balanced), start, pulse, turns.next())
            path.went(group, found)
            for c, (weight, bias) in zip(group, design.unfold(found), strict=True):
                yield f, c, weight, bias


class _Path:
    """Coefficients along rising C: where they have come to, and where they seem to go."""

    def __init__(self) -> None:
        self._known: list[tuple[float, Tensor]] = []

    def ahead(self, cs: Sequence[float], blank: Tensor) -> Tensor:
        """A guess at the coefficients (r, len(cs), K) by a line in log C; ``blank`` where nothing is
        known.
        """
        if not self._known:
            return blank
        end, last = self._known[-1]
        if len(self._known) < 2:
            return last.expand_as(blank)
        before, first = self._known[0]
        steps = [math.log(min(c, end * FAR) / end) / math.log(end / before) for c in cs]
        line = torch.tensor(steps, dtype=last.dtype, device=last.device).view(1, -1, 1)
        return last + line * (last - first)

    def went(self, cs: Sequence[float], found: Tensor) -> None:
        """Take note of coefficients that were found."""
        self._known = [(c, found[:, i : i + 1]) for i, c in enumerate(cs)][-2:]


class _Design:
    """Rows as the solver sees them: standardised, turned into a basis of their own, with a column of ones."""

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
        # Fewer rows than features span less than all of them, and each fold something else.
        self.basis = basis if basis is not None and len(basis) == basis.shape[1] else _basis(x)
        turned = x @ self.basis
        self.rows = torch.cat([turned, turned.new_ones(len(x), 1)], 1)  # (n, r + 1)

    def stack(self, labels: Tensor, cs: Sequence[float], balanced: bool) -> Stack:
        """The regressions of these C on the rows."""
        own = labels[self.chosen]
        weights = self.weights
        if balanced:
            even = class_weights(own)
            weights = even if weights is None else even * weights
        return Stack(self.rows, own, weights, self.rows.new_tensor(cs))

    def unfold(self, found: Tensor) -> list[tuple[Tensor, Tensor]]:
        """Weight (classes, d) and bias (classes,) of each head, for features as they came."""
        weight = (self.basis @ found[:-1].flatten(1)).view(-1, *found.shape[1:]) / self.std.view(-1, 1, 1)
        bias = found[-1] - torch.einsum("d,dhk->hk", self.mean, weight)
        return [(weight[:, h].T, bias[h]) for h in range(found.shape[1])]


def _basis(x: Tensor) -> Tensor:
    """Orthonormal directions (d, r) that span the rows and along which they do not vary together."""
    if len(x) >= x.shape[1]:
        directions: Tensor = torch.linalg.eigh(x.T @ x)[1]
        return directions
    values, mixes = torch.linalg.eigh(x @ x.T)
    kept = values > 1e-6 * values[-1].clamp(min=1e-12)
    spanning: Tensor = torch.linalg.qr(x.T @ (mixes[:, kept] / values[kept].sqrt()))[0]
    return spanning


def _even(labels: Tensor) -> bool:
    """Whether every class that is there is there equally often."""
    counts = labels.bincount(minlength=1)
    return bool(counts[counts > 0].min() == counts.max())
