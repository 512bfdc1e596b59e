"""Make the task of a search, and divide the time for trials."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

from autotl.api import Backbone, Dataset, FirstLook, Likeness, Machine, OwnNetworks, Splits, Strategy, Task
from autotl.budget.policy import POLICY
from autotl.data import count_strata
from autotl.modalities import modality_named
from autotl.training import epoch_seconds
from autotl.trials.arms import plan_arms

VALIDATION_IMAGES = 100
"""Validation images for comparing trials: a trial runs on several folds if each has fewer."""
EPOCHS = 12
"""Epochs at the smallest image size that each of several folds must have time for.

With fewer epochs the comparison is more precise, but the compared networks are worse.
"""


def make_task(
    metric: str,
    dataset: Dataset,
    splits: Splits,
    likeness: Mapping[str, Mapping[str, Likeness]],
    *,
    typical_size: int,
    backbones: Mapping[str, Backbone],
) -> Task:
    """Return the task, without a limit on the time of a trial.

    Args:
        metric: The name of the metric.
        dataset: The images.
        splits: Their split.
        likeness: Each similarity of each backbone, by the backbone's name and the similarity's.
        typical_size: The median of the images' shorter sides, in pixels.
        backbones: The backbones, by name.
    """
    return Task(
        augmentations=modality_named(dataset.modality).augmentations,
        modality=dataset.modality,
        target=dataset.target,
        strata_counts=count_strata(dataset, splits.train),
        typical_size=typical_size,
        metric=metric,
        trial_seconds=None,
        likeness={
            backbone: {name: each.calibrated for name, each in measures.items()}
            for backbone, measures in likeness.items()
        },
        backbones={name: facts.parameters for name, facts in backbones.items()},
    )


def with_trial_time(
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
    """Return the task with the time and the folds per trial.

    Only strategies that apply have a part of the time. A strategy with its own network has a part
    only if it has a first look. After a promising first look it takes as long as the others.

    Args:
        task: The task.
        strategies: All strategies, by name.
        backbones: The backbones, by name.
        machine: The machine that trials run on.
        left: Seconds that are left; None without a time limit.
        tests: Seconds to test the best trials of one strategy.
        validated: Validation images of one fold.
        folds: Folds of one repeat.
    """
    first_looks = sum(
        isinstance(each, FirstLook) and isinstance(each, OwnNetworks) for each in strategies.values()
    )
    strategies = {name: each for name, each in strategies.items() if not isinstance(each, OwnNetworks)}
    if left is None:
        return task

    def divided(arms: int, tested: int) -> Task:
        seconds = max(0.0, left - tested * tests)
        trial_seconds = POLICY.defaults * seconds / max(1.0, POLICY.training_arms * arms)
        timed = replace(task, trial_seconds=trial_seconds)
        return replace(timed, folds=_folds(timed, backbones, validated=validated, most=folds))

    first = divided(len(strategies) * len(backbones) + first_looks, len(strategies))
    arms, _ = plan_arms(strategies, backbones, dict.fromkeys(backbones, first), machine=machine)
    return divided(len(arms) + first_looks, len({arm.strategy for arm in arms})) if arms else first


def _folds(task: Task, backbones: Mapping[str, Backbone], *, validated: int, most: int) -> int:
    """Return the folds for enough validation images, as the time allows."""
    wanted = min(most, round(VALIDATION_IMAGES / max(1, validated)))
    assert task.trial_seconds is not None
    least = max(
        EPOCHS * epoch_seconds(task, each, input_size=min(each.input_sizes), trained=1.0)
        for each in backbones.values()
    )
    return max(1, min(wanted, int(task.trial_seconds / least)))
