"""The loop that a good engineer writes with PyTorch and timm, the first layers frozen."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import timm
import torch
import torch.nn.functional as F
from torch import nn
from torch.utils.data import DataLoader

from benchmarks.speed.images import Zipped

BLOCKS = 7


def model_of(backbone: str, classes: int) -> nn.Module:
    """The pretrained network with a new head."""
    name = f"local-dir:{backbone}" if Path(backbone).is_dir() else backbone
    model = timm.create_model(name, pretrained=True, num_classes=classes)
    return model.to(memory_format=torch.channels_last)


def freeze_blocks(model: nn.Module, blocks: int) -> Callable[[], None]:
    """Freeze the stem and the first ``blocks`` of a MobileNetV2; what it gives puts the rest in training
    mode. BatchNorm statistics stay as they are everywhere.
    """
    frozen = [model.conv_stem, model.bn1, *model.blocks[:blocks]] if blocks else []
    for part in frozen:
        part.requires_grad_(False)

    def train() -> None:
        model.train()
        for module in model.modules():
            if isinstance(module, nn.modules.batchnorm._BatchNorm):
                module.eval()

    return train


def transform_of(model: nn.Module, side: int, *, augmented: bool) -> object:
    """timm's own training transform, or the one for evaluation."""
    config = timm.data.resolve_model_data_config(model)
    config["input_size"] = (3, side, side)
    if not augmented:
        return timm.data.create_transform(**config, is_training=False)
    return timm.data.create_transform(**config, is_training=True, color_jitter=0.1, hflip=0.0)


class Plain:
    """Epochs of the plain loop over one data set at one freeze depth."""

    def __init__(
        self, data: Path, backbone: str, *, side: int, blocks: int, augmented: bool, most: int, batch: int
    ):
        probe = model_of(backbone, 2)
        rows = Zipped(data, transform_of(probe, side, augmented=augmented), most=most)
        self.model = model_of(backbone, rows.classes)
        self.train_mode = freeze_blocks(self.model, blocks)
        self.loader = DataLoader(
            rows, batch_size=batch, shuffle=True, num_workers=2, persistent_workers=True, drop_last=False
        )
        learned = [p for p in self.model.parameters() if p.requires_grad]
        self.optimiser = torch.optim.AdamW(learned, lr=1e-4)

    def epoch(self) -> None:
        """Decode, augment, forward, backward, step: once over the training images."""
        self.train_mode()
        for images, labels in self.loader:
            loss = F.cross_entropy(self.model(images.to(memory_format=torch.channels_last)), labels)
            self.optimiser.zero_grad()
            loss.backward()
            self.optimiser.step()
