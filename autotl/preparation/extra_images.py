"""Let the networks that baselines bring learn from images for which a backbone's pass had no time."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from autotl.api import Backbone, Dataset, FirstLook, OwnNetworks, Splits, Strategy, Task
from autotl.clock import Clock, Deadline
from autotl.config.run_config import RunConfig
from autotl.data import render, view_of, with_extra_rows
from autotl.preparation.baseline_networks import Own, open_own_networks, reopen_own_networks
from autotl.preparation.record import PreparationRecord
from autotl.progress import doing
from autotl.training import epoch_seconds
from autotl.workbench.run_cache import RunCache

EPOCHS = 6
"""Epochs over all the images that must fit into the time of a trial: fewer teach less than the images do."""
DECODING_SHARE = 0.15
"""Of the time of a trial, what decoding the images may take."""
TIMED = 64
"""Images by which the pace of decoding is measured."""

Rows = NDArray[np.int64]


@dataclass(frozen=True, slots=True)
class ExtraImages:
    """What some networks learn from, if it is more than the backbones do.

    Attributes:
        task: The task with these images.
        materials: The images and networks. The validation images are those of the other materials.
        networks: The names of the networks.
        asked: The images that were asked for. Each class gives a whole number of them, so the sum may differ.
    """

    task: Task
    materials: RunCache
    networks: frozenset[str]
    asked: int

    @property
    def held_out(self) -> dict[str, float]:
        """The share of the images that validation leaves out, by the name of the network."""
        return dict.fromkeys(self.networks, self.materials.splits.held_out)

    @property
    def note(self) -> str:
        """One sentence for the report."""
        names, images = " and ".join(sorted(self.networks)), self.task.train_rows
        return f"{names} {'learns' if len(self.networks) == 1 else 'learn'} from {images:,} of them."


def tasks_by_network(networks: Collection[str], task: Task, wider: ExtraImages | None) -> dict[str, Task]:
    """Return the task of each network: that of the wider materials for the networks that have them."""
    return {name: wider.task if wider and name in wider.networks else task for name in networks}


def left_out(dataset: Dataset, whole: Splits, splits: Splits, setup: RunConfig) -> Rows:
    """Return training rows that were left out for lack of time and may be learned from.

    None are where there are several folds, or where images are dropped or weighed by what a backbone shows.
    Rows in the group of a validation or test image, or with its hash, are not among them.

    Args:
        dataset: The images, with the groups that were found before the split.
        whole: The split of all images.
        splits: The split that the backbones learn from.
        setup: What the user asked for.
    """
    rest = np.setdiff1d(whole.train, splits.train)
    if len(splits.folds) > 1 or setup.clean != "report" or setup.reweight:
        return rest[:0]
    groups, looks = dataset.table["group"], dataset.table["looks"].to_numpy()
    outside = np.concatenate([splits.folds[0].val, whole.test])
    together = groups.iloc[rest].isin(groups.iloc[outside].dropna()).to_numpy()
    return rest[~together & ~np.isin(looks[rest], looks[outside])]


def open_networks(
    setup: RunConfig,
    strategies: Mapping[str, Strategy],
    task: Task,
    materials: RunCache,
    more: Rows,
    *,
    decided: PreparationRecord | None,
    end: Deadline,
) -> tuple[Own, ExtraImages | None]:
    """Open the networks that baselines bring, and decide how many images those learn from.

    Only networks with a first look learn from more: what they are worth is known before they are trained.

    Args:
        setup: What the user asked for.
        strategies: All strategies, by name.
        task: The task, with what a trial may cost.
        materials: What the backbones learn from.
        more: Training rows that the backbones do not learn from.
        decided: What was decided before, if the run is resumed.
        end: The end of the budget.
    """
    doing("preparing baselines")
    taken = materials.backbones
    if decided is not None:
        own = reopen_own_networks(decided.own, task, setup, end=end)
        return own, _with(materials, task, own, strategies, more, decided.wider, setup.seed)
    looking = {
        name: each
        for name, each in strategies.items()
        if isinstance(each, OwnNetworks) and isinstance(each, FirstLook)
    }
    most = _decodable(materials, more, task, end.clock) if looking else 0
    if not most:
        return open_own_networks(strategies, task, setup, taken=taken, end=end), None
    others = {name: each for name, each in strategies.items() if name not in looking}
    rest = open_own_networks(others, task, setup, taken=taken, end=end)
    splits = with_extra_rows(materials.dataset, materials.splits, more, most, seed=setup.seed)
    wide = _counted(task, materials.dataset, splits)
    found = open_own_networks(looking, wide, setup, taken={*taken, *rest.by_name}, end=end)
    own = Own({**rest.networks, **found.networks}, {**rest.refused, **found.refused})
    rows = min([wide.train_rows, *(_trainable(wide, each) for each in found.networks.values())])
    if not all(_has_room(materials, each, rows) for each in found.networks.values()):
        return own, None
    return own, _with(materials, task, own, strategies, more, rows, setup.seed)


def _with(
    materials: RunCache,
    task: Task,
    own: Own,
    strategies: Mapping[str, Strategy],
    more: Rows,
    rows: int | None,
    seed: int,
) -> ExtraImages | None:
    """Return what the networks with a first look learn from, if ``rows`` are more than the materials have."""
    known = len(materials.splits.train)
    networks = {
        each.name: each for name, each in own.networks.items() if isinstance(strategies.get(name), FirstLook)
    }
    if rows is None or rows <= known or not networks:
        return None
    splits = with_extra_rows(materials.dataset, materials.splits, more, rows - known, seed=seed)
    wide = RunCache(
        materials.dataset,
        splits,
        networks,
        materials.store,
        device=materials.device,
        processes=materials.processes,
    )
    return ExtraImages(_counted(task, materials.dataset, splits), wide, frozenset(networks), rows)


def _counted(task: Task, dataset: Dataset, splits: Splits) -> Task:
    """Return the task with the images of the split."""
    labels = dataset.table["label"].to_numpy(dtype=np.int64)[splits.train]
    counts = np.bincount(labels, minlength=len(task.classes)).tolist()
    return replace(task, rows=dict(zip(task.classes, counts, strict=True)))


def _decodable(materials: RunCache, more: Rows, task: Task, clock: Clock) -> int:
    """Return how many more images there is time to decode in a trial."""
    if task.trial_seconds is None or len(more) < TIMED:
        return 0
    facts = next(iter(materials.backbones.values()))
    view = view_of(facts.config, side=min(facts.sides))
    began = clock.now()
    render(materials.dataset, more[:: len(more) // TIMED][:TIMED], view)
    seconds = max(clock.now() - began, 1e-9)
    return min(len(more), int(DECODING_SHARE * task.trial_seconds * TIMED / seconds))


def _trainable(task: Task, network: Backbone) -> int:
    """Return of how many images EPOCHS epochs fit into the time of a trial, at the smallest image size."""
    assert task.trial_seconds is not None
    side = min(network.sides)
    each = epoch_seconds(task, network, side=side, trained=1.0) / task.train_rows
    return int(task.trial_seconds / (EPOCHS * each))


def _has_room(materials: RunCache, network: Backbone, rows: int) -> bool:
    """Return whether so many decoded images can be kept: decoding them in each epoch takes too long."""
    view = view_of(network.config, side=min(network.sides), margin=True)
    return materials.store.fits((rows, 3, view.pixels, view.pixels), np.uint8)
