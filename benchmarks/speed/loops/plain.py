"""Train with a plain loop of PyTorch and timm, with frozen first layers."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import timm
import torch
import torch.nn.functional as F
from torch import nn
from torch.utils.data import DataLoader

from benchmarks.speed.loops.images import ZipImages

BLOCKS = 7


def create_model(backbone: str, classes: int) -> nn.Module:
    """Return the pretrained network with a new head."""
    name = f"local-dir:{backbone}" if Path(backbone).is_dir() else backbone
    model = timm.create_model(name, pretrained=True, num_classes=classes)
    return model.to(memory_format=torch.channels_last)


def freeze_blocks(model: nn.Module, blocks: int) -> Callable[[], None]:
    """Freeze stem and first blocks of a MobileNetV2, and return a function that sets the training mode.

    The BatchNorm statistics of all layers are fixed.
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


def transform_of(model: nn.Module, input_size: int, *, augmented: bool) -> object:
    """Return timm's transform for training or evaluation.

    Args:
        model: The network.
        input_size: Image size in pixels.
        augmented: Whether the transform is for training.
    """
    config = timm.data.resolve_model_data_config(model)
    config["input_size"] = (3, input_size, input_size)
    if not augmented:
        return timm.data.create_transform(**config, is_training=False)
    return timm.data.create_transform(**config, is_training=True, color_jitter=0.1, hflip=0.0)


class PlainLoop:
    """A plain training loop.

    Args:
        images: The images.
        backbone: A timm folder of a MobileNetV2.
        blocks: Number of frozen blocks.
        batch: Images per step.
    """

    def __init__(self, images: ZipImages, backbone: str, *, blocks: int, batch: int) -> None:
        self.model = create_model(backbone, images.classes)
        self.train_mode = freeze_blocks(self.model, blocks)
        self.loader = DataLoader(
            images, batch_size=batch, shuffle=True, num_workers=2, persistent_workers=True, drop_last=False
        )
        trained = [p for p in self.model.parameters() if p.requires_grad]
        self.optimiser = torch.optim.AdamW(trained, lr=1e-4)

    def epoch(self) -> None:
        """Train for an epoch, including decoding and augmentation."""
        self.train_mode()
        for images, labels in self.loader:
            loss = F.cross_entropy(self.model(images.to(memory_format=torch.channels_last)), labels)
            self.optimiser.zero_grad()
            loss.backward()
            self.optimiser.step()
