"""Say what is to be learned, and what one trial of it may cost."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

import numpy as np

from autotl.api import Backbone, Dataset, Likeness, Machine, Splits, Strategy, Task
from autotl.search.arms import plan_arms

SEARCH_SHARE = 0.6
"""Of the time left for trials, for the defaults of all arms together: a network that was trained to the end
is worth more than the choice among several that were not.
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
) -> Task:
    """The task with what is to be spent on one trial, of the seconds that are ``left``; None: no budget.

    ``tests`` are the seconds to test a strategy's best trials. A strategy that does not apply has no share.
    """
    if left is None:
        return task

    def among(arms: int, tested: int) -> Task:
        trials = max(0.0, left - tested * tests)
        # about half of the arms train networks
        return replace(task, trial_seconds=SEARCH_SHARE * trials / max(1.0, 0.5 * arms))

    first = among(len(strategies) * len(backbones), len(strategies))
    arms, _ = plan_arms(strategies, backbones, first, machine=machine)
    return among(len(arms), len({arm.strategy for arm in arms})) if arms else first
