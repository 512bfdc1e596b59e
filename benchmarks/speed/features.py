"""Compare feature extraction, including decoding, with a forward pass over tensors in memory."""

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
from benchmarks.speed.loops.bare import rates
from benchmarks.speed.loops.images import ZipImages, prepared, write_images
from benchmarks.speed.loops.plain import create_model, transform_of
from benchmarks.speed.timing import alternate, ratio, spread

BATCH = 64


def measure(
    data: Path, backbone: str, *, rounds: int, input_size: int = 128, limit: int = 640
) -> dict[str, Any]:
    """Return the images per second of five implementations.

    ``autotl`` decodes, runs the network, and stores images and features on disk, with an empty cache in every
    round. ``again`` repeats this with the filled cache. ``bare`` runs only the network on tensors in memory.
    ``decoding`` is autotl without the network. ``loader`` decodes with timm's transform in two workers of a
    DataLoader.

    Args:
        data: A zip with ``train/<class>/<file>``.
        backbone: A timm folder.
        rounds: Number of rounds.
        input_size: Image size in pixels.
        limit: Number of images.
    """
    model = create_model(backbone, 0).eval()
    rows = ZipImages(data, transform_of(model, input_size, augmented=False), limit=limit)
    run = prepared(write_images(rows), backbone, input_size)
    name = next(iter(run.backbones))
    pixels = run.run_cache.images.pixels(name, input_size=input_size, margin=False)[:]
    images = torch.cat([run.run_cache.to_batch(name, part) for part in pixels.split(BATCH)])
    loader = DataLoader(rows, batch_size=BATCH, num_workers=2, persistent_workers=True)
    with tempfile.TemporaryDirectory(prefix="speed-") as folder:
        caches = iter(list(_empty_caches(run, Path(folder), 2 * (rounds + 1))))
        functions: dict[str, Callable[[], object]] = {
            "bare": lambda: _forward(model, images),
            "autotl": lambda: next(caches).features(name, input_size=input_size),
            "again": lambda: run.run_cache.features(name, input_size=input_size),
            "decoding": lambda: next(caches).images.pixels(name, input_size=input_size, margin=False),
            "loader": lambda: [_forward(model, batch) for batch, _ in loader],
        }
        for function in functions.values():  # warm-up: starts workers and selects kernels
            function()
        seconds = alternate(functions, rounds=rounds)
    # if all cores are busy, decoding and computing cannot overlap
    seconds["decoding + bare"] = [a + b for a, b in zip(seconds["decoding"], seconds["bare"], strict=True)]
    count = len(images)
    table = [
        {
            "what": each,
            "seconds": spread(seconds[each]),
            "images/s": rates(seconds[each], count),
            "time / bare": ratio(seconds, each, "bare"),
            "time / (decoding + bare)": ratio(seconds, each, "decoding + bare"),
        }
        for each in seconds
    ]
    return {
        "data": data.stem,
        "images": count,
        "side": input_size,
        "batch": BATCH,
        "rounds": rounds,
        "rows": table,
    }


def _empty_caches(run: Prepared, folder: Path, count: int) -> Iterator[RunCache]:
    """Yield run caches with empty stores and a loaded network."""
    for number in range(count):
        store = Store(folder / str(number))
        device = run.run_cache.device
        cache = RunCache(run.dataset, run.splits, run.backbones, store, device=device)
        cache.networks.source(next(iter(run.backbones)))
        yield cache


def _forward(model: nn.Module, images: Tensor) -> None:
    """Compute the pooled features of normalised images in batches."""
    with torch.inference_mode():
        for part in images.split(BATCH):
            model(part.to(memory_format=torch.channels_last))
