"""Minimise many logistic regressions on the same rows at once."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field, replace

import torch
from torch import Tensor
from torch.nn import functional

MAX_LOSS_GAP = 1e-3
"""A head has converged if its mean loss is provably within this distance of the minimum, …"""
MAX_BIAS_GRADIENT = 2e-3
"""… and the mean gradient of its unpenalised biases is below this."""
HISTORY_SIZE = 10
MAX_STEPS = 500
RESCALE_INTERVAL = 8
"""Steps between two updates of the preconditioner."""
MIN_STEPS = 8
"""Steps that are taken even if the time is over; fewer say little about the classes."""
MIN_STEP_SIZE = 1e-4

Move = tuple[Tensor, Tensor, Tensor]
"""Change of coefficients s, change of gradients y, and 1/(s·y); 0 if the pair is useless."""


@dataclass(frozen=True, slots=True)
class StackedRegressions:
    """H logistic regressions of K classes or labels on the same rows.

    Classes compete in a softmax; each label has a sigmoid, and its loss is added to the others'.

    Attributes:
        rows: (n, r + 1), the last column ones.
        labels: Classes, int64 (n,), or labels, float32 (n, K) of 0 and 1.
        weights: Weights of the rows, (n,), or of the rows' labels, (n, K); None for ones.
        c: The C of each regression, (H,).
    """

    rows: Tensor
    labels: Tensor
    weights: Tensor | None
    c: Tensor

    def only(self, heads: Tensor) -> StackedRegressions:
        """Return some of the regressions."""
        return replace(self, c=self.c[heads])

    def value(self, u: Tensor) -> tuple[Tensor, Tensor]:
        """Return penalised mean losses (H,) and gradients at ``u``."""
        n, (r, h, k) = len(self.rows), u.shape
        z = (self.rows @ u.reshape(r, h * k)).view(n, h, k)
        loss, p = self._of_classes(z) if self.labels.dim() == 1 else self._of_labels(z)
        gradient = (self.rows.T @ p.view(n, h * k)).view(r, h, k) / n
        decay = 1 / (self.c * n)  # (H,)
        gradient[:-1] += decay.view(1, h, 1) * u[:-1]
        return loss.mean(0) + 0.5 * decay * _dot(u[:-1], u[:-1]), gradient

    def _of_classes(self, z: Tensor) -> tuple[Tensor, Tensor]:
        """Return weighted cross-entropies (n, H) and their gradients by logits (n, H, K), in place."""
        n, h, _ = z.shape
        top = z.logsumexp(2)
        own = self.labels.view(n, 1, 1).expand(n, h, 1)
        loss = top - z.gather(2, own).squeeze(2)  # (n, H)
        p = z.sub_(top.unsqueeze(2)).exp_()
        p.scatter_add_(2, own, p.new_full((n, h, 1), -1.0))
        if self.weights is not None:
            loss = loss * self.weights.view(n, 1)
            p *= self.weights.view(n, 1, 1)
        return loss, p

    def _of_labels(self, z: Tensor) -> tuple[Tensor, Tensor]:
        """Return summed binary cross-entropies (n, H) and their gradients by logits (n, H, K)."""
        y = self.labels.unsqueeze(1)  # (n, 1, K)
        losses, p = functional.softplus(z) - z * y, z.sigmoid() - y
        if self.weights is not None:
            weights = self.weights.view(len(z), 1, -1)
            losses, p = losses * weights, p * weights
        return losses.sum(2), p

    def preconditioner(self, u: Tensor) -> Tensor:
        """Return the inverse of the Hessian's diagonal at ``u``."""
        n, (r, h, k) = len(self.rows), u.shape
        z = (self.rows @ u.reshape(r, h * k)).view(n, h, k)
        p = z.softmax(2) if self.labels.dim() == 1 else z.sigmoid()
        p = p * (1 - p)
        if self.weights is not None:
            p *= self.weights.view(n, 1, -1)
        curvature = (self.rows.square().T @ p.view(n, h * k)).view(r, h, k) / n
        curvature[:-1] += (1 / (self.c * n)).view(1, h, 1)
        return 1 / curvature.clamp(min=1e-6)

    def converged(self, gradient: Tensor) -> Tensor:
        """Return which heads (H,) have converged.

        Strong convexity bounds the distance from the minimum by C·n·‖gradient‖²/2.
        """
        gap = 0.5 * self.c * len(self.rows) * _dot(gradient[:-1], gradient[:-1])
        return (gap < MAX_LOSS_GAP) & (gradient[-1].abs().amax(1) < MAX_BIAS_GRADIENT)


