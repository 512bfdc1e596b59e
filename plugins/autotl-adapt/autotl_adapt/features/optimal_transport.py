"""Move training features to those of deploy images by optimal transport."""

from __future__ import annotations

import math
import warnings
from collections.abc import Callable, Mapping
from dataclasses import replace
from functools import partial
from typing import TYPE_CHECKING

from autotl.api import Applies, Backbone, Cost, Machine, Params, Task, Workbench
from autotl.toolbox import Float, InputSize, Setting
from autotl_adapt import fits
from autotl_adapt.features.aligned_strategy import PROBE_C, AlignedStrategy
from autotl_adapt.features.skada_calls import SOURCE, both, skada

if TYPE_CHECKING:
    import torch
    from torch import Tensor

    from autotl_adapt.features.domains import Domains
    from autotl_adapt.features.linear_head import Aligned

MAX_ROWS = 2_000
"""Most rows of each domain that are coupled; the time and memory grow with their product."""
MAX_CELLS = 2 * 10**7
"""Most cells of the coupling with one layer for each class, which POT keeps in memory several times."""
MAX_CLASSES = 100
"""Most classes: with more, too few rows of each could be coupled."""
ROUNDS, STEPS = 10, 100
"""Rounds of the class regularisation, and Sinkhorn steps in each."""
TOLERANCE = 1e-6
CELL_SECONDS = 1.5e-9
"""Seconds of a Sinkhorn step, for each pair of rows."""


class OptimalTransport(AlignedStrategy):
    """Moves each training image's features to a mean of similar deploy images.

    The plan moves all training rows to all deploy rows at the least total squared distance. Entropy makes it
    smooth, and a penalty keeps rows of different classes from going to the same deploy image. A linear
    classifier learns from the moved rows. It assumes that the classes are about as frequent at the place of
    use. The paper is Courty et al., Optimal Transport for Domain Adaptation, TPAMI 2017.
    """

    name = "optimal_transport"
    summary = "move training features to those of deploy images by optimal transport, learn a classifier"
    reference = "Courty et al., Optimal Transport for Domain Adaptation, TPAMI 2017"
    learns = "where each class may lie"
    deterministic = True  # the seed only draws rows, if there are more than can be coupled
    settings: Mapping[str, Setting] = {
        "C": PROBE_C,
        "entropy": Float(0.05, low=0.01, high=0.5, log=True),
        "class_weight": Float(0.1, low=0.001, high=1.0, log=True),
        "image_size": InputSize(),
    }

    def applies(self, task: Task, backbone: Backbone) -> Applies:
        """Return whether there are deploy images, and few enough classes to couple."""
        if task.target.outputs > MAX_CLASSES:
            return Applies(
                False, f"it couples at most {MAX_CLASSES} classes, and there are {task.target.outputs}"
            )
        return super().applies(task, backbone)

    def cost(self, params: Params, task: Task, backbone: Backbone, machine: Machine) -> Cost:
        """Return the cost of a linear probe and of the plan.

        Args:
            params: The trial's settings.
            task: The target task.
            backbone: The backbone's facts.
            machine: The machine that runs the trial.
        """
        most = most_rows(task.target.outputs)
        cells = min(task.train_rows, most) * min(fits.deploy_images(task), most)
        seconds = fits.feature_seconds(task, backbone, input_size=params["image_size"])
        memory = 8 * (3 * cells * task.target.outputs + 4 * task.train_rows * backbone.features)
        return Cost(seconds + ROUNDS * STEPS * CELL_SECONDS * cells, memory)

    def aligning(self, params: Params, bench: Workbench) -> Callable[[Domains], Aligned]:
        """Return the function that aligns the domains.

        Args:
            params: The trial's settings.
            bench: The workbench, for random numbers.
        """
        return partial(
            align,
            entropy=params["entropy"],
            class_weight=params["class_weight"],
            generator=bench.generator(self.name),
        )


def most_rows(classes: int) -> int:
    """Return the most rows of each domain that are coupled."""
    return min(MAX_ROWS, math.isqrt(MAX_CELLS // max(1, classes)))


def align(domains: Domains, *, entropy: float, class_weight: float, generator: torch.Generator) -> Aligned:
    """Return training features that are moved to deploy images.

    Args:
        domains: The features.
        entropy: Weight of the plan's entropy, where the mean squared distance is 1.
        class_weight: Weight of the penalty on mixed classes.
        generator: Draws rows if there are too many.
    """
    import torch

    from autotl_adapt.features.domains import drawn, drawn_by_class
    from autotl_adapt.features.linear_head import Aligned

    most = most_rows(domains.classes)
    coupled = drawn_by_class(domains.labels, most, generator)
    seen = drawn(len(domains.target), most, generator)
    spread = mean_distance(domains.source, domains.target)
    part = _part(domains, coupled, seen, spread)
    moved = transported(part, entropy=entropy, class_weight=class_weight)
    return Aligned(
        spread * _with_neighbours(domains.source / spread, part.source, moved),
        torch.zeros_like(domains.mean),
        note=f"{len(coupled):,} training images were moved to {len(seen):,} deploy images by optimal "
        f"transport{_others(len(domains.labels) - len(coupled))}.",
    )


def mean_distance(source: Tensor, target: Tensor) -> float:
    """Return the root of the mean squared distance between two sets of rows."""
    squares = source.square().sum(1).mean() + target.square().sum(1).mean()
    return math.sqrt(max(1e-12, float(squares - 2 * source.mean(0) @ target.mean(0))))


def transported(domains: Domains, *, entropy: float, class_weight: float) -> Tensor:
    """Return each training row's mean of deploy rows, weighted by the plan.

    Args:
        domains: Features at a mean squared distance of 1.
        entropy: Weight of the plan's entropy.
        class_weight: Weight of the penalty on mixed classes.
    """
    import torch

    rows, labels, domain = both(domains)
    with skada() as library, warnings.catch_warnings():
        # the steps are limited on purpose: a plan that has not converged still moves the rows
        warnings.filterwarnings("ignore", message="Sinkhorn did not converge")
        adapter = library.ClassRegularizerOTMappingAdapter(
            reg_e=entropy, reg_cl=class_weight, max_iter=ROUNDS, max_inner_iter=STEPS, tol=TOLERANCE
        )
        adapter.fit(rows, labels, sample_domain=domain)
        source = domain == SOURCE
        moved = adapter.transform(rows[source], sample_domain=domain[source], allow_source=True)
    return torch.from_numpy(moved)


def _part(domains: Domains, coupled: Tensor, seen: Tensor, spread: float) -> Domains:
    """Return some rows of both domains, divided by the distance between them."""
    return replace(
        domains,
        source=domains.source[coupled] / spread,
        target=domains.target[seen] / spread,
        labels=domains.labels[coupled],
    )


def _with_neighbours(rows: Tensor, coupled: Tensor, moved: Tensor) -> Tensor:
    """Return all rows, moved as their nearest coupled row is (Ferradans et al., 2014)."""
    import torch

    if len(rows) == len(coupled):
        return moved
    nearest = torch.cat([torch.cdist(part, coupled).argmin(1) for part in rows.split(1_000)])
    return rows + (moved - coupled)[nearest]


def _others(count: int) -> str:
    return f", and {count:,} others moved with their nearest" if count else ""
