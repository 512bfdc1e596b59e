"""A workbench over tiny images, for the checks and for a plugin author's own tests."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

from autotl import plugins
from autotl.cache import Store
from autotl.clock import Budget, WallClock
from autotl.search import Bench, Prepared, Setup, prepare
from autotl.terminal import Silence
from autotl.testing.data import tiny_images

SIDE = 32


def tiny_run(folder: Path, *, classes: int = 3, each: int = 20, seed: int = 0) -> Prepared:
    """Tiny images, split and prepared with the embedded backbone at 32 px; caches go below ``folder``."""
    catalog = plugins.load()
    ready = prepare(
        Setup(
            data=tiny_images(classes=classes, each=each, seed=seed),
            budget=Budget(trials=1),
            backbones=("tiny",),
            image_size=SIDE,
            seed=seed,
        ),
        readers=catalog.readers.items,
        sources=catalog.backbones.items,
        similarities={},
        transferabilities={},
        strategies={},
        store=Store(folder),
        clock=WallClock(),
        watch=Silence(),
    )
    return replace(ready, task=replace(ready.task, trial_seconds=2.0))  # so that recipes stay short


def tiny_bench(ready: Prepared, *, fold: int | None = 0, seed: int = 0) -> Bench:
    """The workbench of one fold, or of the final refit (``fold=None``)."""
    rows = None if fold is None else ready.splits.folds[fold]
    return Bench(ready.materials, ready.task, ready.backbones["tiny"], rows, seed=seed)