def minimise(
    stack: StackedRegressions,
    start: Tensor,
    check_cancelled: Callable[[], None],
    out_of_time: Callable[[], bool] = lambda: False,
) -> Tensor:
    """Minimise the losses of all heads by preconditioned L-BFGS.

    Each head has a separate step size, and leaves the stack when it has converged (Nocedal, Updating
    quasi-Newton matrices with limited storage, Math. Comp., 1980).

    Args:
        stack: The regressions.
        start: Coefficients to start from, (r + 1, H, K).
        check_cancelled: Called before each step; may raise to end the work.
        out_of_time: Called after each step from MIN_STEPS on; True returns the current coefficients.

    Returns:
        Coefficients (r + 1, H, K).
    """
    found = start.clone()
    iterate = _Iterate.at(stack, start)
    for count in range(1, MAX_STEPS):
        check_cancelled()
        if count > MIN_STEPS and out_of_time():
            break
        done = iterate.stack.converged(iterate.gradient) | (iterate.step < MIN_STEP_SIZE)
        if done.any():
            found[:, iterate.heads[done]] = iterate.u[:, done]
            if done.all():
                return found
            iterate.keep((~done).nonzero().squeeze(1))
        if count % RESCALE_INTERVAL == 0:
            iterate.scale = iterate.stack.preconditioner(iterate.u)
        iterate.advance()
    found[:, iterate.heads] = iterate.u
    return found


@dataclass(slots=True)
class _Iterate:
    """The state of L-BFGS for the heads that have not converged.

    Attributes:
        stack: The regressions that are left.
        heads: Their indices in the original stack, (H,).
        u: Coefficients, (r + 1, H, K).
        value: Penalised mean losses, (H,).
        gradient: Gradients at ``u``, (r + 1, H, K).
        scale: The preconditioner, (r + 1, H, K).
        step: Step sizes, (H,), in (0, 1].
        direction: The last search directions, (r + 1, H, K).
        history: The last moves, oldest first.
    """

    stack: StackedRegressions
    heads: Tensor
    u: Tensor
    value: Tensor
    gradient: Tensor
    scale: Tensor
    step: Tensor
    direction: Tensor | None = None
    history: list[Move] = field(default_factory=list)

    @classmethod
    def at(cls, stack: StackedRegressions, start: Tensor) -> _Iterate:
        """Return the state before the first step."""
        value, gradient = stack.value(start)
        heads = torch.arange(start.shape[1], device=start.device)
        scale = stack.preconditioner(start)
        return cls(stack, heads, start, value, gradient, scale, torch.ones_like(value))

    def keep(self, left: Tensor) -> None:
        """Drop all heads but those at the indices ``left``."""
        self.stack, self.heads = self.stack.only(left), self.heads[left]
        self.value, self.step = self.value[left], self.step[left]
        self.u, self.gradient, self.scale = self.u[:, left], self.gradient[:, left], self.scale[:, left]
        self.direction = None if self.direction is None else self.direction[:, left]
        self.history = [(s[:, left], y[:, left], rho[left]) for s, y, rho in self.history]

    def advance(self) -> None:
        """Try one step of each head; shorten the step of heads whose loss did not fall enough."""
        fresh = _direction(self.gradient, self.history, self.scale)
        # a head whose last step was rejected tries a shorter step in the same direction
        rejected = (self.step < 1).view(1, -1, 1)
        direction = fresh if self.direction is None else torch.where(rejected, self.direction, fresh)
        move = self.step.view(1, -1, 1) * direction
        next_value, next_gradient = self.stack.value(self.u + move)
        accepted = next_value <= self.value + 1e-4 * self.step * _dot(self.gradient, direction)
        mask = accepted.view(1, -1, 1)
        s = torch.where(mask, move, 0.0)
        y = torch.where(mask, next_gradient - self.gradient, 0.0)
        curvature = _dot(s, y)
        rho = torch.where(curvature > 1e-12, 1 / curvature, 0.0)
        self.history = [*self.history[-HISTORY_SIZE + 1 :], (s, y, rho)]
        self.u = self.u + s
        self.value = torch.where(accepted, next_value, self.value)
        self.gradient = torch.where(mask, next_gradient, self.gradient)
        self.step = torch.where(accepted, 1.0, 0.4 * self.step)
        self.direction = direction


def _direction(gradient: Tensor, history: list[Move], scale: Tensor) -> Tensor:
    """Return each head's quasi-Newton direction, by L-BFGS's two loops."""
    q = gradient.clone()
    alphas = []
    for s, y, rho in reversed(history):
        alpha = rho * _dot(s, q)
        q -= alpha.view(1, -1, 1) * y
        alphas.append(alpha)
    q *= scale
    if history:
        s, y, rho = history[-1]
        size = _dot(s, y) / _dot(y, scale * y).clamp(min=1e-30)
        q *= torch.where(rho > 0, size, 1.0).view(1, -1, 1)
    for (s, y, rho), alpha in zip(history, reversed(alphas), strict=True):
        q += (alpha - rho * _dot(y, q)).view(1, -1, 1) * s
    return -q


def _dot(a: Tensor, b: Tensor) -> Tensor:
    """Return each head's inner product (H,) of two tensors (r, H, K)."""
    return torch.einsum("rhk,rhk->h", a, b)
