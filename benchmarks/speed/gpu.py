"""How near autotl's training comes to a bare loop and to the matrix products on an accelerator."""

from __future__ import annotations

import tempfile
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import timm
import torch
from torch import Tensor, nn

from autotl.backbone import cut, freeze
from autotl.pipeline.prepare import Prepared
from autotl.training import autocast, precision
from benchmarks.prepared import prepared
from benchmarks.speed.bare import Bare, Products, rate, wait
from benchmarks.speed.ours import Ours
from benchmarks.speed.timing import alternate, ratio

MODELS = ("resnet50", "vit_small_patch16_224")
CLASSES = 10
RUN = "frozen layers run, bare"
TERA = 1e12


@dataclass(frozen=True, slots=True)
class Scale:
    """How much is computed: image side in pixels, images in all, images in a step, and matrix products.

    A fifth of the images are autotl's test part, which no training sees.
    """

    side: int = 224
    images: int = 5120
    batch: int = 256
    matrix: int = 8192
    products: int = 100


def measure(
    rounds: int, *, device: str = "cuda", models: tuple[str, ...] = MODELS, scale: Scale | None = None
) -> dict[str, Any]:
    """Rows of full fine-tuning and of training the last stage for each model, on synthetic images.

    The weights are random ones: no number depends on what they are.
    """
    if device.startswith("cuda") and not torch.cuda.is_available():
        return {"skipped": "there is no CUDA device"}
    rows = [row for name in models for row in _model(name, rounds, device, scale or Scale())]
    named = torch.cuda.get_device_name(device) if device.startswith("cuda") else device
    return {"device": named, "precision": precision(device), "rounds": rounds, "rows": rows}


def _model(name: str, rounds: int, device: str, scale: Scale) -> list[dict[str, Any]]:
    with tempfile.TemporaryDirectory(prefix="speed-") as folder:
        ready = _synthetic(Path(folder), name, device, scale)
        last = len(next(iter(ready.backbones.values())).stages) - 1
        ours = {
            "full, autotl": Ours(ready, side=scale.side, frozen=0, batch=scale.batch),
            "full, autotl, augmented": Ours(
                ready, side=scale.side, frozen=0, batch=scale.batch, augment="shift"
            ),
            "last stage, autotl": Ours(ready, side=scale.side, frozen=last, batch=scale.batch),
        }
        bare = _bare(Path(folder) / name, ready, last, device, scale)
        products = Products(device, side=scale.matrix, times=scale.products)
        things: dict[str, Callable[[], object]] = {key: each.epoch for key, each in bare.items()}
        things |= {key: _waited(each.epoch, device) for key, each in ours.items()}
        for thing in things.values():  # fills the store; kernels are chosen
            thing()
        seconds = alternate(things | {"products": products.run}, rounds=rounds)
        for each in ours.values():
            each.close()
        flops = {key: each.image_flops() for key, each in bare.items()}
        count = len(ready.splits.train)
    return [
        _row(name, key, seconds, count, flops, products.flops)
        for key in (*bare, *ours)
        if _like(key) in flops  # a network that cannot be cut has no row for its last stage
    ]


def _row(
    name: str,
    key: str,
    seconds: dict[str, list[float]],
    images: int,
    flops: dict[str, float],
    products: float,
) -> dict[str, Any]:
    """``of peak`` is the share of the matrix products' speed, both as measured in the same rounds.

    ``gain`` is how many times faster the last stage learns alone than behind frozen layers that run at every
    step, and ``limit`` what the arithmetic allows.
    """
    like = _like(key)
    arithmetic = flops[like] * images
    alone = like == "last stage, bare"
    return {
        "model": name,
        "what": key,
        "images/s": rate(seconds[key], images),
        "TFLOP/s": rate(seconds[key], arithmetic / TERA),
        "of peak": arithmetic / products * ratio(seconds, "products", key),
        "speed / bare": ratio(seconds, like, key),
        "gain": ratio(seconds, RUN, key) if alone else None,
        "limit": flops[RUN] / flops[like] if alone else None,
        "peak, TFLOP/s": rate(seconds["products"], products / TERA),
        "GFLOP/image": flops[like] / 1e9,
    }


def _like(key: str) -> str:
    """The bare loop that does the same arithmetic."""
    return f"{key.partition(',')[0]}, bare"


def _waited(epoch: Callable[[], object], device: str) -> Callable[[], None]:
    def run() -> None:
        epoch()
        wait(torch.device(device))

    return run


def _bare(folder: Path, ready: Prepared, last: int, device: str, scale: Scale) -> dict[str, Bare]:
    """Bare loops: all layers; all but the last stage frozen, run at every step; that stage alone.

    BatchNorm statistics stay as they are, as in autotl's own runs here.
    """
    images, labels = _tensors(len(ready.splits.train), device, scale)
    found: dict[str, Bare] = {}
    for key, frozen in (("full, bare", 0), (RUN, last)):
        model, train_mode = _timm(folder, device, frozen)
        found[key] = Bare(model, model, images, labels, batch=scale.batch, train_mode=train_mode)
    place = next(iter(ready.backbones.values())).stages[last - 1].module
    model, train_mode = _timm(folder, device, last)
    halves = cut(model, place, side=scale.side) if last else None
    if halves is not None:
        prefix, suffix = halves
        model.eval()
        with torch.no_grad(), autocast(device):
            given = torch.cat([prefix(part).float() for part in images.split(scale.batch)])
        found["last stage, bare"] = Bare(
            model, suffix, given, labels, batch=scale.batch, train_mode=train_mode
        )
    return found


def _timm(folder: Path, device: str, frozen: int) -> tuple[nn.Module, Callable[[nn.Module], object]]:
    """The network with its first stages frozen, and what puts the others into training mode."""
    model = timm.create_model(f"local-dir:{folder}", pretrained=True, num_classes=CLASSES)
    model = model.to(device=device, memory_format=torch.channels_last)
    return model, freeze(model, frozen, norm="frozen")


def _tensors(count: int, device: str, scale: Scale) -> tuple[Tensor, Tensor]:
    """Images as a network takes them, and labels, on the device."""
    draw = torch.Generator().manual_seed(0)
    images = torch.randn(count, 3, scale.side, scale.side, generator=draw)
    labels = torch.randint(CLASSES, (count,), generator=draw)
    return images.to(device=device, memory_format=torch.channels_last), labels.to(device)


def _synthetic(folder: Path, name: str, device: str, scale: Scale) -> Prepared:
    """Noise in classes, prepared for random weights of the architecture; all files go below ``folder``."""
    torch.manual_seed(0)
    timm.models.save_for_hf(timm.create_model(name), folder / name, safe_serialization=True)
    draw = np.random.default_rng(0)
    images = draw.integers(0, 256, (scale.images, scale.side, scale.side, 3), dtype=np.uint8)
    labels = [f"c{i % CLASSES}" for i in range(scale.images)]
    return prepared(
        (images, labels),
        folder / "store",
        backbone=f"local-dir:{folder / name}",
        image_size=scale.side,
        device=device,
    )
