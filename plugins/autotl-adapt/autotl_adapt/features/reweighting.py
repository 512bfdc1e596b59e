"""Let training images count more that are like the deploy images."""

from __future__ import annotations

import warnings
from collections.abc import Callable, Mapping
from functools import partial
from typing import TYPE_CHECKING

from autotl.api import Backbone, Cost, HeadSetting, Machine, Params, Task, Workbench
from autotl.errors import TrainingError
from autotl.toolbox import Choice, Float, InputSize, Setting, head_seconds
from autotl_adapt import fits
from autotl_adapt.features.aligned_strategy import PROBE_C, AlignedStrategy
from autotl_adapt.features.skada_calls import SOURCE, both, skada

if TYPE_CHECKING:
    import torch
    from torch import Tensor

    from autotl_adapt.features.domains import Domains
    from autotl_adapt.features.linear_head import Aligned

CLASSIFIER, KERNEL, NEIGHBOURS = "classifier", "kernel", "neighbours"
"""How weights are found: a classifier of the domains, kernel mean matching, or votes of deploy images."""
DOMAIN_SETTING = HeadSetting(1e-3, standardise=False, balanced=True)
"""The classifier of the domains: regularised strongly, because it judges the rows that it was fitted to."""
MAX_LOG_RATIO = 8.0
"""Largest logarithm of a ratio of densities, in either direction."""
MAX_ROWS = 2_000
"""Most training rows whose kernel matrix is solved for; the others get a smooth continuation."""
MAX_KERNEL_WEIGHT = 100.0
KERNEL_STEPS = 1_000
CELL_SECONDS = 1e-9
"""Seconds of a step for each pair of rows, or of a distance for each pair of rows and 100 features."""


class Reweighting(AlignedStrategy):
    """Weights training images by how probable they are at the place of use.

    The weight is the ratio of both densities, raised to a power. A power below 1 keeps more images, for a
    bias towards the training domain. It pays if the training images contain what the place of use shows, in
    other proportions. It cannot help if no training image resembles the deploy images. The papers are
    Shimodaira, Journal of Statistical Planning and Inference, 2000, and Sugiyama et al., Covariate Shift
    Adaptation, JMLR 2007.

    A classifier of the domains finds the ratio (Bickel et al., ICML 2007). The alternatives are kernel mean
    matching (Huang et al., NeurIPS 2006) and votes for the nearest row (Loog, MLSP 2012).
    """

    name = "reweighting"
    summary = "weight training images by their likeness to deploy images, learn a linear classifier"
    reference = "Shimodaira, J. Statistical Planning and Inference, 2000; Sugiyama et al., JMLR 2007"
    learns = "which training images count there"
    deterministic = True  # the seed only draws rows, if there are too many for the kernel
    settings: Mapping[str, Setting] = {
        "C": PROBE_C,
        "ratio": Choice(CLASSIFIER, (CLASSIFIER, KERNEL, NEIGHBOURS)),
        "power": Float(0.5, low=0.1, high=1.0),
        "image_size": InputSize(),
    }

    def cost(self, params: Params, task: Task, backbone: Backbone, machine: Machine) -> Cost:
        """Return the cost of a linear probe and of the weights.

        Args:
            params: The trial's settings.
            task: The target task.
            backbone: The backbone's facts.
            machine: The machine that runs the trial.
        """
        rows, others = task.train_rows, fits.deploy_images(task)
        seconds = fits.feature_seconds(task, backbone, input_size=params["image_size"])
        seconds += 2 * head_seconds(task, backbone) * (1 + others / rows) / task.target.outputs
        if params["ratio"] == KERNEL:
            seconds += KERNEL_STEPS * CELL_SECONDS * min(rows, MAX_ROWS) ** 2
        if params["ratio"] == NEIGHBOURS:
            seconds += CELL_SECONDS * rows * others * backbone.features / 100
        square = min(rows, MAX_ROWS) * (rows + others) if params["ratio"] == KERNEL else 0
        return Cost(seconds, 8 * (3 * (rows + others) * backbone.features + square))

    def aligning(self, params: Params, bench: Workbench) -> Callable[[Domains], Aligned]:
        """Return the function that aligns the domains.

        Args:
            params: The trial's settings.
            bench: The workbench, for random numbers.
        """
        return partial(
            align, ratio=params["ratio"], power=params["power"], generator=bench.generator(self.name)
        )


