"""Prepare a run and a workbench on tiny images."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any, cast

from autotl import plugins
from autotl.api import Applies, Backbone, OwnNetworks, Strategy, TargetKind, Task, Weights
from autotl.cache import Store
from autotl.clock import NEVER, WallClock
from autotl.config.run_config import RunConfig
from autotl.config.run_settings import RunSettings, resolve
from autotl.pipeline.prepare import Prepared, prepare
from autotl.pipeline.services import Plugins, Services
from autotl.preparation.baseline_networks import open_baseline_networks
from autotl.terminal import Silence
from autotl.testing.data import tiny_images, tiny_targets
from autotl.workbench.trial_workbench import TrialWorkbench

SIDE = 32


def tiny_run(
    folder: Path, *, classes: int = 3, each: int = 20, seed: int = 0, kind: TargetKind = "single_label"
) -> Prepared:
    """Prepare a run on tiny images at 32 px.

    Args:
        folder: The folder of the caches.
        classes: The number of classes, at most 5.
        each: The number of images of each class.
        seed: The seed of the images and of the split.
        kind: The kind of target; see :func:`tiny_targets` for others than classes.
    """
    none = replace(Plugins.of(plugins.load(), {}), similarities={}, transferabilities={})
    data: Any = tiny_images(classes=classes, each=each, seed=seed)
    if kind != "single_label":
        data = tiny_targets(kind, each=each, seed=seed)
    ready = prepare(_settings(data=data, seed=seed), none, Services(Store(folder), WallClock(), Silence()))
    return replace(ready, task=replace(ready.task, trial_seconds=2.0))  # so that recipes stay short


def with_own_network(ready: Prepared, strategy: Strategy) -> Prepared:
    """Add the smallest of a strategy's own networks, if any.

    Raises:
        AssertionError: The network cannot be used.
    """
    if not isinstance(strategy, OwnNetworks):
        return ready
    smallest = {strategy.name: cast(Strategy, _Smallest(strategy))}
    own = open_baseline_networks(smallest, ready.task, _settings(), end=NEVER)
    assert strategy.name in own.networks, f"{strategy.name} has no network to use: {own.refused}"
    run_cache = ready.run_cache.with_backbones({**ready.backbones, **own.by_name})
    return replace(ready, baseline_networks=own, run_cache=run_cache)


def _settings(**options: Any) -> RunSettings:
    return resolve(RunConfig.of(trials=1, backbone="tiny", image_size=SIDE, device="cpu", **options))


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
    return TrialWorkbench(
        ready.run_cache.without_test(), ready.task, ready.networks[backbone], rows, seed=seed
    )
