"""Subsample the images to what a time budget allows."""

from __future__ import annotations

import math
from collections.abc import Mapping

from autotl.api import Backbone, Dataset, Splits
from autotl.budget.policy import POLICY
from autotl.config.run_settings import RunSettings
from autotl.data import subsample_test, subsample_train, view_of
from autotl.preparation.record import LEAST_ROWS
from autotl.workbench.run_cache import RunCache

MIN_TESTS = 500
"""Test images that are used however short the time is."""
MIN_ADDITIONAL = 200
"""Images of each additional set that are used however short the time is."""
ADDITIONAL_STORE_SHARE = 0.25
"""Largest fraction of the store for the pixels of all additional sets at one image size."""


def seconds_to_read(left: float | None) -> float | None:
    """Return the seconds for reading the images; None without a limit."""
    return None if left is None else POLICY.reading * max(left, 0.0)


def reading_note(dataset: Dataset) -> str:
    """Return a note on images that were not read, or ""."""
    if not dataset.left_out:
        return ""
    total = len(dataset) + len(dataset.unreadable) + dataset.left_out
    return (
        f"Reads {total - dataset.left_out:,} of {total:,} images: reading all of them would take more than "
        f"{POLICY.reading:.0%} of the time on this machine. A larger budget reads more."
    )


def subsample(
    dataset: Dataset,
    splits: Splits,
    backbones: Mapping[str, Backbone],
    *,
    left: float | None,
    strategies: int,
    seed: int,
    least: int = LEAST_ROWS,
) -> tuple[Splits, list[str]]:
    """Subsample the training and test images to what the time allows.

    The training images are limited by one pass of all backbones, the test images by one pass of every
    strategy's best network.

    Args:
        dataset: The images.
        splits: Their split.
        backbones: The backbones, by name.
        left: Seconds that are left; None without a time limit.
        strategies: How many strategies will be tested; with 0, the test images are not limited.
        seed: The seed that draws the images.
        least: Training images that are used however short the time is.

    Returns:
        The split, and a note on each part that was subsampled.
    """
    notes: list[str] = []
    if left is None:
        return splits, notes
    seconds = max(left, 0.0)
    paces = [backbone.pace.seconds(1, input_size=backbone.input_size) for backbone in backbones.values()]
    fewer = subsample_train(
        dataset, splits, max(least, int(POLICY.training_pass * seconds / sum(paces))), seed=seed
    )
    if fewer is not splits:
        notes.append(
            f"Trains on {len(fewer.train):,} of {len(splits.train):,} training images: one pass over all of "
            f"them would take more than {POLICY.training_pass:.0%} of the time on this machine. A larger "
            "budget uses more."
        )
    if not strategies:
        return fewer, notes
    tests = max(MIN_TESTS, int(POLICY.test_pass * seconds / (strategies * max(paces))))
    tested = subsample_test(dataset, fewer, tests, seed=seed)
    if tested is not fewer:
        notes.append(
            f"Tests on {len(tested.test):,} of {len(splits.test):,} test images: testing every strategy on "
            f"all of them would take more than {POLICY.test_pass:.0%} of the time on this machine. The rest "
            "stays unused: 'autotl evaluate' can score the exported model on it."
        )
    return tested, notes


def additional_limit(run_cache: RunCache, *, left: float | None, sets: int) -> int:
    """Return how many images of each additional set are affordable.

    Args:
        run_cache: The backbones and the store.
        left: Seconds that are left; None without a time limit.
        sets: The number of sets.

    Returns:
        The number of images, at least MIN_ADDITIONAL.
    """
    backbones = run_cache.backbones.values()
    views = [view_of(each.config, input_size=each.input_size, margin=True) for each in backbones]
    largest = max(math.prod(view.shape) * view.dtype.itemsize for view in views)
    limits = [int(ADDITIONAL_STORE_SHARE * run_cache.store.bound / (sets * largest))]
    if left is not None:
        pace = sum(each.pace.seconds(1, input_size=each.input_size) for each in backbones)
        limits.append(int(POLICY.additional_pass * max(left, 0.0) / (sets * pace)))
    return max(MIN_ADDITIONAL, min(limits))


def seconds_left(seconds: float | None, spent: float) -> float | None:
    """Return the seconds that are left of a budget, or None."""
    return None if seconds is None else seconds - spent


def is_late(config: RunSettings, left: float | None) -> bool:
    """Return whether too little of the budget is left for optional analysis."""
    budget = config.budget.seconds
    return budget is not None and left is not None and not config.full_profile and left < POLICY.late * budget
