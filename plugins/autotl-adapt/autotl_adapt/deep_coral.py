"""Fine-tune with a penalty on the difference of the outputs' means and covariances."""

from __future__ import annotations

from collections.abc import Mapping

from autotl.api import DEPLOY, Applies, Backbone, Cost, Learner, Machine, Params, Task, Workbench
from autotl.toolbox import (
    AUGMENTATIONS,
    Choice,
    DeclaredStrategy,
    Float,
    InputSize,
    Setting,
    probe_seconds,
    training_seconds,
)
from autotl_adapt import fits
from autotl_adapt.depth import DOMAINS, LEAST_EPOCHS, Epochs, Freeze, trained_share


class DeepCoral(DeclaredStrategy):
    """Fine-tunes until outputs have the same mean and covariance in both domains.

    Each batch has training images and as many deploy images. The loss of the training images has a penalty:
    the squared distance of the covariances of the last layer's outputs, as in the paper. That of their means
    is added (Gulrajani & Lopez-Paz, ICLR 2021). It assumes that the classes are about as frequent at the
    place of use. It starts from the linear probe. The paper is Sun & Saenko, Deep CORAL: Correlation
    Alignment for Deep Domain Adaptation, ECCV Workshops 2016.
    """

    name = "deep_coral"
    summary = "fine-tune with a penalty on the difference of outputs between training and deploy images"
    reference = "Sun & Saenko, Deep CORAL: Correlation Alignment for Deep Domain Adaptation, ECCV-W 2016"
    additional = (DEPLOY,)
    counterpart = "finetune"
    settings: Mapping[str, Setting] = {
        "image_size": InputSize(epochs=DOMAINS * LEAST_EPOCHS),
        "freeze": Freeze(),
        "epochs": Epochs(),
        "lr": Float(3e-4, low=3e-5, high=3e-3, log=True),
        "weight": Float(1.0, low=0.03, high=10.0, log=True),
        "augment": Choice("shift", tuple(AUGMENTATIONS)),
    }

    def applies(self, task: Task, backbone: Backbone) -> Applies:
        """Return whether there are deploy images with classes to predict."""
        return fits.applies(task, learns="how the outputs vary there")

    def cost(self, params: Params, task: Task, backbone: Backbone, machine: Machine) -> Cost:
        """Return the cost of a training on both domains.

        Args:
            params: The trial's settings.
            task: The target task.
            backbone: The backbone's facts.
            machine: The machine that runs the trial.
        """
        return joint_cost(params, task, backbone)

    def build(self, params: Params, bench: Workbench) -> Learner:
        """Return a learner; see :class:`autotl.api.Strategy`."""
        from autotl_adapt.joint_training import JointTraining  # listing the plugins does not need torch
        from autotl_adapt.penalties import OutputMoments

        self.check(params)
        note = (
            f"{len(bench.additional(DEPLOY)):,} deploy images were in the batches: the outputs of both "
            f"domains were to have the same mean and covariance, with weight {params['weight']:.2g}."
        )
        return JointTraining(bench, params, OutputMoments(), note)


def joint_cost(params: Params, task: Task, backbone: Backbone) -> Cost:
    """Return the cost of a training on both domains, with a linear probe before it.

    Args:
        params: The trial's settings.
        task: The target task.
        backbone: The backbone's facts.
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
