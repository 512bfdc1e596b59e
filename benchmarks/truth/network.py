"""The small networks that transfer starts from: trained on drawn images, blind to hue, or random."""

from __future__ import annotations

import json
import math
from pathlib import Path
from typing import Any

import numpy as np
import timm
import torch
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
MIDDLE = 0.5  # the mean and the spread of every channel: what is grey stays grey in the network
EPOCHS, BATCH, LR = 5, 64, 3e-3


def pretrained(
    folder: Path, *, family: str, first: int, classes: int, per_class: int, difficulty: float
) -> None:
    """Write a network that has learned the family's kinds ``first`` and up."""
    images, labels = draw(
        family,
        per_class=per_class,
        seed=derive(0, "source"),
        first=first,
        classes=classes,
        difficulty=difficulty,
    )
    write(folder, _learned(images, labels), classes=classes)


def blind(folder: Path, *, family: str, first: int, classes: int, per_class: int, difficulty: float) -> None:
    """Write a network that has learned from grey images, and sees of any image its luminance alone."""
    images, labels = draw(
        family,
        per_class=per_class,
        seed=derive(0, "source"),
        first=first,
        classes=classes,
        difficulty=difficulty,
    )
    grey = np.rint(images.mean(3, keepdims=True)).astype(np.uint8).repeat(3, axis=3)
    model: Any = _learned(grey, labels)
    with torch.no_grad():  # of grey images it makes what it made before
        stem = model.conv1[0].weight  # (out, 3, 3, 3)
        stem.copy_(stem.mean(1, keepdim=True).expand_as(stem).clone())
    write(folder, model, classes=classes)


def random(folder: Path, *, seed: int, classes: int) -> None:
    """Write a network as timm initialises it."""
    write(folder, _fresh(classes, seed=seed), classes=classes)


def write(folder: Path, model: nn.Module, *, classes: int) -> None:
    """Write a network as a local folder of timm's."""
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
            "mean": [MIDDLE] * 3,
            "std": [MIDDLE] * 3,
            "num_classes": classes,
            "first_conv": "conv1.0",
            "classifier": "fc",
        },
    }
    (folder / "config.json").write_text(json.dumps(config, indent=1) + "\n", encoding="utf-8")
    save_file(state, folder / "model.safetensors", {"format": "pt"})


def _fresh(classes: int, *, seed: int) -> nn.Module:
    torch.manual_seed(seed)
    model: nn.Module = timm.create_model(ARCHITECTURE, num_classes=classes, **MODEL_ARGS)
    return model


def _learned(
    images: np.ndarray[Any, np.dtype[np.uint8]], labels: np.ndarray[Any, np.dtype[np.int64]]
) -> nn.Module:
    """A network trained on images (n, h, w, 3) by AdamW with one cycle of the learning rate."""
    pixels = torch.from_numpy(images).permute(0, 3, 1, 2)
    goals = torch.from_numpy(labels)
    model = _fresh(int(labels.max()) + 1, seed=0).to(memory_format=torch.channels_last)
    order = torch.Generator().manual_seed(0)
    steps = math.ceil(len(pixels) / BATCH)
    optimiser = torch.optim.AdamW(model.parameters(), lr=LR, weight_decay=0.05)
    schedule = torch.optim.lr_scheduler.OneCycleLR(optimiser, LR, total_steps=EPOCHS * steps, pct_start=0.1)
    for _ in range(EPOCHS):
        for rows in torch.randperm(len(pixels), generator=order).tensor_split(steps):
            x = (pixels[rows].float() / 255 - MIDDLE) / MIDDLE  # (rows, 3, side, side)
            loss = nn.functional.cross_entropy(
                model(x.contiguous(memory_format=torch.channels_last)), goals[rows], label_smoothing=0.1
            )
            optimiser.zero_grad(set_to_none=True)
            loss.backward()  # type: ignore[no-untyped-call]
            optimiser.step()
            schedule.step()
    return model.eval()