def align(domains: Domains, *, ratio: str, power: float, generator: torch.Generator) -> Aligned:
    """Return the training features as they are, with weights.

    Args:
        domains: The features.
        ratio: How the ratio of densities is found.
        power: The ratio is raised to this power, in [0, 1].
        generator: Draws rows for the kernel matrix if there are too many.

    Raises:
        TrainingError: No training image is like the deploy images.
    """
    import torch

    from autotl_adapt.features.linear_head import Aligned

    if ratio == CLASSIFIER:
        found = classifier_ratio(domains)
    elif ratio == KERNEL:
        found = kernel_ratio(domains, generator)
    else:
        found = neighbour_ratio(domains)
    weights = found.clamp(min=0) ** power
    if not float(weights.sum()) > 0:
        raise TrainingError(
            f"A training image must be like the deploy images (got no weight above 0 by {ratio}). "
            "Choose another ratio, or leave out reweighting."
        )
    weights = weights / weights.mean()
    effective = float(weights.sum() ** 2 / weights.square().sum())
    return Aligned(
        domains.source,
        torch.zeros_like(domains.mean),
        weights=weights,
        note=f"Training images were weighted by their likeness to deploy images, and count as "
        f"{effective:,.0f} of {len(weights):,}.",
    )


def classifier_ratio(domains: Domains) -> Tensor:
    """Return the odds that a row is a deploy image, by a classifier of the domains.

    skada's DiscriminatorReweightAdapter (0.6) returns the inverse of these odds, so it is not used.
    """
    import torch

    from autotl.toolbox import fit_heads

    rows = torch.cat([domains.source, domains.target]).float()
    is_target = torch.arange(len(rows)) >= len(domains.source)
    found = fit_heads(
        rows,
        is_target.long(),
        classes=2,
        settings=[DOMAIN_SETTING],
        folds=[torch.arange(len(rows))],
        check_cancelled=domains.check_cancelled,
    )
    weight, bias = found.weight[0, 0].double(), found.bias[0, 0].double()
    logits = domains.source @ (weight[1] - weight[0]) + (bias[1] - bias[0])
    return logits.clamp(-MAX_LOG_RATIO, MAX_LOG_RATIO).exp()


def kernel_ratio(domains: Domains, generator: torch.Generator) -> Tensor:
    """Return weights with which the mean kernel features of both domains agree.

    Args:
        domains: The features.
        generator: Draws the rows of the kernel matrix if there are too many.
    """
    import torch

    from autotl_adapt.features.domains import drawn

    chosen = drawn(len(domains.source), MAX_ROWS, generator)
    rows, _, domain = both(domains)
    solved = torch.cat([chosen, torch.arange(len(domains.source), len(rows))]).numpy()
    whole = domain == SOURCE
    with skada() as library:
        adapter = library.KMMReweightAdapter(
            B=MAX_KERNEL_WEIGHT, max_iter=KERNEL_STEPS, smooth_weights=len(chosen) < len(domains.source)
        )
        adapter.fit(rows[solved], sample_domain=domain[solved])
        found = adapter.compute_weights(rows[whole], sample_domain=domain[whole])
    return torch.from_numpy(found)


def neighbour_ratio(domains: Domains) -> Tensor:
    """Return one plus the number of deploy images that are nearest to each training image."""
    import torch

    rows, _, domain = both(domains)
    with skada() as library, warnings.catch_warnings():
        # scikit-learn warns because each row is a separate class
        warnings.filterwarnings("ignore", message="The number of unique classes")
        adapter = library.NearestNeighborReweightAdapter(laplace_smoothing=True)
        adapter.fit(rows, sample_domain=domain)
        found = adapter.compute_weights(rows, sample_domain=domain)
    return torch.from_numpy(found[domain == SOURCE])
