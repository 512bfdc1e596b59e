"""What strategies that align frozen features have in common."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Callable
from typing import TYPE_CHECKING

from autotl.api import DEPLOY, Applies, Backbone, Learner, Params, Task, Workbench
from autotl.toolbox import PROBE_SETTINGS, DeclaredStrategy, Float
from autotl_adapt import fits
from autotl_adapt.features.skada_calls import MODULES

if TYPE_CHECKING:
    from autotl_adapt.features.domains import Domains
    from autotl_adapt.features.linear_head import Aligned

PROBE_C = Float(PROBE_SETTINGS[-1].c, low=1e-3, high=1.0, log=True)
"""The inverse regularisation of the classifier, with the linear probe's default."""


class AlignedStrategy(DeclaredStrategy):
    """A base of strategies that align two domains, and fit a linear head to the result.

    Attributes:
        learns: What the strategy learns from the deploy images, for ``applies``.
    """

    trained = 0.0
    deterministic = True
    additional = (DEPLOY,)
    counterpart = "linear_probe"
    learns: str

    def applies(self, task: Task, backbone: Backbone) -> Applies:
        """Return whether there are deploy images with classes to predict."""
        return fits.applies(task, learns=self.learns, packages=MODULES)

    @abstractmethod
    def aligning(self, params: Params, bench: Workbench) -> Callable[[Domains], Aligned]:
        """Return the function that aligns the domains.

        Args:
            params: The trial's settings.
            bench: The workbench, for random numbers.
        """

    def build(self, params: Params, bench: Workbench) -> Learner:
        """Return a learner; see :class:`autotl.api.Strategy`."""
        from autotl_adapt.features.linear_head import AlignedProbe  # listing the plugins does not need torch

        self.check(params)
        return AlignedProbe(bench, params["image_size"], params["C"], self.aligning(params, bench))
