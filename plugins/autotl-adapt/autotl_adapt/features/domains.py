"""Read and standardise the features of training images and of deploy images."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import torch
from torch import Tensor

from autotl.api import DEPLOY, Workbench

LEAST_SPREAD = 1e-6
"""A feature with a smaller standard deviation is constant, and says nothing of the classes."""


@dataclass(frozen=True, slots=True)
class Domains:
    """The features of both domains, standardised by the training images.

    Attributes:
        source: Features of the training images, float64 (n, d).
        target: Features of the deploy images, float64 (m, d).
        labels: Classes of the training images, int64 (n,).
        classes: The number of classes.
        mean: Mean of the training images' features, float64 (d,).
        scale: The inverse of their standard deviation, float64 (d,); 0 for a constant feature.
        weights: Weights of the training images, (n,), of mean 1; None if all are equal.
        check_cancelled: Raises if the trial has to end.
    """

    source: Tensor
    target: Tensor
    labels: Tensor
    classes: int
    mean: Tensor
    scale: Tensor
    weights: Tensor | None = None
    check_cancelled: Callable[[], None] = lambda: None


def read_domains(bench: Workbench, *, input_size: int) -> Domains:
    """Return the features of a fold's training rows and of the deploy images."""
    rows = bench.additional(DEPLOY)
    return standardised(
        bench.features(input_size=input_size).train,
        rows.features(input_size=input_size),
        bench.targets().train,
        classes=bench.task.target.outputs,
        weights=bench.weights(),
        check_cancelled=rows.check_cancelled,
    )


def standardised(
    source: Tensor,
    target: Tensor,
    labels: Tensor,
    *,
    classes: int,
    weights: Tensor | None = None,
    check_cancelled: Callable[[], None] = lambda: None,
) -> Domains:
    """Standardise features by the mean and spread of the training images.

    Both domains are scaled alike, so that a shift between them remains.

    Args:
        source: Features of the training images, (n, d).
        target: Features of the deploy images, (m, d).
        labels: Classes of the training images, int64 (n,).
        classes: The number of classes.
        weights: Weights of the training images, (n,); None if all are equal.
        check_cancelled: Raises if the trial has to end.
    """
    wide = source.double()
    mean, spread = wide.mean(0), wide.std(0)
    constant = spread < LEAST_SPREAD
    scale = torch.where(constant, torch.zeros_like(spread), 1 / spread.clamp(min=LEAST_SPREAD))
    return Domains(
        (wide - mean) * scale,
        (target.double() - mean) * scale,
        labels,
        classes,
        mean,
        scale,
        weights,
        check_cancelled,
    )


def drawn(rows: int, most: int, generator: torch.Generator) -> Tensor:
    """Return sorted indices of at most ``most`` rows, drawn at random.

    Args:
        rows: Number of rows.
        most: Largest number of indices.
        generator: Draws the rows.
    """
    if rows <= most:
        return torch.arange(rows)
    return torch.randperm(rows, generator=generator)[:most].sort().values


def drawn_by_class(labels: Tensor, most: int, generator: torch.Generator) -> Tensor:
    """Return sorted indices of about ``most`` rows, with the classes' proportions.

    Args:
        labels: Classes, int64 (n,).
        most: Largest number of indices; more if there are more classes.
        generator: Draws the rows.
    """
    if len(labels) <= most:
        return torch.arange(len(labels))
    found = []
    for each in labels.unique():
        own = (labels == each).nonzero()[:, 0]
        count = max(1, most * len(own) // len(labels))
        found.append(own[torch.randperm(len(own), generator=generator)[:count]])
    return torch.cat(found).sort().values
