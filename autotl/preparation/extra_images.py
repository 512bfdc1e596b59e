"""Let networks of baselines learn from images that backbones leave out."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from autotl.api import Backbone, Dataset, FirstLook, OwnNetworks, Splits, Strategy, Task
from autotl.clock import Clock, Deadline
from autotl.config.run_settings import RunSettings
from autotl.data import count_strata, render, view_of, with_extra_rows
from autotl.preparation.baseline_networks import (
    BaselineNetworks,
    open_baseline_networks,
    reopen_baseline_networks,
)
from autotl.preparation.record import PlanRecord
from autotl.progress import report_progress
from autotl.training import epoch_seconds, preserve_global_state
from autotl.workbench.additional.images import with_additional
from autotl.workbench.run_cache import RunCache

EPOCHS = 6
"""Epochs over all images that must fit into the time of a trial: fewer epochs teach less than the images."""
DECODING_SHARE = 0.15
"""The fraction of the time of a trial that decoding the images may take."""
TIMED = 64
"""Images that measure the pace of decoding."""

Rows = NDArray[np.int64]


@dataclass(frozen=True, slots=True)
class ExtraImages:
    """The training images of networks that learn from extra images.

    Attributes:
        task: The task with these images.
        run_cache: The images and networks. The validation images are the same as for the backbones.
        networks: The names of the networks.
        requested: The number of images asked for. Each class gives a whole number of images, so their sum may
            differ.
    """

    task: Task
    run_cache: RunCache
    networks: frozenset[str]
    requested: int

    def without_test(self) -> ExtraImages:
        """Return the same without the images and targets of the test rows."""
        return replace(self, run_cache=self.run_cache.without_test())

    @property
    def held_out(self) -> dict[str, float]:
        """The fraction of the images held out for validation, by network."""
        return dict.fromkeys(self.networks, self.run_cache.splits.held_out)

    @property
    def note(self) -> str:
        """The sentence for the user."""
        names, images = " and ".join(sorted(self.networks)), self.task.train_rows
        return f"{names} {'learns' if len(self.networks) == 1 else 'learn'} from {images:,} of them."


def tasks_by_network(networks: Collection[str], task: Task, extra: ExtraImages | None) -> dict[str, Task]:
    """Return the task of each network.

    Args:
        networks: The names of all networks.
        task: The task with the images of the backbones.
        extra: The extra images of some networks.
    """
    return {name: extra.task if extra and name in extra.networks else task for name in networks}


def left_out(dataset: Dataset, whole: Splits, splits: Splits, settings: RunSettings) -> Rows:
    """Return training rows that were left out for lack of time.

    There are none if there are several folds, or if a backbone decides which images are dropped or weighted.
    Rows in the group of a validation or test image, or with its hash, are not returned.

    Args:
        dataset: The images, with the groups that were found before the split.
        whole: The split of all images.
        splits: The split that the backbones learn from.
        settings: The options of the run.
    """
    rest = np.setdiff1d(whole.train, splits.train)
    if len(splits.folds) > 1 or settings.data.clean != "report" or settings.data.reweight:
        return rest[:0]
    groups, hashes = dataset.table["group"], dataset.table["looks"].to_numpy()
    outside = np.concatenate([splits.folds[0].val, whole.test])
    together = groups.iloc[rest].isin(groups.iloc[outside].dropna()).to_numpy()
    return rest[~together & ~np.isin(hashes[rest], hashes[outside])]


@preserve_global_state()  # strategies choose their networks
def open_networks(
    settings: RunSettings,
    strategies: Mapping[str, Strategy],
    task: Task,
    run_cache: RunCache,
    more: Rows,
    *,
    recorded: PlanRecord | None,
    end: Deadline,
) -> tuple[BaselineNetworks, ExtraImages | None]:
    """Open the networks of baselines, and decide on their images.

    Only networks with a first look learn from extra images: their worth is known before they are trained.

    Args:
        settings: The options of the run.
        strategies: All strategies, by name.
        task: The task, with the time per trial.
        run_cache: The images and networks of the backbones.
        more: Training rows that the backbones do not learn from.
        recorded: The decisions of an earlier start of the run, which stay.
        end: The end of the budget.
    """
    report_progress("preparing baselines")
    if recorded is not None:
        own = reopen_baseline_networks(recorded.baseline_networks, task, settings, end=end)
        return own, _widened(run_cache, task, own, strategies, more, recorded.extra_images, settings.seed)
    taken = run_cache.backbones
    looking = {
        name: each
        for name, each in strategies.items()
        if isinstance(each, OwnNetworks) and isinstance(each, FirstLook)
    }
    most = _decodable(run_cache, more, task, end.clock) if looking else 0
    if not most:
        return open_baseline_networks(strategies, task, settings, taken=taken, end=end), None
    others = {name: each for name, each in strategies.items() if name not in looking}
    rest = open_baseline_networks(others, task, settings, taken=taken, end=end)
    splits = with_extra_rows(run_cache.dataset, run_cache.splits, more, most, seed=settings.seed)
    wide = _with_rows(task, run_cache.dataset, splits)
    found = open_baseline_networks(looking, wide, settings, taken={*taken, *rest.by_name}, end=end)
    rows = min([wide.train_rows, *(_trainable(wide, each) for each in found.networks.values())])
    if not all(_fits(run_cache, each, rows) for each in found.networks.values()):
        return rest | found, None
    return rest | found, _widened(run_cache, task, rest | found, strategies, more, rows, settings.seed)


def _widened(
    run_cache: RunCache,
    task: Task,
    own: BaselineNetworks,
    strategies: Mapping[str, Strategy],
    more: Rows,
    rows: int | None,
    seed: int,
) -> ExtraImages | None:
    """Return the extra images, if ``rows`` exceeds the present number."""
    known = len(run_cache.splits.train)
    networks = {
        each.name: each for name, each in own.networks.items() if isinstance(strategies.get(name), FirstLook)
    }
    if rows is None or rows <= known or not networks:
        return None
    splits = with_extra_rows(run_cache.dataset, run_cache.splits, more, rows - known, seed=seed)
    wide = RunCache(
        run_cache.dataset,
        splits,
        networks,
        run_cache.store,
        device=run_cache.device,
        processes=run_cache.processes,
    ).with_head_kinds(run_cache.networks.head_kinds)
    wide = with_additional(wide, run_cache.additional)
    return ExtraImages(_with_rows(task, run_cache.dataset, splits), wide, frozenset(networks), rows)


def _with_rows(task: Task, dataset: Dataset, splits: Splits) -> Task:
    """Return the task with the numbers of images of the split."""
    return replace(task, strata_counts=count_strata(dataset, splits.train))


def _decodable(run_cache: RunCache, more: Rows, task: Task, clock: Clock) -> int:
    """Return how many more images a trial has time to decode."""
    if task.trial_seconds is None or len(more) < TIMED:
        return 0
    facts = next(iter(run_cache.backbones.values()))
    view = view_of(facts.config, input_size=min(facts.input_sizes))
    started = clock.now()
    render(run_cache.dataset, more[:: len(more) // TIMED][:TIMED], view)
    seconds = max(clock.now() - started, 1e-9)
    return min(len(more), int(DECODING_SHARE * task.trial_seconds * TIMED / seconds))


def _trainable(task: Task, network: Backbone) -> int:
    """Return how many images fit into a trial of EPOCHS epochs."""
    assert task.trial_seconds is not None
    input_size = min(network.input_sizes)
    each = epoch_seconds(task, network, input_size=input_size, trained=1.0) / task.train_rows
    return int(task.trial_seconds / (EPOCHS * each))


def _fits(run_cache: RunCache, network: Backbone, rows: int) -> bool:
    """Return whether so many decoded images can be kept."""
    view = view_of(network.config, input_size=min(network.input_sizes), margin=True)
    return run_cache.store.fits((rows, *view.shape), view.dtype)
