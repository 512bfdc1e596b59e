"""Measure an epoch at each freeze depth: the plain loop, autotl, and the suffix alone."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import torch

from autotl.workbench.activation_cache import SINGLE_PRECISION
from benchmarks.speed.loops.images import ZipImages, prepared, write_images
from benchmarks.speed.loops.library import LibraryLoop, recipe
from benchmarks.speed.loops.plain import PlainLoop, create_model, freeze_blocks, transform_of
from benchmarks.speed.loops.suffix import SuffixLoop, cut_point
from benchmarks.speed.timing import alternate, ratio, spread

DEPTHS = (0, 2, 3, 4, 5, 6, 7)
BATCH = 64


def measure(
    data: Path, backbone: str, *, rounds: int, input_size: int = 128, limit: int = 640, augmented: bool = True
) -> dict[str, Any]:
    """Return a row per freeze depth.

    Args:
        data: A zip with ``train/<class>/<file>``.
        backbone: A timm folder of a MobileNetV2.
        rounds: Number of rounds.
        input_size: Image size in pixels.
        limit: Number of images.
        augmented: Whether the images are augmented.
    """
    run = prepared(write_images(ZipImages(data, None, limit=limit)), backbone, input_size)
    rows = []
    augment, views = ("shift", 2) if augmented else ("none", 1)
    for frozen in DEPTHS:
        plain = _plain(data, backbone, frozen, input_size=input_size, augmented=augmented, limit=limit)
        suffix = _suffix(backbone, frozen, input_size, len(run.dataset.classes), limit)
        library = LibraryLoop(run, recipe(input_size, BATCH, augment=augment, views=views), frozen=frozen)
        for _ in range(2):  # fill the cache
            library.epoch()
        plain.epoch()  # starts its workers
        seconds = alternate(
            {"plain": plain.epoch, "ours": library.epoch, "suffix": suffix.epoch}, rounds=rounds
        )
        library.close()
        rows.append(
            {
                "frozen": frozen,
                **{name: spread(values) for name, values in seconds.items()},
                "plain / ours": ratio(seconds, "plain", "ours"),
                "ours / suffix": ratio(seconds, "ours", "suffix"),
                "plain / suffix": ratio(seconds, "plain", "suffix"),
                "limit": suffix.gain(),
            }
        )
        print(_line(rows[-1]), flush=True)
        del plain, library, suffix
    return {"data": data.stem, "images": min(limit, len(run.dataset)), "augmented": augmented, "rows": rows}


def first(
    data: Path, backbone: str, *, rounds: int, input_size: int = 128, limit: int = 640
) -> dict[str, Any]:
    """Compare the first epoch, which decodes images and fills the cache, with an epoch of the plain loop.

    Args:
        data: A zip with ``train/<class>/<file>``.
        backbone: A timm folder of a MobileNetV2.
        rounds: Number of rounds.
        input_size: Image size in pixels.
        limit: Number of images.
    """
    folder = write_images(ZipImages(data, None, limit=limit))
    rows = []
    for frozen in (3, 5, 7):
        plain = _plain(data, backbone, frozen, input_size=input_size, augmented=True, limit=limit)
        plain.epoch()

        def new(frozen: int = frozen) -> LibraryLoop:
            run = prepared(folder, backbone, input_size)
            run.run_cache.networks.task(next(iter(run.backbones)))
            return LibraryLoop(run, recipe(input_size, BATCH, augment="shift", views=2), frozen=frozen)

        loops = [new() for _ in range(rounds)]
        seconds = alternate(
            {"plain": plain.epoch, "first": lambda loops=loops: loops.pop().epoch()}, rounds=rounds
        )
        rows.append({"frozen": frozen, "first / plain": ratio(seconds, "first", "plain")})
        print(rows[-1], flush=True)
    return {"data": data.stem, "rows": rows}


def equal(
    data: Path, backbone: str, *, input_size: int = 128, limit: int = 640, epochs: int = 4
) -> dict[str, Any]:
    """Compare loss curves with and without the cache, and check that the frozen layers are unchanged.

    Args:
        data: A zip with ``train/<class>/<file>``.
        backbone: A timm folder of a MobileNetV2.
        input_size: Image size in pixels.
        limit: Number of images.
        epochs: Number of epochs.
    """
    run = prepared(write_images(ZipImages(data, None, limit=limit)), backbone, input_size)
    settings = recipe(input_size, BATCH, epochs=epochs)
    rows = []
    for frozen in (2, 4, 6, 7):
        loops = {
            "without": LibraryLoop(run, settings, frozen=frozen, cached=False),
            "exact": LibraryLoop(run, settings, frozen=frozen, dtypes=SINGLE_PRECISION),
            "half": LibraryLoop(run, settings, frozen=frozen),
        }
        curves = {name: [loop.epoch().loss or 0.0 for _ in range(epochs)] for name, loop in loops.items()}
        before = run.run_cache.networks.source(next(iter(run.backbones))).state_dict()
        same = all(
            torch.equal(value, before[name])
            for name, value in loops["half"].model.state_dict().items()
            if name.startswith(("conv_stem", "bn1", *(f"blocks.{i}." for i in range(frozen))))
        )
        rows.append(
            {
                "frozen": frozen,
                "exact": _largest_difference(curves["without"], curves["exact"]),
                "half": _largest_difference(curves["without"], curves["half"]),
                "prefix identical": same,
            }
        )
        print(rows[-1], flush=True)
    return {"data": data.stem, "epochs": epochs, "rows": rows}


def _largest_difference(one: list[float], other: list[float]) -> float:
    return max(abs(a - b) for a, b in zip(one, other, strict=True))


def _plain(
    data: Path, backbone: str, frozen: int, *, input_size: int, augmented: bool, limit: int
) -> PlainLoop:
    """Return the plain loop with the first ``frozen`` blocks frozen."""
    transform = transform_of(create_model(backbone, 2), input_size, augmented=augmented)
    return PlainLoop(ZipImages(data, transform, limit=limit), backbone, blocks=frozen, batch=BATCH)


def _suffix(backbone: str, frozen: int, input_size: int, classes: int, rows: int) -> SuffixLoop:
    model = create_model(backbone, classes)
    freeze_blocks(model, frozen)()
    return SuffixLoop(
        model, cut_point(frozen), input_size=input_size, classes=classes, batch=BATCH, rows=rows
    )


def _line(row: dict[str, Any]) -> str:
    rounded = {
        k: round(v["median"] if isinstance(v, dict) else v, 3 if k == "frozen" else 2) for k, v in row.items()
    }
    return "  ".join(f"{k} {v}" for k, v in rounded.items())
