"""Fine-tune with a penalty on the difference of the outputs' means and covariances."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

from autotl.api import DEPLOY, Params, Workbench
from autotl.toolbox import AUGMENTATIONS, Choice, Float, Setting
from autotl_adapt.joint_strategy import JOINT_SETTINGS, JointStrategy

if TYPE_CHECKING:
    from autotl_adapt.joint_training import Penalty


class DeepCoral(JointStrategy):
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
    learns = "how the outputs vary there"
    settings: Mapping[str, Setting] = {
        **JOINT_SETTINGS,
        "weight": Float(1.0, low=0.03, high=10.0, log=True),
        "augment": Choice("shift", tuple(AUGMENTATIONS), within="augmentations"),
    }

    def penalty(self, params: Params, bench: Workbench) -> tuple[Penalty, str]:
        """Return the penalty, and a sentence on it for the report.

        Args:
            params: The trial's settings.
            bench: The workbench.
        """
        from autotl_adapt.penalties import OutputMoments  # listing the plugins does not need torch

        note = (
            f"{len(bench.additional(DEPLOY)):,} deploy images were in the batches: the outputs of both "
            f"domains were to have the same mean and covariance, with weight {params['weight']:.2g}."
        )
        return OutputMoments(), note
