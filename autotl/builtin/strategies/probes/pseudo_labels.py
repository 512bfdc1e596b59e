"""Label images with a classifier's confident predictions, and learn from them."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import torch
from torch import Tensor

from autotl.api import HeadSetting
from autotl.training import fit_heads

Head = tuple[Tensor, Tensor]
"""Weight (classes, features) and bias (classes,)."""


@dataclass(frozen=True, slots=True)
class Rows:
    """Features (n, d) of labelled images, with their classes and weights.

    ``classes`` and ``weights`` are (n,). The weights have mean 1; None if all are equal.
    """

    features: Tensor
    classes: Tensor
    weights: Tensor | None = None


@dataclass(frozen=True, slots=True)
class PseudoLabels:
    """Rows (m,) of unlabelled images, and their predicted classes (m,)."""

    rows: Tensor
    classes: Tensor

    def __len__(self) -> int:
        return len(self.rows)


def above_threshold(outputs: Tensor, threshold: float) -> PseudoLabels:
    """Return the predictions with at least this probability (Lee, Pseudo-Label, 2013)."""
    confidence, classes = outputs.softmax(1).max(1)
    rows = torch.nonzero(confidence >= threshold).flatten()
    return PseudoLabels(rows, classes[rows])


def class_aligned(outputs: Tensor, shares: Tensor, keep: float) -> PseudoLabels:
    """Return the most confident predictions of each class.

    Classes have their shares among the labelled images (as in CReST, Wei et al., CVPR 2021). Frequent
    predictions thus do not crowd out the others.

    Args:
        outputs: Outputs for the unlabelled images, (m, classes).
        shares: Shares of the classes among the labelled images, (classes,), with a sum of 1.
        keep: Fraction of the unlabelled images to keep, in (0, 1].
    """
    confidence, classes = outputs.softmax(1).max(1)
    chosen = []
    for number, share in enumerate(shares.tolist()):
        rows = torch.nonzero(classes == number).flatten()
        quota = min(len(rows), round(keep * share * len(outputs)))
        chosen.append(rows[confidence[rows].argsort(descending=True, stable=True)[:quota]])
    rows = torch.cat(chosen).sort().values
    return PseudoLabels(rows, classes[rows])


def class_shares(classes: Tensor, count: int) -> Tensor:
    """Return the share of each of ``count`` classes, (count,)."""
    return classes.bincount(minlength=count) / len(classes)


def refit(
    labelled: Rows,
    unlabelled: Tensor,
    pseudo: PseudoLabels,
    *,
    c: float,
    weight: float,
    count: int,
    check_cancelled: Callable[[], None] = lambda: None,
) -> Head:
    """Fit a linear head to labels and pseudo-labels.

    The pseudo-labels together weigh ``weight`` times as much as the labels, however many they are.

    Args:
        labelled: The labelled images.
        unlabelled: Features of the unlabelled images, (m, d).
        pseudo: The pseudo-labels, at least one.
        c: The inverse regularisation, as for the labels alone.
        weight: Weight of all pseudo-labels, where all labels have 1.
        count: Number of classes.
        check_cancelled: Called before each optimiser step; may raise to end the work.
    """
    n, m = len(labelled.classes), len(pseudo)
    own = labelled.features.new_ones(n) if labelled.weights is None else labelled.weights
    # fit_heads scales the weights to mean 1, which would count every row in full against the regulariser
    setting = HeadSetting(c * n * (1 + weight) / (n + m))
    found = fit_heads(
        torch.cat([labelled.features, unlabelled[pseudo.rows]]),
        torch.cat([labelled.classes, pseudo.classes]),
        classes=count,
        settings=[setting],
        folds=[torch.arange(n + m, device=own.device)],
        weights=torch.cat([own, own.new_full((m,), weight * n / m)]),
        check_cancelled=check_cancelled,
    )
    return found.weight[0, 0], found.bias[0, 0]
