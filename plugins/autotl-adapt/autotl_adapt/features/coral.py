"""Match the covariance of training features to that of deploy images."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import partial
from typing import TYPE_CHECKING

from autotl.api import Backbone, Cost, Machine, Params, Task, Workbench
from autotl.toolbox import Choice, InputSize, Setting
from autotl_adapt import fits
from autotl_adapt.features.aligned_strategy import PROBE_C, AlignedStrategy
from autotl_adapt.features.skada_calls import both, skada

if TYPE_CHECKING:
    from autotl_adapt.features.domains import Domains
    from autotl_adapt.features.linear_head import Aligned

EIGEN_SECONDS = 2e-9
"""Seconds of the two eigendecompositions, for each cube of the number of features."""


class Coral(AlignedStrategy):
    """Whitens training features, and recolours them with the covariance of the deploy images.

    A linear classifier learns from the recoloured features, and is used on the centred features of deploy
    images. The centring is folded into its biases. It pays if the images differ in contrast, colour or
    sharpness. It assumes that the classes are about as frequent at the place of use. The paper is Sun, Feng
    & Saenko, Return of Frustratingly Easy Domain Adaptation, AAAI 2016.
    """

    name = "coral"
    summary = "give training features the covariance of deploy images, learn a linear classifier"
    reference = "Sun, Feng & Saenko, Return of Frustratingly Easy Domain Adaptation, AAAI 2016"
    learns = "how features vary there"
    settings: Mapping[str, Setting] = {
        "C": PROBE_C,
        "shrinkage": Choice("auto", ("auto", 0.03, 0.1, 0.3)),
        "image_size": InputSize(),
    }

    def cost(self, params: Params, task: Task, backbone: Backbone, machine: Machine) -> Cost:
        """Return the cost of a linear probe and of two square roots of a covariance.

        Args:
            params: The trial's settings.
            task: The target task.
            backbone: The backbone's facts.
            machine: The machine that runs the trial.
        """
        seconds = fits.feature_seconds(task, backbone, input_size=params["image_size"])
        rows = task.train_rows + fits.deploy_images(task)
        memory = 8 * backbone.features * (3 * rows + 8 * backbone.features)
        return Cost(seconds + EIGEN_SECONDS * backbone.features**3, memory)

    def aligning(self, params: Params, bench: Workbench) -> Callable[[Domains], Aligned]:
        """Return the function that aligns the domains.

        Args:
            params: The trial's settings.
            bench: The workbench, for random numbers.
        """
        return partial(align, shrinkage=params["shrinkage"])


def align(domains: Domains, *, shrinkage: str | float) -> Aligned:
    """Return training features with the covariance of the deploy images.

    Args:
        domains: The features.
        shrinkage: Shrinkage of both covariances in [0, 1], or ``"auto"`` for that of Ledoit & Wolf.
    """
    import torch

    from autotl_adapt.features.linear_head import Aligned

    rows, _, domain = both(domains)
    with skada() as library:
        adapter = library.CORALAdapter(reg=shrinkage)
        moved = adapter.fit_transform(rows, sample_domain=domain)
    return Aligned(
        torch.from_numpy(moved[: len(domains.source)]),
        torch.from_numpy(adapter.mean_target_),
        note=f"The training features got the mean and covariance of {len(domains.target):,} deploy images.",
    )
