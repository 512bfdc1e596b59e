"""Weight or sample training images so that small classes count more."""

from __future__ import annotations

from typing import TYPE_CHECKING

from autotl.api import Task
from autotl.errors import UnknownName
from autotl.importing.lazy import lazy_module

if TYPE_CHECKING:
    import torch
    from torch import Tensor
else:  # the names of the balances are read before torch is needed
    torch = lazy_module("torch")

BALANCES = ("none", "weights", "sampling")
MIN_CLASS_RATIO = 1.5
"""Smallest ratio of the largest to the smallest class at which balancing is searched."""


def balance_options(task: Task) -> list[str]:
    """Return the balances to search.

    It is ``"none"`` alone for numbers, or if classes are nearly even.
    """
    if task.target.kind == "regression":
        return ["none"]
    counts = task.strata_counts.values()
    return list(BALANCES) if max(counts) >= MIN_CLASS_RATIO * min(counts) else ["none"]


def class_weights(labels: Tensor) -> Tensor:
    """Return weights (rows,), of mean 1, that balance the present classes.

    This is scikit-learn's ``class_weight="balanced"`` (King & Zeng, Logistic Regression in Rare Events Data,
    2001).
    """
    counts = labels.bincount(minlength=1)
    return len(labels) / (counts.count_nonzero() * counts[labels]).float()


def label_weights(labels: Tensor) -> Tensor:
    """Return weights (rows, k) that balance images with and without each label.

    They are those of :func:`class_weights`, for each label by itself. A label that all images have, or none,
    has the weight 1.

    Args:
        labels: 0 and 1 by label, (rows, k).
    """
    positive = labels.sum(0)
    negative = len(labels) - positive
    told = (positive > 0) & (negative > 0)
    own = torch.where(labels > 0.5, positive, negative).clamp(min=1)
    return torch.where(told, len(labels) / (2 * own), 1.0)


def row_weights(strata: Tensor, given: Tensor | None, balance: str) -> Tensor | None:
    """Return the weight of each training row's loss.

    Args:
        strata: Strata such as classes, int64 (rows,).
        given: The rows' own weights, float32 (rows,) with mean 1; None if all are equal.
        balance: A name of BALANCES.

    Returns:
        Weights (rows,) with mean 1; None if all are equal.

    Raises:
        UnknownName: BALANCES has no such name.
    """
    if balance not in BALANCES:
        raise UnknownName("balance", balance, BALANCES)
    if balance != "weights":
        return given
    weights = class_weights(strata) * (1.0 if given is None else given)
    return weights / weights.mean()


def epoch_order(strata: Tensor, balance: str, generator: torch.Generator) -> Tensor:
    """Draw the order of the training rows in one epoch.

    Class-balanced sampling draws with replacement (Kang et al., Decoupling Representation and Classifier for
    Long-Tailed Recognition, ICLR 2020).

    Args:
        strata: Strata such as classes, int64 (rows,).
        balance: A name of BALANCES.
        generator: Draws the order.

    Returns:
        Row indices (rows,): each row once, or with ``"sampling"`` each class about equally often.
    """
    if balance != "sampling":
        return torch.randperm(len(strata), generator=generator)
    return torch.multinomial(class_weights(strata), len(strata), replacement=True, generator=generator)
