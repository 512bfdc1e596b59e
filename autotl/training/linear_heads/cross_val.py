"""Score each row by a linear classifier fitted to other rows."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import torch
from torch import Tensor

from autotl.api import HeadSetting
from autotl.clock import NEVER, Deadline
from autotl.training.linear_heads.fit import fit_heads
from autotl.training.probe_settings import PROBE


def out_of_fold_logits(
    features: Tensor,
    labels: Tensor,
    *,
    classes: int,
    parts: int | Sequence[Tensor] = 5,
    setting: HeadSetting = PROBE,
    check_cancelled: Callable[[], None] = lambda: None,
    end: Deadline = NEVER,
) -> Tensor:
    """Score each part of the rows by a classifier fitted elsewhere.

    Args:
        features: Frozen features, float32 (n, d).
        labels: Classes, int64 (n,).
        classes: Number of classes.
        parts: Row indices of each part, or the number of parts for :func:`stratified_parts`.
        setting: How the classifiers are fitted.
        check_cancelled: Called before each optimiser step; may raise to end the work.
        end: When fitting stops, converged or not.

    Returns:
        Logits (n, classes), float32.
    """
    held_out = stratified_parts(features, labels, parts) if isinstance(parts, int) else list(parts)
    every = torch.arange(len(features), device=features.device)
    heads = fit_heads(
        features,
        labels,
        classes=classes,
        settings=[setting],
        folds=[every[~torch.isin(every, part)] for part in held_out],
        check_cancelled=check_cancelled,
        end=end,
    )
    logits = features.new_empty(len(features), classes)
    for part, weight, bias in zip(held_out, heads.weight[:, 0], heads.bias[:, 0], strict=True):
        logits[part] = features[part] @ weight.T + bias
    return logits


def stratified_parts(features: Tensor, labels: Tensor, parts: int) -> list[Tensor]:
    """Divide the rows into parts with nearly equal class counts.

    The rows of a class are dealt in the order of their projection on one random direction. The result
    depends neither on the order of the rows nor on the numbers of the classes.

    Args:
        features: Frozen features, float32 (n, d).
        labels: Classes, int64 (n,).
        parts: Number of parts, 2 or more.

    Returns:
        Sorted row indices of each part; fewer parts if there are fewer rows.
    """
    direction = torch.randn(features.shape[1], generator=torch.Generator().manual_seed(0)).to(features)
    order = torch.argsort(features @ direction, stable=True)
    sorted_labels = labels[order]
    positions = torch.arange(len(order), device=features.device)
    # classes are ordered by their first projection, so that their numbers do not matter
    first = positions.new_full((int(labels.max()) + 1,), len(order))
    first = first.scatter_reduce(0, sorted_labels, positions, "amin")
    order = order[torch.argsort(first[sorted_labels], stable=True)]  # by class, then by projection
    part_of = positions % min(parts, max(2, len(order)))
    return [order[part_of == part].sort().values for part in range(int(part_of.max()) + 1)]
