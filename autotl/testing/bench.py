"""Prepare a run and a workbench on tiny images, for the checks and for plugin tests."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import cast

from autotl import plugins
from autotl.api import Applies, Backbone, OwnNetworks, Strategy, Task, Weights
from autotl.cache import Store
from autotl.clock import NEVER, Budget, WallClock
from autotl.config.run_config import RunConfig
from autotl.pipeline.prepare import Prepared, prepare
from autotl.preparation.baseline_networks import open_own_networks
from autotl.terminal import Silence
from autotl.testing.data import tiny_images
from autotl.workbench.trial_workbench import TrialWorkbench

SIDE = 32


def tiny_run(folder: Path, *, classes: int = 3, each: int = 20, seed: int = 0) -> Prepared:
    """Prepare a run on tiny images at 32 px.

    Args:
        folder: The folder of the caches.
        classes: The number of classes, at most 5.
        each: The number of images of each class.
        seed: The seed of the images and of the split.
    """
    catalog = plugins.load()
    ready = prepare(
        RunConfig(
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


def with_own_network(ready: Prepared, strategy: Strategy) -> Prepared:
    """Add the smallest of a strategy's own networks, if any.

    Raises:
        AssertionError: The network cannot be used.
    """
    if not isinstance(strategy, OwnNetworks):
        return ready
    setup = RunConfig(data=None, budget=Budget(trials=1), image_size=SIDE)
    smallest = {strategy.name: cast(Strategy, _Smallest(strategy))}
    own = open_own_networks(smallest, ready.task, setup, end=NEVER)
    assert strategy.name in own.networks, f"{strategy.name} has no network to use: {own.refused}"
    materials = ready.materials.knowing({**ready.backbones, **own.by_name})
    return replace(ready, own=own, materials=materials)


class _Smallest:
    """Offers only the smallest of a strategy's networks, and always applies it."""

    def __init__(self, strategy: OwnNetworks) -> None:
        self._strategy = strategy

    def networks(self, task: Task) -> Sequence[Weights]:
        return self._strategy.networks(task)[:1]

    def applies(self, task: Task, backbone: Backbone) -> Applies:
        return Applies(True, "it is the network that the checks use")


def tiny_bench(
    ready: Prepared, *, fold: int | None = 0, seed: int = 0, backbone: str = "tiny"
) -> TrialWorkbench:
    """Return the workbench of one fold on one network.

    Args:
        ready: The prepared run.
        fold: The fold; None for the final refit.
        seed: The seed of the trial.
        backbone: The name of the network.
    """
    rows = None if fold is None else ready.splits.folds[fold]
    return TrialWorkbench(ready.materials, ready.task, ready.networks[backbone], rows, seed=seed)
