"""Fine-tune against a classifier that tells the domains apart."""

from __future__ import annotations

from collections.abc import Mapping

from autotl.api import DEPLOY, Applies, Backbone, Cost, Learner, Machine, Params, Task, Workbench
from autotl.toolbox import AUGMENTATIONS, Choice, DeclaredStrategy, Float, InputSize, Int, Setting
from autotl_adapt import fits
from autotl_adapt.deep_coral import joint_cost
from autotl_adapt.depth import DOMAINS, LEAST_EPOCHS, Epochs, Freeze


class Dann(DeclaredStrategy):
    """Fine-tunes until a classifier cannot tell the domains by their features.

    The classifier of the domains learns to tell training images from deploy images. Its gradient is reversed
    before it reaches the network, and grows from 0 during the training. The classifier is left behind at the
    end. It assumes that the classes are about as frequent at the place of use. It starts from the linear
    probe. The paper is Ganin et al., Domain-Adversarial Training of Neural Networks, JMLR 2016.
    """

    name = "dann"
    summary = "fine-tune until a classifier cannot tell training images from deploy images"
    reference = "Ganin et al., Domain-Adversarial Training of Neural Networks, JMLR 2016"
    additional = (DEPLOY,)
    counterpart = "finetune"
    settings: Mapping[str, Setting] = {
        "image_size": InputSize(epochs=DOMAINS * LEAST_EPOCHS),
        "freeze": Freeze(),
        "epochs": Epochs(),
        "lr": Float(3e-4, low=3e-5, high=3e-3, log=True),
        "weight": Float(0.1, low=0.01, high=3.0, log=True),
        "hidden": Int(128, low=16, high=1024, log=True),
        "augment": Choice("shift", tuple(AUGMENTATIONS)),
    }

    def applies(self, task: Task, backbone: Backbone) -> Applies:
        """Return whether there are deploy images with classes to predict."""
        return fits.applies(task, learns="what tells the domains apart")

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
        from autotl_adapt.joint_training import JointTraining, feature_scale
        from autotl_adapt.penalties import DomainClassifier

        self.check(params)
        scale = feature_scale(bench, input_size=int(params["image_size"]))
        penalty = DomainClassifier(*scale, hidden=params["hidden"], generator=bench.generator(self.name))
        note = (
            f"{len(bench.additional(DEPLOY)):,} deploy images were in the batches: a classifier was not to "
            f"tell them from training images, with weight {params['weight']:.2g}. It is left behind."
        )
        return JointTraining(bench, params, penalty, note)
