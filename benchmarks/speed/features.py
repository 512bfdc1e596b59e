"""Feature extraction, decoding included, beside a bare forward pass over ready tensors."""

from __future__ import annotations

import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import torch
from torch import Tensor, nn
from torch.utils.data import DataLoader

from autotl.cache import Store
from autotl.pipeline.prepare import Prepared
from autotl.workbench.run_cache import RunCache
from benchmarks.speed.bare import rate
from benchmarks.speed.images import Zipped, folder_of, prepared
from benchmarks.speed.plain import model_of, transform_of
from benchmarks.speed.timing import alternate, ratio, spread

BATCH = 64


def measure(data: Path, backbone: str, *, rounds: int, side: int = 128, most: int = 640) -> dict[str, Any]:
    """Images a second of five ways through at most ``most`` training images of a zip.

    ``autotl`` decodes, runs the network and keeps images and features on disk, its store being empty at the
    start of every round; ``again`` is what it takes when asked once more. ``bare`` runs the network alone on
    tensors in memory, ``decoding`` is autotl's without the network. ``loader`` decodes with timm's transform
    in two workers of a DataLoader.
    """
    model = model_of(backbone, 0).eval()
    rows = Zipped(data, transform_of(model, side, augmented=False), most=most)
    ready = prepared(folder_of(rows), backbone, side)
    name = next(iter(ready.backbones))
    pixels = ready.materials.images.pixels(name, side=side, margin=False)[:]
    images = torch.cat([ready.materials.normalise(name, part) for part in pixels.split(BATCH)])
    loader = DataLoader(rows, batch_size=BATCH, num_workers=2, persistent_workers=True)
    with tempfile.TemporaryDirectory(prefix="speed-") as folder:
        fresh = iter(list(_fresh(ready, Path(folder), 2 * (rounds + 1))))
        things: dict[str, Callable[[], object]] = {
            "bare": lambda: _forward(model, images),
            "autotl": lambda: next(fresh).features(name, side=side),
            "again": lambda: ready.materials.features(name, side=side),
            "decoding": lambda: next(fresh).images.pixels(name, side=side, margin=False),
            "loader": lambda: [_forward(model, batch) for batch, _ in loader],
        }
        for thing in things.values():  # workers start, kernels are chosen
            thing()
        seconds = alternate(things, rounds=rounds)
    # on cores that are all busy, decoding and computing cannot hide behind each other
    seconds["decoding + bare"] = [a + b for a, b in zip(seconds["decoding"], seconds["bare"], strict=True)]
    count = len(images)
    table = [
        {
            "what": each,
            "seconds": spread(seconds[each]),
            "images/s": rate(seconds[each], count),
            "time / bare": ratio(seconds, each, "bare"),
            "time / (decoding + bare)": ratio(seconds, each, "decoding + bare"),
        }
        for each in seconds
    ]
    return {"data": data.stem, "images": count, "side": side, "batch": BATCH, "rounds": rounds, "rows": table}


def _fresh(ready: Prepared, folder: Path, count: int) -> Iterator[RunCache]:
    """Materials over empty stores, their network loaded already."""
    for number in range(count):
        store = Store(folder / str(number))
        device = ready.materials.device
        materials = RunCache(ready.dataset, ready.splits, ready.backbones, store, device=device)
        materials.source_model(next(iter(ready.backbones)))
        yield materials


def _forward(model: nn.Module, images: Tensor) -> None:
    """Pooled features of normalised images, in batches."""
    with torch.inference_mode():
        for part in images.split(BATCH):
            model(part.to(memory_format=torch.channels_last))
