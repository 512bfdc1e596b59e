"""Let some training images count more than others: by class, by weight, or by how often they are seen."""

from __future__ import annotations

from typing import TYPE_CHECKING

from autotl.api import Task
from autotl.errors import UnknownName
from autotl.importing.lazy import lazy_module

if TYPE_CHECKING:
    import torch
    from torch import Tensor
else:  # the names of balances are asked for where torch is not yet needed
    torch = lazy_module("torch")

BALANCES = ("none", "weights", "sampling")
UNEVEN = 1.5
"""From this ratio of the largest to the smallest class on, balancing is worth searching."""


def balances(task: Task) -> list[str]:
    """The ways of balancing worth trying on the task: one where its classes are about even."""
    counts = task.rows.values()
    return list(BALANCES) if max(counts) >= UNEVEN * min(counts) else ["none"]


def class_weights(labels: Tensor) -> Tensor:
    """A weight for each row (rows,), mean 1, by which all classes that are there count the same.

    These are scikit-learn's ``class_weight="balanced"`` (King & Zeng, Logistic Regression in Rare Events
    Data, 2001).
    """
    counts = labels.bincount(minlength=1)
    return len(labels) / (counts.count_nonzero() * counts[labels]).float()


def row_weights(labels: Tensor, given: Tensor | None, balance: str) -> Tensor | None:
    """What the loss of each training row (rows,) is multiplied by, mean 1; None where all count the same.

    ``given`` are the rows' own weights; ``balance`` is a name of BALANCES. Raises UnknownName.
    """
    if balance not in BALANCES:
        raise UnknownName("balance", balance, BALANCES)
    if balance != "weights":
        return given
    weights = class_weights(labels) * (1.0 if given is None else given)
    return weights / weights.mean()


def order_of(labels: Tensor, balance: str, generator: torch.Generator) -> Tensor:
    """The rows of one epoch, in order: each once, or, by sampling, each class about equally often.

    Sampling draws with replacement (Kang et al., Decoupling Representation and Classifier for Long-Tailed
    Recognition, ICLR 2020, class-balanced sampling).
    """
    if balance != "sampling":
        return torch.randperm(len(labels), generator=generator)
    return torch.multinomial(class_weights(labels), len(labels), replacement=True, generator=generator)
