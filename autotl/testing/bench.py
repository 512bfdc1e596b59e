"""Prepare a run and a workbench on tiny images."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any, cast

import numpy as np

from autotl import plugins
from autotl.api import (
    DEPLOY,
    SOURCE,
    Applies,
    Backbone,
    OwnNetworks,
    Strategy,
    TargetKind,
    Task,
    Weights,
    roles_of,
)
from autotl.cache import Store
from autotl.clock import NEVER, WallClock
from autotl.config.run_config import RunConfig
from autotl.config.run_settings import RunSettings, resolve
from autotl.data.additional.listing import list_additional
from autotl.data.additional.reading import ReadingLimits, read_additional
from autotl.pipeline.prepare import Prepared, prepare
from autotl.pipeline.services import Plugins, Services
from autotl.preparation.baseline_networks import open_baseline_networks
from autotl.seeds import derive
from autotl.terminal import Silence
from autotl.testing.data import NAMES, tiny_images, tiny_targets
from autotl.workbench.additional.images import additional_facts, with_additional
from autotl.workbench.additional.sets import AdditionalSet
from autotl.workbench.trial_workbench import TrialWorkbench

SIDE = 32


def tiny_run(
    folder: Path,
    *,
    classes: int = 3,
    each: int = 20,
    seed: int = 0,
    kind: TargetKind = "single_label",
    additional: Iterable[str] = (),
) -> Prepared:
    """Prepare a run on tiny images at 32 px.

    Args:
        folder: The folder of the caches.
        classes: The number of classes, at most 5.
        each: The number of images of each class.
        seed: The seed of the images and of the split.
        kind: The kind of target; see :func:`tiny_targets` for others than classes.
        additional: Roles of images besides the labelled ones, such as ``"unlabelled"``.
    """
    none = replace(Plugins.of(plugins.load(), {}), similarities={}, transferabilities={})
    data: Any = tiny_images(classes=classes, each=each, seed=seed)
    if kind != "single_label":
        data = tiny_targets(kind, each=each, seed=seed)
    ready = prepare(_settings(data=data, seed=seed), none, Services(Store(folder), WallClock(), Silence()))
    ready = replace(ready, task=replace(ready.task, trial_seconds=2.0))  # so that recipes stay short
    return _with_roles(ready, additional, classes=classes, each=each, seed=seed)


def with_additional_images(ready: Prepared, strategy: Strategy) -> Prepared:
    """Add the additional images that a strategy learns from, if any."""
    classes = min(ready.task.target.outputs, len(NAMES))
    return _with_roles(ready, roles_of(strategy), classes=classes, each=20, seed=0)


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


def _with_roles(ready: Prepared, roles: Iterable[str], *, classes: int, each: int, seed: int) -> Prepared:
    """Add tiny images in the roles that are missing.

    They are more of the same, all textures with their names, or darker ones for the place of use.
    """
    sets = dict(ready.run_cache.additional)
    for role in [role for role in roles if role not in sets]:
        images, names = tiny_images(
            classes=len(NAMES) if role == SOURCE else classes, each=each, seed=derive(seed, role)
        )
        images = images // 2 if role == DEPLOY else images
        listing = list_additional(role, (images, names), readers=plugins.load().readers.items)
        dataset, _ = read_additional(
            listing, ready.dataset.scale, ReadingLimits(), clock=WallClock(), seed=seed
        )
        sets[role] = AdditionalSet(dataset, np.arange(len(dataset)), len(dataset))
    if not sets:
        return ready
    run_cache = with_additional(ready.run_cache, sets)
    task = replace(ready.task, additional=additional_facts(run_cache))
    return replace(ready, run_cache=run_cache, task=task, additional=sets)


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
