"""Mix pairs of examples, as images or as cached activations."""

from __future__ import annotations

import numpy as np
import torch
from torch import Tensor

from autotl.training.loss.training_loss import Targets


def mixup(
    batch: Tensor,
    labels: Tensor,
    alpha: float,
    generator: torch.Generator,
    weights: Tensor | None = None,
) -> tuple[Tensor, Targets]:
    """Mix each example with another by a Beta(alpha, alpha) fraction.

    On cached activations this is manifold mixup at a fixed layer (Zhang et al., mixup, ICLR 2018; Verma et
    al., Manifold Mixup, ICML 2019).

    Args:
        batch: Images or activations, float32 (rows, …).
        labels: Classes, int64 (rows,).
        alpha: The parameter of the Beta distribution; 0 leaves the batch unmixed.
        generator: A CPU generator, so that a seed gives the same numbers on every device.
        weights: Weights of the rows' losses, (rows,); None if all are 1.

    Returns:
        The mixed batch and its targets.
    """
    if not alpha:
        return batch, Targets(labels, weights=weights)
    rng = np.random.default_rng(int(torch.randint(2**62, (), generator=generator)))
    share = float(rng.beta(alpha, alpha))
    other = torch.randperm(len(batch), generator=generator).to(batch.device)
    second_weights = None if weights is None else weights[other]
    targets = Targets(labels, labels[other], share, weights, second_weights)
    return batch.lerp(batch[other], 1 - share), targets
