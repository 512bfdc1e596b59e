"""How many images a budget allows to read, to learn from and to test on."""

from __future__ import annotations

from collections.abc import Mapping

from autotl.api import Backbone, Dataset, Splits
from autotl.config.run_settings import RunSettings
from autotl.data import subsample_test, subsample_train
from autotl.preparation.record import LEAST_ROWS

READ_SHARE = 0.08
"""Of the time left, for reading every image once."""
LOOK_SHARE = 0.25
"""Of the time left, for one pass of every backbone over the training images; so many are used in any case."""
TEST_SHARE, LEAST_TESTS = 0.2, 500
"""Of the time left, for a pass of every strategy over the test images; so many are tested on in any case."""

LATE = 0.5
"""Of the budget: where less is left, what the search can do without is not looked at."""


def seconds_to_read(left: float | None) -> float | None:
    """What reading the images may take of so many seconds; None where time does not matter."""
    return None if left is None else READ_SHARE * max(left, 0.0)


def said_of_reading(dataset: Dataset) -> str:
    """A note where some images were not read, for lack of time."""
    if not dataset.left_out:
        return ""
    whole = len(dataset) + len(dataset.unreadable) + dataset.left_out
    return (
        f"Reads {whole - dataset.left_out:,} of {whole:,} images: to read them all would take more than "
        f"{READ_SHARE:.0%} of the time on this machine. Give more to use more."
    )


def affordable(
    dataset: Dataset,
    splits: Splits,
    backbones: Mapping[str, Backbone],
    *,
    left: float | None,
    strategies: int,
    seed: int,
    least: int = LEAST_ROWS,
) -> tuple[Splits, list[str]]:
    """The split with as many training images as the seconds that are ``left`` allow one look at, and as many
    test images as they allow every strategy's best trial to be tested on; with a note where these are not
    all. At ``least`` so many are learned from, however short the time.
    """
    notes: list[str] = []
    if left is None:
        return splits, notes
    seconds = max(left, 0.0)
    paces = [facts.pace.seconds(1, side=facts.side) for facts in backbones.values()]
    fewer = subsample_train(dataset, splits, max(least, int(LOOK_SHARE * seconds / sum(paces))), seed=seed)
    if fewer is not splits:
        notes.append(
            f"Learns from {len(fewer.train):,} of {len(splits.train):,} training images: one look at all of "
            f"them would take more than {LOOK_SHARE:.0%} of the time on this machine. Give more to use more."
        )
    if not strategies:  # nothing will be tested
        return fewer, notes
    tests = max(LEAST_TESTS, int(TEST_SHARE * seconds / (strategies * max(paces))))
    tested = subsample_test(dataset, fewer, tests, seed=seed)
    if tested is not fewer:
        notes.append(
            f"Is tested on {len(tested.test):,} of {len(splits.test):,} test images: testing every strategy "
            f"on all of them would take more than {TEST_SHARE:.0%} of the time on this machine. Nobody "
            "looks at the others: 'autotl evaluate' can, with the model that is delivered."
        )
    return tested, notes


def left_of(seconds: float | None, spent: float) -> float | None:
    """What is left of a budget; None where time does not matter."""
    return None if seconds is None else seconds - spent


def is_late(setup: RunSettings, left: float | None) -> bool:
    """Whether so little of the budget is left that what can be done without should be."""
    whole = setup.budget.seconds
    return whole is not None and left is not None and not setup.full_profile and left < LATE * whole
