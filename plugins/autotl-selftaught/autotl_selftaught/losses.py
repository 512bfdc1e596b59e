"""Self-supervised losses of lightly, and the network that timm's feature distillation trains."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import torch
from torch import Tensor, nn

if TYPE_CHECKING:
    from autotl.api import DataConfig

HIDDEN, PROJECTED = 512, 128
"""Widths of the projection head, which is dropped after the training."""


class TwoViews(nn.Module):
    """The loss of two views of each image.

    The views are projected: the first half of the rows are first views, the second half are second views.
    """

    def __init__(self, name: str) -> None:
        """Prepare a loss; ``name`` is one of the strategy's losses."""
        super().__init__()
        self.scale, self.loss = _loss(name)

    def forward(self, projections: Tensor, target: None = None) -> Tensor:
        """Return the mean loss of projections (2 × rows, PROJECTED); there is no target."""
        first, second = projections.float().chunk(2)
        found: Tensor = self.scale * self.loss(first, second)
        return found


def _loss(name: str) -> tuple[float, nn.Module]:
    """Return a factor and a loss; with the factor, distillation has about the same weight for each loss."""
    from lightly.loss import BarlowTwinsLoss, NTXentLoss, VICRegLoss

    if name == "ntxent":
        return 1.0, NTXentLoss()
    if name == "barlow_twins":
        return 1 / PROJECTED, BarlowTwinsLoss()  # a sum over the components
    return 1 / 25, VICRegLoss()  # its weights are 25, 25 and 1


def new_projector(features: int, seed: int) -> nn.Module:
    """Return a projection head with two layers, with weights from the seed."""
    from lightly.models.modules.heads import VICRegProjectionHead

    with torch.random.fork_rng(devices=[]):
        torch.default_generator.manual_seed(seed)
        head: nn.Module = VICRegProjectionHead(features, HIDDEN, PROJECTED, num_layers=2)
    return head


class Student(nn.Module):
    """A network whose outputs are projections of its features.

    It has the members that timm's distillation reads. Without a projector the outputs are the features, as a
    teacher needs.
    """

    def __init__(self, network: nn.Module, config: DataConfig, projector: nn.Module | None = None) -> None:
        super().__init__()
        self.network, self.projector = network, nn.Identity() if projector is None else projector
        self.pretrained_cfg = {"mean": config.mean, "std": config.std}

    def forward_features(self, x: Tensor) -> Tensor:
        """Return the last feature maps or tokens of normalised images."""
        stock: Any = self.network
        found: Tensor = stock.forward_features(x)
        return found

    def forward_head(self, x: Tensor, pre_logits: bool = False) -> Tensor:
        """Return the pooled features (rows, features), projected unless ``pre_logits``."""
        stock: Any = self.network
        features: Tensor = stock.forward_head(x, pre_logits=True).flatten(1)
        if pre_logits:
            return features
        found: Tensor = self.projector(features)
        return found

    def forward(self, x: Tensor) -> Tensor:
        """Return the outputs of normalised images."""
        return self.forward_head(self.forward_features(x))


def distillation_task(
    student: Student, teacher: Student, criterion: nn.Module, *, features: int, weight: float, device: str
) -> nn.Module:
    """Return timm's task: the criterion of the outputs, plus the distance to the teacher's features.

    Args:
        student: The network in training, with its projector.
        teacher: The pretrained network.
        criterion: The loss of the outputs.
        features: Width of the features.
        weight: Weight of the mean squared distance.
        device: The device, as torch names it.
    """
    from timm.task import DistillationTeacher, FeatureDistillationTask

    task: nn.Module = FeatureDistillationTask(
        student,
        DistillationTeacher(teacher.requires_grad_(False), device=torch.device(device)),
        criterion,
        distill_loss_weight=weight,
        task_loss_weight=1.0,
        student_feature_dim=features,
        teacher_feature_dim=features,
        device=torch.device(device),
        verbose=False,
    )
    return task
