"""Rotate the main directions of training features to those of deploy images."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import partial
from typing import TYPE_CHECKING

from autotl.api import Backbone, Cost, Machine, Params, Task, Workbench
from autotl.toolbox import InputSize, Int, Setting
from autotl_adapt import fits
from autotl_adapt.features.aligned_strategy import PROBE_C, AlignedStrategy
from autotl_adapt.features.skada_calls import both, skada

if TYPE_CHECKING:
    from autotl_adapt.features.domains import Domains
    from autotl_adapt.features.linear_head import Aligned

CELL_SECONDS = 1e-9
"""Seconds of both decompositions, for each feature, row and component."""


class SubspaceAlignment(AlignedStrategy):
    """Aligns the principal components of training features to those of the deploy images.

    A linear classifier learns from the aligned components. The components of the deploy images are a linear
    map of their features, which is folded into the classifier. It pays if the same directions tell the
    classes apart, turned and shifted. The paper is Fernando et al., Unsupervised Visual Domain Adaptation
    Using Subspace Alignment, ICCV 2013.
    """

    name = "subspace_alignment"
    summary = "rotate the main directions of training features to those of deploy images, learn a classifier"
    reference = "Fernando et al., Unsupervised Visual Domain Adaptation Using Subspace Alignment, ICCV 2013"
    learns = "the main directions of their features"
    settings: Mapping[str, Setting] = {
        "C": PROBE_C,
        "components": Int(64, low=4, high=512, log=True),
        "image_size": InputSize(),
    }

    def cost(self, params: Params, task: Task, backbone: Backbone, machine: Machine) -> Cost:
        """Return the cost of a linear probe and of two principal component analyses.

        Args:
            params: The trial's settings.
            task: The target task.
            backbone: The backbone's facts.
            machine: The machine that runs the trial.
        """
        seconds = fits.feature_seconds(task, backbone, input_size=params["image_size"])
        rows = task.train_rows + fits.deploy_images(task)
        decompositions = CELL_SECONDS * rows * backbone.features * params["components"]
        return Cost(seconds + decompositions, 8 * backbone.features * (3 * rows + 2 * params["components"]))

    def aligning(self, params: Params, bench: Workbench) -> Callable[[Domains], Aligned]:
        """Return the function that aligns the domains.

        Args:
            params: The trial's settings.
            bench: The workbench, for random numbers.
        """
        return partial(align, components=params["components"])


def align(domains: Domains, *, components: int) -> Aligned:
    """Return training features in the main directions of the deploy images.

    Args:
        domains: The features.
        components: Most principal components; there are fewer than rows of either domain.
    """
    import torch

    from autotl_adapt.features.linear_head import Aligned

    rows, _, domain = both(domains)
    count = max(1, min(components, rows.shape[1], len(domains.source) - 1, len(domains.target) - 1))
    with skada() as library:
        adapter = library.SubspaceAlignmentAdapter(n_components=count, random_state=0)
        moved = adapter.fit_transform(rows, sample_domain=domain)
    return Aligned(
        torch.from_numpy(moved[: len(domains.source)]),
        torch.from_numpy(adapter.pca_target_.mean_),
        torch.from_numpy(adapter.pca_target_.components_.T.copy()),
        note=f"{count} main directions of the training features were aligned to those of deploy images.",
    )
