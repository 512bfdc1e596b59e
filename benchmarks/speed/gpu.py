"""Compare autotl's training with a bare loop and with matrix products on an accelerator."""

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
from benchmarks.speed.loops.bare import BareLoop, Products, rates, wait
from benchmarks.speed.loops.library import LibraryLoop, recipe
from benchmarks.speed.timing import alternate, ratio

MODELS = ("resnet50", "vit_small_patch16_224")
CLASSES = 10
RUN = "frozen layers run, bare"
TERA = 1e12


@dataclass(frozen=True, slots=True)
class Scale:
    """The amount of computation.

    Attributes:
        input_size: Image size in pixels.
        images: Number of images, including the test set, a fifth.
        batch: Images per step.
        matrix: Side of the matrices.
        products: Number of matrix products.
    """

    input_size: int = 224
    images: int = 5120
    batch: int = 256
    matrix: int = 8192
    products: int = 100


def measure(
    rounds: int, *, device: str = "cuda", models: tuple[str, ...] = MODELS, scale: Scale | None = None
) -> dict[str, Any]:
    """Return rows of full fine-tuning and of training the last stage, for random images and weights.

    Args:
        rounds: Number of rounds.
        device: The device.
        models: Names of timm models.
        scale: The amount of computation.
    """
    if device.startswith("cuda") and not torch.cuda.is_available():
        return {"skipped": "no CUDA device"}
    rows = [row for name in models for row in _model(name, rounds, device, scale or Scale())]
    device_name = torch.cuda.get_device_name(device) if device.startswith("cuda") else device
    return {"device": device_name, "precision": precision(device), "rounds": rounds, "rows": rows}


def _model(name: str, rounds: int, device: str, scale: Scale) -> list[dict[str, Any]]:
    with tempfile.TemporaryDirectory(prefix="speed-") as folder:
        run = _synthetic(Path(folder), name, device, scale)
        last = len(next(iter(run.backbones.values())).stages) - 1
        settings = recipe(scale.input_size, scale.batch)
        library = {
            "full, autotl": LibraryLoop(run, settings, frozen=0),
            "full, autotl, augmented": LibraryLoop(
                run, recipe(scale.input_size, scale.batch, augment="shift"), frozen=0
            ),
            "last stage, autotl": LibraryLoop(run, settings, frozen=last),
        }
        bare = _bare(Path(folder) / name, run, last, device, scale)
        products = Products(device, input_size=scale.matrix, times=scale.products)
        functions: dict[str, Callable[[], object]] = {key: each.epoch for key, each in bare.items()}
        functions |= {key: _synchronised(each.epoch, device) for key, each in library.items()}
        for function in functions.values():  # warm-up: fills the cache and selects kernels
            function()
        seconds = alternate(functions | {"products": products.run}, rounds=rounds)
        for each in library.values():
            each.close()
        flops = {key: each.image_flops() for key, each in bare.items()}
        count = len(run.splits.train)
    return [
        _row(name, key, seconds, count, flops, products.flops)
        for key in (*bare, *library)
        if _reference(key) in flops  # a network that cannot be cut has no row for its last stage
    ]


def _row(
    name: str,
    key: str,
    seconds: dict[str, list[float]],
    images: int,
    flops: dict[str, float],
    products: float,
) -> dict[str, Any]:
    """Return the columns of a loop.

    ``of peak`` is the speed as a fraction of that of the matrix products in the same rounds. ``gain`` is the
    speed-up of the last stage alone over a loop that runs the frozen layers at every step; ``limit`` is the
    ratio of their operations.
    """
    reference = _reference(key)
    operations = flops[reference] * images
    alone = reference == "last stage, bare"
    return {
        "model": name,
        "what": key,
        "images/s": rates(seconds[key], images),
        "TFLOP/s": rates(seconds[key], operations / TERA),
        "of peak": operations / products * ratio(seconds, "products", key),
        "speed / bare": ratio(seconds, reference, key),
        "gain": ratio(seconds, RUN, key) if alone else None,
        "limit": flops[RUN] / flops[reference] if alone else None,
        "peak, TFLOP/s": rates(seconds["products"], products / TERA),
        "GFLOP/image": flops[reference] / 1e9,
    }


def _reference(key: str) -> str:
    """Return the bare loop with the same operations."""
    return f"{key.partition(',')[0]}, bare"


def _synchronised(epoch: Callable[[], object], device: str) -> Callable[[], None]:
    """Return a function that runs an epoch and waits for the device."""

    def run() -> None:
        epoch()
        wait(torch.device(device))

    return run


def _bare(folder: Path, run: Prepared, last: int, device: str, scale: Scale) -> dict[str, BareLoop]:
    """Return the bare loops: all layers, frozen layers before the last stage, and the last stage alone.

    BatchNorm statistics are fixed, as in the loops of autotl here.
    """
    images, labels = _tensors(len(run.splits.train), device, scale)
    found: dict[str, BareLoop] = {}
    for key, frozen in (("full, bare", 0), (RUN, last)):
        model, train_mode = _timm(folder, device, frozen)
        found[key] = BareLoop(model, model, images, labels, batch=scale.batch, train_mode=train_mode)
    place = next(iter(run.backbones.values())).stages[last - 1].module
    model, train_mode = _timm(folder, device, last)
    halves = cut(model, place, input_size=scale.input_size) if last else None
    if halves is not None:
        prefix, suffix = halves
        model.eval()
        with torch.no_grad(), autocast(device):
            activations = torch.cat([prefix(part).float() for part in images.split(scale.batch)])
        found["last stage, bare"] = BareLoop(
            model, suffix, activations, labels, batch=scale.batch, train_mode=train_mode
        )
    return found


def _timm(folder: Path, device: str, frozen: int) -> tuple[nn.Module, Callable[[nn.Module], object]]:
    """Return the network with frozen first stages, and a function that sets the others to training mode."""
    model = timm.create_model(f"local-dir:{folder}", pretrained=True, num_classes=CLASSES)
    model = model.to(device=device, memory_format=torch.channels_last)
    return model, freeze(model, frozen, norm="frozen")


def _tensors(count: int, device: str, scale: Scale) -> tuple[Tensor, Tensor]:
    """Return random input images and labels on the device."""
    generator = torch.Generator().manual_seed(0)
    images = torch.randn(count, 3, scale.input_size, scale.input_size, generator=generator)
    labels = torch.randint(CLASSES, (count,), generator=generator)
    return images.to(device=device, memory_format=torch.channels_last), labels.to(device)


def _synthetic(folder: Path, name: str, device: str, scale: Scale) -> Prepared:
    """Prepare noise images for random weights of the architecture, with all files in ``folder``."""
    torch.manual_seed(0)
    timm.models.save_for_hf(timm.create_model(name), folder / name, safe_serialization=True)
    rng = np.random.default_rng(0)
    images = rng.integers(0, 256, (scale.images, scale.input_size, scale.input_size, 3), dtype=np.uint8)
    labels = [f"c{i % CLASSES}" for i in range(scale.images)]
    return prepared(
        (images, labels),
        folder / "store",
        backbone=f"local-dir:{folder / name}",
        image_size=scale.input_size,
        device=device,
    )
