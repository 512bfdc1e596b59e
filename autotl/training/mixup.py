"""Mix pairs of examples: mixup, on images or on the activations behind a cut."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import torch
import torch.nn.functional as F
from torch import Tensor


@dataclass(frozen=True, slots=True)
class Targets:
    """Class indices (rows,), and of mixed examples the other one's, with the share of the first.

    ``weights`` and ``others`` (rows,) say how much the first and the other count; None where all count 1.
    """

    first: Tensor
    second: Tensor | None = None
    share: float = 1.0
    weights: Tensor | None = None
    others: Tensor | None = None

    def part(self, rows: slice) -> Targets:
        """The targets of some rows."""
        first, second, weights, others = (
            None if each is None else each[rows]
            for each in (self.first, self.second, self.weights, self.others)
        )
        assert first is not None
        return Targets(first, second, self.share, weights, others)


def mixed(
    batch: Tensor,
    labels: Tensor,
    alpha: float,
    generator: torch.Generator,
    weights: Tensor | None = None,
) -> tuple[Tensor, Targets]:
    """The batch with each example mixed with another by a share drawn from Beta(alpha, alpha); 0 leaves it.

    Behind a cut this is manifold mixup at a fixed layer (Zhang et al., mixup, ICLR 2018; Verma et al.,
    Manifold Mixup, ICML 2019).
    """
    if not alpha:
        return batch, Targets(labels, weights=weights)
    # numbers come from a CPU generator, so a seed means the same on every device
    draw = np.random.default_rng(int(torch.randint(2**62, (), generator=generator)))
    share = float(draw.beta(alpha, alpha))
    other = torch.randperm(len(batch), generator=generator).to(batch.device)
    others = None if weights is None else weights[other]
    return batch.lerp(batch[other], 1 - share), Targets(labels, labels[other], share, weights, others)


def loss_of(logits: Tensor, targets: Targets, smoothing: float) -> Tensor:
    """The mean cross-entropy of logits (rows, classes), each row's times its weight."""
    loss = _loss(logits, targets.first, targets.weights, smoothing)
    if targets.second is None:
        return loss
    other = _loss(logits, targets.second, targets.others, smoothing)
    return targets.share * loss + (1 - targets.share) * other


def _loss(logits: Tensor, labels: Tensor, weights: Tensor | None, smoothing: float) -> Tensor:
    if weights is None:
        return F.cross_entropy(logits, labels, label_smoothing=smoothing)
    each = F.cross_entropy(logits, labels, label_smoothing=smoothing, reduction="none")
    return (weights * each).mean()
