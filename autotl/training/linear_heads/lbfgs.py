"""Minimise many logistic regressions on the same rows at once."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace

import torch
from torch import Tensor

GAP, FREE = 1e-3, 2e-3
"""A head is done when its mean loss is proven to be within GAP of the least, and the mean gradient of its
free biases is below FREE.
"""
MEMORY = 10
STEPS, RESCALE = 500, 8
FEWEST = 8
"""Steps that are taken however short the time: fewer say next to nothing about the classes."""
LEAST_STEP = 1e-4


@dataclass(frozen=True, slots=True)
class Stack:
    """H logistic regressions of K classes on the same rows.

    ``rows`` is (n, r + 1), the last column ones; ``labels`` (n,); ``weights`` (n,) or None for ones; ``c``
    (H,) is each one's C.
    """

    rows: Tensor
    labels: Tensor
    weights: Tensor | None
    c: Tensor

    def only(self, heads: Tensor) -> Stack:
        """Some of the regressions."""
        return replace(self, c=self.c[heads])

    def value(self, u: Tensor) -> tuple[Tensor, Tensor]:
        """Mean losses (H,) with their penalties at ``u`` (r + 1, H, K), and the gradient."""
        n, (r, h, k) = len(self.rows), u.shape
        z = (self.rows @ u.reshape(r, h * k)).view(n, h, k)
        top = z.logsumexp(2)
        own = self.labels.view(n, 1, 1).expand(n, h, 1)
        loss = top - z.gather(2, own).squeeze(2)  # (n, H)
        p = z.sub_(top.unsqueeze(2)).exp_()
        p.scatter_add_(2, own, p.new_full((n, h, 1), -1.0))
        if self.weights is not None:
            loss = loss * self.weights.view(n, 1)
            p *= self.weights.view(n, 1, 1)
        gradient = (self.rows.T @ p.view(n, h * k)).view(r, h, k) / n
        decay = 1 / (self.c * n)  # (H,)
        gradient[:-1] += decay.view(1, h, 1) * u[:-1]
        return loss.mean(0) + 0.5 * decay * _dot(u[:-1], u[:-1]), gradient

    def scale(self, u: Tensor) -> Tensor:
        """The inverse of the curvature's diagonal at ``u``, (r + 1, H, K)."""
        n, (r, h, k) = len(self.rows), u.shape
        p = (self.rows @ u.reshape(r, h * k)).view(n, h, k).softmax(2)
        p = p * (1 - p)
        if self.weights is not None:
            p *= self.weights.view(n, 1, 1)
        curvature = (self.rows.square().T @ p.view(n, h * k)).view(r, h, k) / n
        curvature[:-1] += (1 / (self.c * n)).view(1, h, 1)
        return 1 / curvature.clamp(min=1e-6)

    def done(self, gradient: Tensor) -> Tensor:
        """Which heads (H,) are at their least: strong convexity bounds what is left by C·n·‖gradient‖²/2."""
        gap = 0.5 * self.c * len(self.rows) * _dot(gradient[:-1], gradient[:-1])
        return (gap < GAP) & (gradient[-1].abs().amax(1) < FREE)


def minimise(
    stack: Stack, start: Tensor, pulse: Callable[[], None], late: Callable[[], bool] = lambda: False
) -> Tensor:
    """Minimise the loss of all heads from ``start``; return their weights (r + 1, H, K).

    If ``late`` returns True, the current iterate is returned.

    L-BFGS (Nocedal, Updating quasi-Newton matrices with limited storage, Math. Comp., 1980), preconditioned
    by the curvature's diagonal, each head with steps of its own; heads that are done leave the stack.
    """
    found = start.clone()
    left = torch.arange(start.shape[1], device=start.device)
    u = start
    value, gradient = stack.value(u)
    moves: list[tuple[Tensor, Tensor, Tensor]] = []  # s, y and 1/(s·y), 0 where the pair says nothing
    direction, step = None, torch.ones_like(value)
    scale = stack.scale(u)
    for count in range(1, STEPS):
        pulse()
        if count > FEWEST and late():
            break
        done = stack.done(gradient) | (step < LEAST_STEP)
        if done.any():
            found[:, left[done]] = u[:, done]
            if done.all():
                return found
            keep = (~done).nonzero().squeeze(1)
            stack, left, u, value, gradient, scale = (
                stack.only(keep), left[keep], u[:, keep], value[keep], gradient[:, keep], scale[:, keep]
            )  # fmt: skip
            moves = [(s[:, keep], y[:, keep], rho[keep]) for s, y, rho in moves]
            step, direction = step[keep], None if direction is None else direction[:, keep]
        if count % RESCALE == 0:
            scale = stack.scale(u)
        fresh = _direction(gradient, moves, scale)
        # a head whose last step was refused tries a shorter one the same way
        again = (step < 1).view(1, -1, 1)
        direction = fresh if direction is None else torch.where(again, direction, fresh)
        move = step.view(1, -1, 1) * direction
        next_value, next_gradient = stack.value(u + move)
        taken = next_value <= value + 1e-4 * step * _dot(gradient, direction)
        mask = taken.view(1, -1, 1)
        s = torch.where(mask, move, 0.0)
        y = torch.where(mask, next_gradient - gradient, 0.0)
        curved = _dot(s, y)
        moves = [*moves[-MEMORY + 1 :], (s, y, torch.where(curved > 1e-12, 1 / curved, 0.0))]
        u = u + s
        value = torch.where(taken, next_value, value)
        gradient = torch.where(mask, next_gradient, gradient)
        step = torch.where(taken, 1.0, 0.4 * step)
    found[:, left] = u
    return found


def _direction(gradient: Tensor, moves: list[tuple[Tensor, Tensor, Tensor]], scale: Tensor) -> Tensor:
    """The quasi-Newton direction of each head, by the two loops of L-BFGS."""
    q = gradient.clone()
    shares = []
    for s, y, rho in reversed(moves):
        share = rho * _dot(s, q)
        q -= share.view(1, -1, 1) * y
        shares.append(share)
    q *= scale
    if moves:
        s, y, rho = moves[-1]
        size = _dot(s, y) / _dot(y, scale * y).clamp(min=1e-30)
        q *= torch.where(rho > 0, size, 1.0).view(1, -1, 1)
    for (s, y, rho), share in zip(moves, reversed(shares), strict=True):
        q += (share - rho * _dot(y, q)).view(1, -1, 1) * s
    return -q


def _dot(a: Tensor, b: Tensor) -> Tensor:
    """Each head's inner product (H,) of (r, H, K) with the same."""
    return torch.einsum("rhk,rhk->h", a, b)
