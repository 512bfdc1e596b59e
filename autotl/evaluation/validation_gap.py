"""Find what explains a validation score above the test score."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.special import ndtri

from autotl.evaluation.selection_bias import SelectionBias
from autotl.quality import Shift

Flags = NDArray[np.bool_]

SIGNIFICANCE_LEVEL = 0.01
"""Largest p-value at which training and test images are said to differ."""
SMALL_PART_IMAGES = 200
"""A part with fewer images is small: the 95 % interval of an accuracy is up to 14 points wide."""
COPY_MARGIN = 0.05
"""How much the share of near copies must exceed the test part's, at the end of its 95 % interval."""
MIN_EXPLAINED_SHARE = 0.1
"""Smallest fraction of the gap that a named cause explains."""


@dataclass(frozen=True, slots=True)
class Selection:
    """The part of the gap explained by choosing the best trial.

    ``found`` is True for at least a tenth of the gap. ``trials`` competed: they were scored, and neither
    pruned nor failed. ``tied`` of them, with the chosen trial, are within chance of it. ``explains`` is the
    expected maximum of ``tied`` equally good trials above their mean, in the metric's unit.
    """

    found: bool
    trials: int
    tied: int
    explains: float


@dataclass(frozen=True, slots=True)
class FoldCopies:
    """The part of the gap that near copies across folds explain.

    Attributes:
        found: Whether near copies are more frequent than usual and explain at least a tenth of the gap.
        images: Validation images that were compared with the training rows of their fold.
        share: Fraction of ``images`` with a near copy among these rows.
        test_images: Test images that were compared with the same training rows; None if not measured.
        test_share: Fraction of ``test_images`` with a near copy; None if not measured.
        accuracy_with: Validation accuracy on images with a near copy; None if there are none.
        accuracy_without: Validation accuracy on the other images; None if there are none.
        explains: How much the larger share raises validation accuracy, as a fraction.
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
    """Whether a part is small, with the images of each."""

    found: bool
    validation: int
    test: int


@dataclass(frozen=True, slots=True)
class GapReasons:
    """The possible causes of the gap.

    Attributes:
        selection: Choosing the best of several trials.
        near_copies: Near copies between the training and validation rows of a fold; None if not measured.
        shift: A difference between training and test images; None if not measured.
        few_images: A small part.
        unexplained: The rest of the gap, in the metric's unit; None if it is within chance or unknown.
    """

    selection: Selection
    near_copies: FoldCopies | None
    shift: PartShift | None
    few_images: FewImages
    unexplained: float | None


@dataclass(frozen=True, slots=True)
class ComparedImages:
    """Validation images that were compared with training images.

    ``near`` (n,) marks images with a near copy, judged by the picture alone. ``named`` (n,) marks images with
    a near copy among their file-name neighbours. ``chance`` (n,) is the probability that another image of the
    class is as near. ``right`` (n,) is how correct the chosen trial's predictions are, from 0 to 1.
    """

    near: Flags
    named: Flags
    chance: NDArray[np.float64]
    right: NDArray[Any]


def judge_selection(gap: float, behind: Sequence[float], errors: Sequence[float]) -> Selection:
    """Estimate how much chance raises the best of several scores.

    Trials within 1.96 standard errors of the chosen trial count as equally good, which overestimates.

    Args:
        gap: Validation score minus test score.
        behind: How far each competing trial scored below the chosen one.
        errors: Standard errors of these differences, paired by image.

    Returns:
        The trials compared and the expected maximum of their noise.
    """
    tied_errors = [error for lead, error in zip(behind, errors, strict=True) if lead < 1.96 * error]
    tied = 1 + len(tied_errors)
    # a difference of two trials has twice the variance of one; Blom's expected maximum of normal variables
    noise = float(np.median(tied_errors)) / math.sqrt(2) if tied_errors else 0.0
    explains = noise * float(ndtri((tied - 0.375) / (tied + 0.25))) if tied_errors else 0.0
    return Selection(explains > MIN_EXPLAINED_SHARE * gap, 1 + len(behind), tied, explains)


def judge_copies(
    gap: float | None,
    validation: ComparedImages,
    test: Flags | None,
    *,
    examples: Sequence[tuple[str, str]],
    grouped: bool,
) -> FoldCopies:
    """Compare frequency and accuracy of near copies with the other images.

    File-name neighbours count too if near copies are more frequent than usual, by pictures or by names.

    Args:
        gap: Validation accuracy minus test accuracy; None if the metric is not accuracy.
        validation: Validation images, compared with the training rows of their fold.
        test: Whether test images have a near copy there, (n,); None if not measured.
        examples: Names of near copies, (validation image, training image).
        grouped: Whether the data names groups.

    Returns:
        The fractions and accuracies, and whether near copies explain part of the gap.
    """
    usual = 0.0 if test is None else float(test.mean())
    variance = 0.0 if test is None else usual * (1 - usual) / len(test)
    chance = float(validation.chance.mean()) if validation.named.any() else 0.0
    many = _exceeds(validation.near, usual, variance) or _exceeds(validation.named, chance, 0.0)
    near = validation.near | validation.named if many else validation.near
    share, expected = float(near.mean()), min(1.0, usual + chance)
    with_copies, without_copies = (
        float(hits.mean()) if len(hits) else None
        for hits in (validation.right[near], validation.right[~near])
    )
    if with_copies is None or without_copies is None:
        raised = 0.0
    else:
        raised = (share - expected) * (with_copies - without_copies)
    return FoldCopies(
        found=many and (without_copies is None or raised > MIN_EXPLAINED_SHARE * (gap or 0.0)),
        images=len(validation.near),
        share=share,
        test_images=None if test is None else len(test),
        test_share=None if test is None else usual,
        accuracy_with=with_copies,
        accuracy_without=without_copies,
        explains=max(0.0, raised),
        examples=tuple(examples),
        grouped=grouped,
    )


def _exceeds(flags: Flags, usual: float, variance: float) -> bool:
    """Return whether the share of flags exceeds ``usual`` by COPY_MARGIN."""
    share = float(flags.mean())
    error = math.sqrt(share * (1 - share) / len(flags) + variance)
    return share - usual - 1.96 * error > COPY_MARGIN


def gap_reasons(
    gap: SelectionBias,
    *,
    selection: Selection,
    copies: FoldCopies | None,
    shift: Shift | None,
    images: tuple[int, int],
    accuracy: bool,
) -> GapReasons:
    """Combine all checks, and compute the unexplained rest of the gap.

    Args:
        gap: Validation score minus test score, with its interval above 0.
        selection: The result of :func:`judge_selection`.
        copies: The result of :func:`judge_copies`; None if not measured.
        shift: The two-sample test of training and test images; None if not measured.
        images: Numbers of scored validation and test images.
        accuracy: Whether the metric is accuracy.

    Returns:
        All checks. A shift explains an unknown part of the gap; so do near copies if the metric is not
        accuracy.
    """
    part_shift = None if shift is None else PartShift(shift.p < SIGNIFICANCE_LEVEL, shift.p, shift.auc)
    explained = selection.explains if selection.found else 0.0
    unknown = part_shift is not None and part_shift.found
    if copies is not None and copies.found:
        explained += copies.explains
        unknown = unknown or not accuracy or copies.accuracy_without is None
    unexplained = None if unknown or gap.ci95[0] <= explained else gap.value - explained
    few = FewImages(min(images) < SMALL_PART_IMAGES, *images)
    return GapReasons(selection, copies, part_shift, few, unexplained)
