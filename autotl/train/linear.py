"""Fit a linear classifier on features: multinomial logistic regression, a few steps at a time."""

from __future__ import annotations

from collections.abc import Iterator

import torch
import torch.nn.functional as F
from torch import Tensor

ROUNDS, STEPS = 20, 15  # L-BFGS steps between two looks at the clock; far past convergence in all


def logistic_regression(
    features: Tensor, labels: Tensor, *, classes: int, c: float
) -> Iterator[tuple[Tensor, Tensor, bool]]:
    """Yield ``weight`` (classes, d), ``bias`` (classes,) and whether they are final, better each time.

    ``features`` (n, d) are standardised for the fit and the result is folded back, so that
    ``features @ weight.T + bias`` are logits. ``c`` is scikit-learn's C: the objective is
    Σ cross-entropy + ‖standardised weight‖² / 2C, minimised by L-BFGS with a strong Wolfe line search.
    """
    mean, std = features.mean(0), features.std(0).clamp(min=1e-6)
    x = (features - mean) / std  # (n, d)
    weight = torch.zeros(classes, x.shape[1], requires_grad=True)
    bias = torch.zeros(classes, requires_grad=True)
    solver = torch.optim.LBFGS(
        [weight, bias], max_iter=STEPS, history_size=10, tolerance_grad=1e-5, line_search_fn="strong_wolfe"
    )
    decay = 0.5 / (c * len(x))

    def loss() -> Tensor:
        solver.zero_grad()
        value = F.cross_entropy(x @ weight.T + bias, labels) + decay * weight.square().sum()
        value.backward()  # type: ignore[no-untyped-call]
        return value

    before = float("inf")
    for step in range(1, ROUNDS + 1):
        now = float(solver.step(loss).detach())  # type: ignore[no-untyped-call]
        final = before - now < 1e-5 * max(abs(now), 1e-3) or step == ROUNDS
        before = now
        with torch.no_grad():
            folded = weight / std
            yield folded, bias - folded @ mean, final
        if final:
            return
