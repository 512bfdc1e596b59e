"""Judge what explains a validation score that lies above the test score."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.special import ndtri

from autotl.evaluation.selection_bias import SelectionBias
from autotl.quality import Shift

Flags = NDArray[np.bool_]

SIGNIFICANT = 0.01
"""The p-value below which training and test images differ."""
FEW = 200
"""Images below which a part is small: the 95% interval of an accuracy is then up to 14 points wide."""
MARGIN = 0.05
"""How much larger the share of near copies must be than in the test part, by the end of its 95% interval."""
LEAST_SHARE = 0.1
"""The share of the gap that a cause must explain to be named."""


@dataclass(frozen=True, slots=True)
class Selection:
    """The part of the gap that choosing the best of several trials can explain.

    Attributes:
        found: Whether this explains at least a tenth of the gap.
        trials: Trials that competed: scored, and neither pruned nor failed.
        tied: How many of them are within chance of the chosen trial, which is included.
        explains: Expected maximum of so many equally good trials above their mean, in the metric's unit.
    """

    found: bool
    trials: int
    tied: int
    explains: float


@dataclass(frozen=True, slots=True)
class FoldCopies:
    """The part of the gap that near copies across folds can explain.

    Attributes:
        found: Whether there are more than among test images, or more among file-name neighbours than in the
            class, and they explain at least a tenth of the gap.
        images: Validation images that were compared with the training rows of their fold.
        share: Share of them that has a near copy there.
        test_images: Test images that were compared with the same training rows; None if not measured.
        test_share: Share of them that has a near copy there; None if not measured.
        accuracy_with: Validation accuracy on images with a near copy; None if there are none.
        accuracy_without: Validation accuracy on the other images; None if there are none.
        explains: Points of accuracy by which the larger share lifts validation accuracy.
        examples: Names of near copies, (validation image, training image).
        grouped: Whether the data already names groups.
    """

    found: bool
    images: int
    share: float
    test_images: int | None
    test_share: float | None
    accuracy_with: float | None
    accuracy_without: float | None
    explains: float
    examples: tuple[tuple[str, str], ...]
    grouped: bool


@dataclass(frozen=True, slots=True)
class PartShift:
    """Whether training and test images differ, by the classifier two-sample test."""

    found: bool
    p: float
    auc: float


@dataclass(frozen=True, slots=True)
class FewImages:
    """Whether one of the two parts is small, with the number of images in each."""

    found: bool
    validation: int
    test: int


@dataclass(frozen=True, slots=True)
class GapReasons:
    """The checks that may explain the gap.

    Attributes:
        selection: Choosing the best of several trials.
        near_copies: Near copies between the training and validation rows of a fold; None if not measured.
        shift: A difference between training and test images; None if not measured.
        few_images: A small part.
        unexplained: What the found causes leave, in the metric's unit; None if that is within chance or
            unknown.
    """

    selection: Selection
    near_copies: FoldCopies | None
    shift: PartShift | None
    few_images: FewImages
    unexplained: float | None


@dataclass(frozen=True, slots=True)
class Compared:
    """Images that were compared with training images.

    Attributes:
        near: Whether an image has a near copy, by its picture alone, (n,).
        named: Whether an image has one among its file-name neighbours, (n,).
        chance: Chance that another image of the class is as near as this asks for, (n,).
        right: Whether the chosen trial answers it correctly, (n,).
    """

    near: Flags
    named: Flags
    chance: NDArray[np.float64]
    right: Flags


def by_selection(gap: float, behind: Sequence[float], errors: Sequence[float]) -> Selection:
    """Estimate how far the best of several noisy scores lies above what it stands for.

    Trials within 1.96 standard errors of the chosen trial count as equally good, which overestimates.

    Args:
        gap: Validation score minus test score.
        behind: How far each competing trial scored below the chosen one.
        errors: Standard errors of these differences, paired by image.

    Returns:
        The trials compared and the expected maximum of their noise.
    """
    near = [error for lead, error in zip(behind, errors, strict=True) if lead < 1.96 * error]
    tied = 1 + len(near)
    # a difference of two trials has twice the variance of one; Blom's expected maximum of normal variables
    noise = float(np.median(near)) / math.sqrt(2) if near else 0.0
    explains = noise * float(ndtri((tied - 0.375) / (tied + 0.25))) if near else 0.0
    return Selection(explains > LEAST_SHARE * gap, 1 + len(behind), tied, explains)


def by_copies(
    gap: float | None,
    validated: Compared,
    tested: Flags | None,
    *,
    examples: Sequence[tuple[str, str]],
    grouped: bool,
) -> FoldCopies:
    """Compare the share of near copies with that of test images, and accuracy on them with the rest.

    File-name neighbours count as well if either they or pictures alone show more near copies than usual.

    Args:
        gap: Validation accuracy minus test accuracy; None if the metric is not accuracy.
        validated: Validation images, compared with the training rows of their fold.
        tested: Whether test images have a near copy there; None if not measured.
        examples: Names of near copies.
        grouped: Whether the data names groups.

    Returns:
        The shares and accuracies, and whether near copies explain part of the gap.
    """
    n, usual = len(validated.near), 0.0 if tested is None else float(tested.mean())
    variance = 0.0 if tested is None else usual * (1 - usual) / len(tested)
    chance = float(validated.chance.mean()) if validated.named.any() else 0.0
    many = _exceeds(validated.near, usual, variance) or _exceeds(validated.named, chance, 0.0)
    near = validated.near | validated.named if many else validated.near
    share, base = float(near.mean()), min(1.0, usual + chance)
    hits, misses = validated.right[near], validated.right[~near]
    with_, without = (float(each.mean()) if len(each) else None for each in (hits, misses))
    lifted = 0.0 if with_ is None or without is None else (share - base) * (with_ - without)
    return FoldCopies(
        found=many and (without is None or lifted > LEAST_SHARE * (gap or 0.0)),
        images=n,
        share=share,
        test_images=None if tested is None else len(tested),
        test_share=None if tested is None else usual,
        accuracy_with=with_,
        accuracy_without=without,
        explains=max(0.0, lifted),
        examples=tuple(examples),
        grouped=grouped,
    )


def _exceeds(flags: Flags, usual: float, variance: float) -> bool:
    """Whether the share of flags lies above ``usual``, which has a variance, by more than the margin."""
    share = float(flags.mean())
    return share - usual - 1.96 * math.sqrt(share * (1 - share) / len(flags) + variance) > MARGIN


def gap_reasons(
    gap: SelectionBias,
    *,
    selection: Selection,
    copies: FoldCopies | None,
    shift: Shift | None,
    images: tuple[int, int],
    accuracy: bool,
) -> GapReasons:
    """Put together what was checked, and what it leaves unexplained.

    Args:
        gap: Validation score minus test score, with its interval above 0.
        selection: What :func:`by_selection` gave.
        copies: What :func:`by_copies` gave; None if not measured.
        shift: The two-sample test of training and test images; None if not measured.
        images: Validation images and test images that were scored.
        accuracy: Whether the metric is accuracy.

    Returns:
        All checks. A shift explains an unknown part of the gap, and so do near copies by other metrics.
    """
    moved = None if shift is None else PartShift(shift.p < SIGNIFICANT, shift.p, shift.auc)
    explained = selection.explains if selection.found else 0.0
    unknown = moved is not None and moved.found
    if copies is not None and copies.found:
        explained += copies.explains
        unknown = unknown or not accuracy or copies.accuracy_without is None
    left = None if unknown or gap.ci95[0] <= explained else gap.value - explained
    return GapReasons(selection, copies, moved, FewImages(min(images) < FEW, *images), left)
