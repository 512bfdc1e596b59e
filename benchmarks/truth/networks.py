"""Create the small source networks: trained on drawn images, colour-blind, or random."""

from __future__ import annotations

import json
import math
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import timm
import torch
from numpy.typing import NDArray
from safetensors.torch import save_file
from torch import nn

from autotl.bench import draw
from autotl.bench.generated.canvas import SIDE
from autotl.seeds import derive

ARCHITECTURE = "resnet18"
MODEL_ARGS: dict[str, Any] = {
    "layers": [1, 1, 1, 1],
    "channels": [16, 32, 48, 64],
    "stem_type": "deep",
    "stem_width": 8,
    "output_stride": 16,
}
MEAN = STD = 0.5  # equal in all channels, so that grey images stay grey after standardisation
EPOCHS, BATCH, LR = 5, 64, 3e-3


@dataclass(frozen=True, slots=True)
class Source:
    """The drawn images of a source task.

    Attributes:
        family: Family of generated images.
        first: Index of the first class in the family.
        classes: Number of classes.
        per_class: Images per class.
        difficulty: Difficulty of the images, in [0, 1].
    """

    family: str
    first: int
    classes: int
    per_class: int
    difficulty: float

    def draw(self) -> tuple[NDArray[np.uint8], NDArray[np.int64]]:
        """Return images (n, side, side, 3) and labels (n,)."""
        return draw(
            self.family,
            per_class=self.per_class,
            seed=derive(0, "source"),
            first=self.first,
            classes=self.classes,
            difficulty=self.difficulty,
        )


def write_pretrained(folder: Path, source: Source) -> None:
    """Write a network that was trained on the source task."""
    images, labels = source.draw()
    write(folder, _trained(images, labels), classes=source.classes)


def write_colour_blind(folder: Path, source: Source) -> None:
    """Write a network that was trained on grey images, and uses only the luminance of images."""
    images, labels = source.draw()
    grey = np.rint(images.mean(3, keepdims=True)).astype(np.uint8).repeat(3, axis=3)
    model: Any = _trained(grey, labels)
    with torch.no_grad():  # the outputs for grey images stay the same
        stem = model.conv1[0].weight  # (out, 3, 3, 3)
        stem.copy_(stem.mean(1, keepdim=True).expand_as(stem).clone())
    write(folder, model, classes=source.classes)


def write_random(folder: Path, *, seed: int, classes: int) -> None:
    """Write a network with timm's random initialisation."""
    write(folder, _initialised(classes, seed=seed), classes=classes)


def write(folder: Path, model: nn.Module, *, classes: int) -> None:
    """Write a network as a local timm folder.

    Args:
        folder: The folder; it is created.
        model: The network.
        classes: Number of outputs.
    """
    folder.mkdir(parents=True, exist_ok=True)
    state = {name: value.detach().contiguous() for name, value in model.state_dict().items()}
    config = {
        "architecture": ARCHITECTURE,
        "num_classes": classes,
        "num_features": MODEL_ARGS["channels"][-1],
        "label_names": [f"source {number}" for number in range(classes)],
        "model_args": MODEL_ARGS,
        "pretrained_cfg": {
            "custom_load": False,
            "input_size": [3, SIDE, SIDE],
            "interpolation": "bilinear",
            "crop_pct": 1.0,
            "crop_mode": "center",
            "mean": [MEAN] * 3,
            "std": [STD] * 3,
            "num_classes": classes,
            "first_conv": "conv1.0",
            "classifier": "fc",
        },
    }
    (folder / "config.json").write_text(json.dumps(config, indent=1) + "\n", encoding="utf-8")
    save_file(state, folder / "model.safetensors", {"format": "pt"})


def _initialised(classes: int, *, seed: int) -> nn.Module:
    torch.manual_seed(seed)
    model: nn.Module = timm.create_model(ARCHITECTURE, num_classes=classes, **MODEL_ARGS)
    return model


def _trained(images: NDArray[np.uint8], labels: NDArray[np.int64]) -> nn.Module:
    """Return a network trained on images (n, h, w, 3) by AdamW with a one-cycle schedule."""
    pixels = torch.from_numpy(images).permute(0, 3, 1, 2)
    targets = torch.from_numpy(labels)
    model = _initialised(int(labels.max()) + 1, seed=0).to(memory_format=torch.channels_last)
    order = torch.Generator().manual_seed(0)
    steps = math.ceil(len(pixels) / BATCH)
    optimiser = torch.optim.AdamW(model.parameters(), lr=LR, weight_decay=0.05)
    schedule = torch.optim.lr_scheduler.OneCycleLR(optimiser, LR, total_steps=EPOCHS * steps, pct_start=0.1)
    for _ in range(EPOCHS):
        for rows in torch.randperm(len(pixels), generator=order).tensor_split(steps):
            x = (pixels[rows].float() / 255 - MEAN) / STD  # (rows, 3, side, side)
            loss = nn.functional.cross_entropy(
                model(x.contiguous(memory_format=torch.channels_last)), targets[rows], label_smoothing=0.1
            )
            optimiser.zero_grad(set_to_none=True)
            loss.backward()  # type: ignore[no-untyped-call]
            optimiser.step()
            schedule.step()
    return model.eval()
