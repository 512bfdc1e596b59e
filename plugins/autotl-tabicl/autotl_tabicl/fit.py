"""Choose the context of TabICL, and the components that it sees."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

import torch
from torch import Tensor

if TYPE_CHECKING:
    from autotl_tabicl.module import TabICLHead

LEAST_VARIANCE = 1e-8
"""Components of a smaller share of the first one's variance are left out."""


@dataclass(frozen=True, slots=True)
class Context:
    """All that a head learns from training rows.

    Attributes:
        mean: Mean of the features, (features,).
        projection: Maps centred features to components of variance 1, (features, components).
        features: The features of the context's rows, (rows, features).
        labels: Indices into ``present``, int64 (rows,).
        present: The classes in the context, ascending, int64 (classes,).
        orders: Order of the components for each member, int64 (members, components).
        shifts: Shift of the classes' numbers for each member, int64 (members,).
    """

    mean: Tensor
    projection: Tensor
    features: Tensor
    labels: Tensor
    present: Tensor
    orders: Tensor
    shifts: Tensor

    def arguments(self) -> Mapping[str, int]:
        """Return the sizes, which are arguments of the head."""
        return {
            "rows": len(self.labels),
            "components": self.projection.shape[1],
            "members": len(self.shifts),
            "classes": len(self.present),
        }


def fit_context(
    x: Tensor, labels: Tensor, *, components: int, members: int, rows: int, generator: torch.Generator
) -> Context:
    """Fit principal components, and draw the context's rows.

    Args:
        x: Features of the training rows, float32 (n, d).
        labels: Classes of the training rows, int64 (n,).
        components: Most principal components.
        members: Number of members, which see the components and classes in other orders.
        rows: Most rows of the context; the classes keep their proportions.
        generator: Draws the rows and the orders.
    """
    mean, projection = principal_components(x, components)
    chosen = draw_rows(labels, rows, generator)
    present, numbers = labels[chosen].unique(return_inverse=True)
    width = projection.shape[1]
    orders = [torch.arange(width), *(torch.randperm(width, generator=generator) for _ in range(members - 1))]
    shifts = torch.arange(members) % len(present)
    return Context(mean, projection, x[chosen], numbers, present, torch.stack(orders), shifts)


def principal_components(x: Tensor, most: int) -> tuple[Tensor, Tensor]:
    """Return the mean of rows, and the map to their principal components of variance 1.

    Args:
        x: Rows, float32 (n, d).
        most: Most components; there are at most n - 1 and d of them.

    Returns:
        Mean (d,) and projection (d, components), float32.
    """
    wide = x.double()
    mean = wide.mean(0)
    variances, directions = torch.linalg.eigh((wide - mean).T @ (wide - mean) / len(wide))  # ascending
    variances, directions = variances.flip(0), directions.flip(1)
    count = min(most, int((variances > LEAST_VARIANCE * variances[0].clamp(min=1e-30)).sum()), len(x) - 1)
    count = max(1, count)
    scale = variances[:count].clamp(min=1e-30).sqrt()
    return mean.float(), (directions[:, :count] / scale).float()


def draw_rows(labels: Tensor, most: int, generator: torch.Generator) -> Tensor:
    """Return sorted row numbers, with at least one of each class and the classes' proportions.

    Args:
        labels: Classes, int64 (n,).
        most: Largest number of rows; more if there are more classes.
        generator: Draws the rows.
    """
    if len(labels) <= most:
        return torch.arange(len(labels))
    drawn = []
    for each in labels.unique():
        own = (labels == each).nonzero()[:, 0]
        count = max(1, int(most * len(own) / len(labels)))
        drawn.append(own[torch.randperm(len(own), generator=generator)[:count]])
    return torch.cat(drawn).sort().values


@torch.no_grad()
def fill(head: TabICLHead, context: Context, weights: Mapping[str, Tensor]) -> None:
    """Put a context and pretrained weights into a head.

    Args:
        head: The head, built from the context's arguments.
        context: The context.
        weights: The tensors of TabICL by name.
    """
    head.mean.copy_(context.mean)
    head.projection.copy_(context.projection)
    head.context.copy_(head.embed(context.features.to(head.mean.device)))
    for name in ("labels", "present", "orders", "shifts"):
        getattr(head, name).copy_(getattr(context, name))
    head.network.load_state_dict(dict(weights))
    head.loaded(head, None)
