"""A cause is named only if the evidence shows it."""

from __future__ import annotations

import numpy as np
import pytest

from autotl.evaluation import (
    ComparedImages,
    FoldCopies,
    GapReasons,
    SelectionBias,
    gap_reasons,
    judge_copies,
    judge_selection,
)
from autotl.quality import Shift

RNG = np.random.default_rng(0)
GAP = SelectionBias(0.2, 0.02, (0.16, 0.24))
LOOKED = np.arange(400) < 8


def compared(
    near: float, *, right: tuple[float, float], named: float = 0.0, chance: float = 0.0
) -> ComparedImages:
    """400 validation images with a share of near copies, and accuracy on these and on the others."""
    place = np.arange(400) / 400
    flags = place < near
    hits = np.where(flags, RNG.random(400) < right[0], RNG.random(400) < right[1])
    return ComparedImages(flags, place < named, np.full(400, chance), hits)


def copies(near: float, right: tuple[float, float], *, named: float = 0.0, chance: float = 0.0) -> FoldCopies:
    images = compared(near, right=right, named=named, chance=chance)
    return judge_copies(0.2, images, LOOKED, examples=[], grouped=False)


def reasons(
    *, trials: int = 1, near: float = 0.02, p: float = 0.4, images: tuple[int, int] = (400, 400)
) -> GapReasons:
    others = trials - 1
    return gap_reasons(
        GAP,
        selection=judge_selection(GAP.value, [0.0] * others, [0.08] * others),
        copies=copies(near, (0.9, 0.5)),
        shift=Shift(p, 3.0, 0.7, 400, 400),
        images=images,
        accuracy=True,
    )


def test_one_trial_cannot_be_the_best_of_many() -> None:
    found = judge_selection(0.2, [], [])
    assert (found.found, found.trials, found.explains) == (False, 1, 0.0)


def test_selection_explains_the_expected_maximum_of_the_tied_trials() -> None:
    noise = 0.02
    found = judge_selection(0.03, [0.0] * 9 + [0.5], [noise * np.sqrt(2)] * 10)
    drawn = np.random.default_rng(0).normal(scale=noise, size=(20_000, 10)).max(axis=1).mean()
    assert found.explains == pytest.approx(drawn, rel=0.03)
    assert (found.found, found.trials, found.tied) == (True, 11, 10)


def test_a_trial_that_leads_clearly_owes_nothing_to_selection() -> None:
    assert judge_selection(0.2, [0.1, 0.2], [0.01, 0.01]).explains == 0.0


def test_a_gap_far_beyond_selection_leaves_the_rest_unexplained() -> None:
    few = gap_reasons(
        GAP,
        selection=judge_selection(0.2, [0.0] * 9, [0.03] * 9),
        copies=copies(0.02, (0.9, 0.5)),
        shift=None,
        images=(400, 400),
        accuracy=True,
    )
    assert few.selection.found
    assert few.unexplained == pytest.approx(0.2 - few.selection.explains)


def test_near_copies_are_named_if_they_are_frequent_and_predicted_better() -> None:
    found = copies(0.5, (0.9, 0.5))
    assert found.found
    assert found.explains == pytest.approx(0.48 * 0.4, abs=0.03)
    assert not copies(0.5, (0.5, 0.5)).explains > 0.04
    assert not copies(0.5, (0.4, 0.6)).found


def test_as_many_near_copies_among_test_images_are_no_cause() -> None:
    found = judge_copies(
        0.2, compared(0.3, right=(0.9, 0.5)), np.arange(400) < 120, examples=[], grouped=False
    )
    assert not found.found


def test_file_name_neighbours_count_if_they_are_near_more_often_than_by_chance() -> None:
    assert copies(0.3, (0.9, 0.5), named=0.6).share == pytest.approx(0.6)
    assert copies(0.02, (0.9, 0.1), named=0.6, chance=0.1).share == pytest.approx(0.6)
    usual = copies(0.02, (0.9, 0.5), named=0.6, chance=0.6)
    assert not usual.found
    assert usual.share == pytest.approx(0.02)


def test_a_shift_is_named_if_it_is_significant_and_explains_an_unknown_part() -> None:
    found = reasons(p=0.001)
    assert found.shift is not None
    assert found.shift.found
    assert found.unexplained is None
    same = reasons(p=0.02).shift
    assert same is not None
    assert not same.found


def test_a_small_part_is_named() -> None:
    assert reasons(images=(400, 60)).few_images.found
    assert not reasons().few_images.found


def test_without_a_cause_all_of_the_gap_is_unexplained() -> None:
    found = reasons()
    assert not found.selection.found
    assert found.near_copies is not None
    assert not found.near_copies.found
    assert found.unexplained == GAP.value


def test_near_copies_that_were_not_measured_explain_nothing() -> None:
    found = gap_reasons(
        GAP, selection=judge_selection(0.2, [], []), copies=None, shift=None, images=(400, 400), accuracy=True
    )
    assert found.near_copies is None
    assert found.unexplained == GAP.value
