"""Fine-tune against a classifier that tells the domains apart."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

from autotl.api import DEPLOY, Params, Workbench
from autotl.toolbox import AUGMENTATIONS, Choice, Float, Int, Setting
from autotl_adapt.joint_strategy import JOINT_SETTINGS, JointStrategy

if TYPE_CHECKING:
    from autotl_adapt.joint_training import Penalty


class Dann(JointStrategy):
    """Fine-tunes until a classifier cannot tell the domains by their features.

    The classifier of the domains learns to tell training images from deploy images. Its gradient is reversed
    before it reaches the network, and grows from 0 during the training. The classifier is left behind at the
    end. It assumes that the classes are about as frequent at the place of use. It starts from the linear
    probe. The paper is Ganin et al., Domain-Adversarial Training of Neural Networks, JMLR 2016.
    """

    name = "dann"
    summary = "fine-tune until a classifier cannot tell training images from deploy images"
    reference = "Ganin et al., Domain-Adversarial Training of Neural Networks, JMLR 2016"
    learns = "what tells the domains apart"
    settings: Mapping[str, Setting] = {
        **JOINT_SETTINGS,
        "weight": Float(0.1, low=0.01, high=3.0, log=True),
        "hidden": Int(128, low=16, high=1024, log=True),
        "augment": Choice("shift", tuple(AUGMENTATIONS), within="augmentations"),
    }

    def penalty(self, params: Params, bench: Workbench) -> tuple[Penalty, str]:
        """Return the penalty, and a sentence on it for the report.

        Args:
            params: The trial's settings.
            bench: The workbench.
        """
        from autotl_adapt.joint_training import feature_scale  # listing the plugins does not need torch
        from autotl_adapt.penalties import DomainClassifier

        scale = feature_scale(bench, input_size=int(params["image_size"]))
        penalty = DomainClassifier(*scale, hidden=params["hidden"], generator=bench.generator(self.name))
        note = (
            f"{len(bench.additional(DEPLOY)):,} deploy images were in the batches: a classifier was not to "
            f"tell them from training images, with weight {params['weight']:.2g}. It is left behind."
        )
        return penalty, note
