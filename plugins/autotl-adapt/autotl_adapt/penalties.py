"""Compare the features or outputs of two domains in a batch."""

from __future__ import annotations

import math
from typing import Any

import torch
from torch import Tensor, nn
from torch.nn.functional import binary_cross_entropy_with_logits, layer_norm

STEEPNESS = 10.0
"""How fast the reversed gradient grows, γ in Ganin et al. (2016)."""


class OutputMoments(nn.Module):
    """The squared distance of the means and covariances of both domains' outputs.

    It is ``|C_s - C_t|² / 4k² + |m_s - m_t|² / k`` for k outputs.
    """

    def forward(self, features: Tensor, outputs: Tensor, own: int, progress: float) -> Tensor:
        """See :class:`autotl_adapt.joint_training.Penalty`."""
        source, target = outputs[:own], outputs[own:]
        means = (source.mean(0) - target.mean(0)).square().mean()
        covariances = (_covariance(source) - _covariance(target)).square().mean() / 4
        return means + covariances


class DomainClassifier(nn.Module):
    """A classifier of the domains behind a reversal of gradients.

    It minimises the loss that is returned; the network before it maximises that loss. The gradient of the
    network grows with the progress p by ``2 / (1 + exp(-10 p)) - 1``. Each row is normalised first: otherwise
    the network could raise the loss without limit, by ever larger features.
    """

    def __init__(self, mean: Tensor, scale: Tensor, *, hidden: int, generator: torch.Generator) -> None:
        """Draw the weights.

        Args:
            mean: Subtracted from the features, (d,).
            scale: Multiplies the difference, (d,).
            hidden: Width of the hidden layer.
            generator: Draws the weights.
        """
        super().__init__()
        self.mean: Tensor
        self.scale: Tensor
        self.register_buffer("mean", mean.clone())
        self.register_buffer("scale", scale.clone())
        self.layers = nn.Sequential(
            _drawn(len(mean), hidden, generator), nn.ReLU(), _drawn(hidden, 1, generator)
        )

    def forward(self, features: Tensor, outputs: Tensor, own: int, progress: float) -> Tensor:
        """See :class:`autotl_adapt.joint_training.Penalty`."""
        factor = 2 / (1 + math.exp(-STEEPNESS * progress)) - 1
        rows = (features - self.mean) * self.scale
        reversed_rows: Tensor = _Reversal.apply(layer_norm(rows, rows.shape[1:]), factor)
        logits = self.layers(reversed_rows)[:, 0]
        is_target = (torch.arange(len(features), device=features.device) >= own).to(logits)
        return binary_cross_entropy_with_logits(logits, is_target)


class _Reversal(torch.autograd.Function):
    """Passes rows on, and multiplies their gradient by a negative factor."""

    @staticmethod
    def forward(context: Any, rows: Tensor, factor: float) -> Tensor:
        context.factor = factor
        return rows.view_as(rows)

    @staticmethod
    def backward(context: Any, *gradients: Tensor) -> tuple[Tensor, None]:
        return -context.factor * gradients[0], None


def _covariance(rows: Tensor) -> Tensor:
    """Return the covariance (k, k) of rows (n, k)."""
    centred = rows - rows.mean(0)
    return centred.T @ centred / max(1, len(rows) - 1)


def _drawn(inputs: int, outputs: int, generator: torch.Generator) -> nn.Linear:
    """Return a linear layer whose weights are drawn by a generator (He et al., ICCV 2015)."""
    with torch.random.fork_rng(devices=[]):  # the layer is initialised at random first
        layer = nn.Linear(inputs, outputs)
    with torch.no_grad():
        layer.weight.copy_(torch.randn(outputs, inputs, generator=generator) * math.sqrt(2 / inputs))
        layer.bias.zero_()
    return layer
