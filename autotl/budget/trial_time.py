"""Say what is to be learned, and what one trial of it may cost."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

import numpy as np

from autotl.api import Backbone, Dataset, FirstLook, Likeness, Machine, OwnNetworks, Splits, Strategy, Task
from autotl.training import epoch_seconds
from autotl.trials.arms import plan_arms

SEARCH_SHARE = 0.6
"""Of the time left for trials, for the defaults of all arms together: a network that was trained to the end
is worth more than the choice among several that were not.
"""
TELLING = 100
"""Validation images that tell two trials apart, hardly: of much smaller folds a trial is run on several."""
EPOCHS = 12
"""Passes over the images, at the smallest size, that are left to each of several folds: shorter trainings
would make the choice surer, and worse what there is to choose from.
"""


def task_of(
    metric: str,
    dataset: Dataset,
    splits: Splits,
    likeness: Mapping[str, Mapping[str, Likeness]],
    *,
    side: int,
) -> Task:
    """The task, of which trials may cost whatever they want."""
    labels = dataset.table["label"].to_numpy(dtype=np.int64)[splits.train]
    counts = np.bincount(labels, minlength=len(dataset.classes))
    return Task(
        classes=dataset.classes,
        rows={name: int(count) for name, count in zip(dataset.classes, counts, strict=True)},
        side=side,
        metric=metric,
        trial_seconds=None,
        likeness={
            backbone: {name: each.calibrated for name, each in measures.items()}
            for backbone, measures in likeness.items()
        },
    )


def share_out(
    task: Task,
    strategies: Mapping[str, Strategy],
    backbones: Mapping[str, Backbone],
    machine: Machine,
    *,
    left: float | None,
    tests: float,
    validated: int,
    folds: int,
) -> Task:
    """The task with what is to be spent on one trial, of the seconds that are ``left``; None: no budget.

    ``tests`` are the seconds to test a strategy's best trials, ``validated`` the validation images of each of
    the ``folds`` of one repeat. A strategy that does not apply has no share, nor has one that brings a
    network of its own, unless it takes a first look: if that promises much, it takes as long as others.
    """
    looked = sum(
        isinstance(each, FirstLook) and isinstance(each, OwnNetworks) for each in strategies.values()
    )
    strategies = {name: each for name, each in strategies.items() if not isinstance(each, OwnNetworks)}
    if left is None:
        return task

    def among(arms: int, tested: int) -> Task:
        trials = max(0.0, left - tested * tests)
        # about half of the arms train networks
        each = replace(task, trial_seconds=SEARCH_SHARE * trials / max(1.0, 0.5 * arms))
        return replace(each, folds=_folds(each, backbones, validated=validated, most=folds))

    first = among(len(strategies) * len(backbones) + looked, len(strategies))
    arms, _ = plan_arms(strategies, backbones, dict.fromkeys(backbones, first), machine=machine)
    return among(len(arms) + looked, len({arm.strategy for arm in arms})) if arms else first


def _folds(task: Task, backbones: Mapping[str, Backbone], *, validated: int, most: int) -> int:
    """How many folds a trial is to be seen on for TELLING images, as far as each is left EPOCHS passes."""
    wanted = min(most, round(TELLING / max(1, validated)))
    assert task.trial_seconds is not None
    least = max(
        EPOCHS * epoch_seconds(task, each, side=min(each.sides), trained=1.0) for each in backbones.values()
    )
    return max(1, min(wanted, int(task.trial_seconds / least)))
