"""What strategies that fine-tune on both domains have in common."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Mapping
from typing import TYPE_CHECKING

from autotl.api import DEPLOY, Applies, Backbone, Cost, Learner, Machine, Params, Task, Workbench
from autotl.toolbox import (
    DeclaredStrategy,
    Float,
    InputSize,
    Setting,
    probe_seconds,
    training_seconds,
)
from autotl_adapt import fits
from autotl_adapt.depth import DOMAINS, LEAST_EPOCHS, Epochs, Freeze, trained_share

if TYPE_CHECKING:
    from autotl_adapt.joint_training import Penalty

JOINT_SETTINGS: Mapping[str, Setting] = {
    "image_size": InputSize(epochs=DOMAINS * LEAST_EPOCHS),
    "freeze": Freeze(),
    "epochs": Epochs(),
    "lr": Float(3e-4, low=3e-5, high=3e-3, log=True),
}


class JointStrategy(DeclaredStrategy):
    """A base of strategies that fine-tune with a penalty on the difference of the domains.

    Attributes:
        learns: What the strategy learns from the deploy images, for ``applies``.
    """

    additional = (DEPLOY,)
    counterpart = "finetune"
    learns: str

    def applies(self, task: Task, backbone: Backbone) -> Applies:
        """Return whether there are deploy images with classes to predict."""
        return fits.applies(task, learns=self.learns)

    def cost(self, params: Params, task: Task, backbone: Backbone, machine: Machine) -> Cost:
        """Return the cost of a training on both domains, with a linear probe before it.

        Args:
            params: The trial's settings.
            task: The target task.
            backbone: The backbone's facts.
            machine: The machine that runs the trial.
        """
        size = int(params["image_size"])
        seconds = DOMAINS * training_seconds(
            task,
            backbone,
            input_size=size,
            trained=trained_share(backbone, int(params["freeze"])),
            epochs=int(params["epochs"]),
        )
        return Cost(seconds + probe_seconds(task, backbone, input_size=size), 16 * backbone.parameters)

    @abstractmethod
    def penalty(self, params: Params, bench: Workbench) -> tuple[Penalty, str]:
        """Return the penalty, and a sentence on it for the report.

        Args:
            params: The trial's settings.
            bench: The workbench.
        """

    def build(self, params: Params, bench: Workbench) -> Learner:
        """Return a learner; see :class:`autotl.api.Strategy`."""
        from autotl_adapt.joint_training import JointTraining  # listing the plugins does not need torch

        self.check(params)
        return JointTraining(bench, params, *self.penalty(params, bench))
