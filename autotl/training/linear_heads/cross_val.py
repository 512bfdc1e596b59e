"""Score every row by a linear classifier that has learned from other rows."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import torch
from torch import Tensor

from autotl.api import HeadSetting
from autotl.clock import NEVER, Deadline
from autotl.training.linear_heads.fit import fit_heads
from autotl.training.probe_settings import PROBE


def cross_logits(
    features: Tensor,
    labels: Tensor,
    *,
    classes: int,
    parts: int | Sequence[Tensor] = 5,
    setting: HeadSetting = PROBE,
    pulse: Callable[[], None] = lambda: None,
    end: Deadline = NEVER,
) -> Tensor:
    """Out-of-sample logits (n, classes): each part of the rows is scored by what the other parts teach.

    ``features`` are float32 (n, d) and ``labels`` int64 (n,). ``parts`` are the rows of each part, or how
    many to make: then the rows of each class are dealt out in the order of their values along one random
    direction, so that neither their own order nor the numbers of the classes matter. ``pulse`` and ``end``
    are those of :func:`fit_heads`.
    """
    own = deal(features, labels, parts) if isinstance(parts, int) else list(parts)
    every = torch.arange(len(features), device=features.device)
    rest = [every[~torch.isin(every, part)] for part in own]
    found = fit_heads(features, labels, classes=classes, settings=[setting], folds=rest, pulse=pulse, end=end)
    logits = features.new_empty(len(features), classes)
    for part, weight, bias in zip(own, found.weight[:, 0], found.bias[:, 0], strict=True):
        logits[part] = features[part] @ weight.T + bias
    return logits


def deal(features: Tensor, labels: Tensor, parts: int) -> list[Tensor]:
    """The rows in so many parts with about the same classes, whatever order they come in."""
    direction = torch.randn(features.shape[1], generator=torch.Generator().manual_seed(0)).to(features)
    keys = features @ direction
    order = torch.argsort(keys, stable=True)
    own = labels[order]
    places = torch.arange(len(order), device=features.device)
    # classes in the order of their least keys, so that it does not matter how they are numbered
    first = places.new_full((int(labels.max()) + 1,), len(order)).scatter_reduce(0, own, places, "amin")
    order = order[torch.argsort(first[own], stable=True)]  # by class, then by key
    hand = places % min(parts, max(2, len(order)))
    return [order[hand == part].sort().values for part in range(int(hand.max()) + 1)]
