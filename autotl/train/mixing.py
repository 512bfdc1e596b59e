"""Mix pairs of examples: mixup, on images or on the activations behind a cut."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import torch
import torch.nn.functional as F
from torch import Tensor


@dataclass(frozen=True, slots=True)
class Targets:
    """Class indices (rows,), and of mixed examples the other one's, with the share of the first."""

    first: Tensor
    second: Tensor | None = None
    share: float = 1.0

    def part(self, rows: slice) -> Targets:
        """The targets of some rows."""
        return Targets(self.first[rows], None if self.second is None else self.second[rows], self.share)


def mixed(batch: Tensor, labels: Tensor, alpha: float, generator: torch.Generator) -> tuple[Tensor, Targets]:
    """The batch with each example mixed with another by a share drawn from Beta(alpha, alpha); 0 leaves it.

    Behind a cut this is manifold mixup at a fixed layer (Zhang et al., mixup, ICLR 2018; Verma et al.,
    Manifold Mixup, ICML 2019).
    """
    if not alpha:
        return batch, Targets(labels)
    # numbers come from a CPU generator, so a seed means the same on every device
    draw = np.random.default_rng(int(torch.randint(2**62, (), generator=generator)))
    share = float(draw.beta(alpha, alpha))
    other = torch.randperm(len(batch), generator=generator).to(batch.device)
    return batch.lerp(batch[other], 1 - share), Targets(labels, labels[other], share)


def loss_of(logits: Tensor, targets: Targets, smoothing: float) -> Tensor:
    """The mean cross-entropy of logits (rows, classes)."""
    loss = F.cross_entropy(logits, targets.first, label_smoothing=smoothing)
    if targets.second is None:
        return loss
    other = F.cross_entropy(logits, targets.second, label_smoothing=smoothing)
    return targets.share * loss + (1 - targets.share) * other
