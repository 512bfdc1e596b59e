"""Decide between an unadapted model and its adaptations.

All thresholds of the decision are in this file.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from autotl.adaptation.result import Candidate
from autotl.quality import Shift

MAX_P = 0.05
"""The p-value of the domain classifier from which the images do not differ measurably."""
MAX_SOURCE_LOSS = 0.25
"""By how much the source validation score may fall, in units of accuracy.

It falls in most good adaptations too, since their features are aligned with the place of use.
"""
MIN_CLASS_GAIN = 0.10
"""By how much the distance from the training images' class shares must fall, without a labelled slice."""
MAX_CLASS_DISTANCE = 0.10
"""By how much that distance may rise, with a labelled slice that lacks a class."""
MAX_GAIN_P = 0.05
"""The p-value of a gain on the labelled slice, divided by the number of adaptations (Bonferroni)."""
_TOO_FAR = "its predicted classes are too far from those of the training images"


@dataclass(frozen=True, slots=True)
class Decision:
    """The chosen adaptation, or None, and the reason without a full stop."""

    chosen: Candidate | None
    reason: str


def differs(difference: Shift) -> bool:
    """Return whether a domain classifier tells the images of both places apart.

    The p-value is that of its AUC. Lopez-Paz and Oquab, Revisiting Classifier Two-Sample Tests, ICLR 2017.
    """
    return difference.p < MAX_P


def decide(
    unadapted: Candidate,
    candidates: Sequence[Candidate],
    *,
    accuracy_scale: float,
    images: int,
    slice_has_all_classes: bool = True,
) -> Decision:
    """Choose an adaptation that is better than the unadapted model, or none.

    With a labelled slice, the adaptation with the highest score on it must be measurably better. If the slice
    lacks a class, adaptations whose predicted classes are too far from those of the training images are
    refused first. Without a slice, an adaptation must pass all checks of :func:`fault`. The one that loses
    least on the source validation images is chosen.

    Args:
        unadapted: The unadapted model.
        candidates: The adapted models.
        accuracy_scale: The difference of the metric that corresponds to a difference of 1 in accuracy.
        images: Images of the place of use.
        slice_has_all_classes: Whether the slice has an image of each class of the training images.
    """
    if not candidates:
        return Decision(None, "no adaptation was trained")
    if any(each.slice_gain is not None for each in candidates):
        return _by_slice(unadapted, candidates, all_classes=slice_has_all_classes)
    faults = {
        each.strategy: fault(unadapted, each, accuracy_scale=accuracy_scale, images=images)
        for each in candidates
    }
    passed = [each for each in candidates if not faults[each.strategy]]
    if not passed:
        return Decision(None, "; ".join(f"{name}: {why}" for name, why in faults.items()))
    best = max(passed, key=lambda each: (each.scores.source_validation, each.scores.mutual_information))
    return Decision(
        best,
        "its predicted classes are closer to those of the training images, its mutual information is higher, "
        "and it keeps most of the source validation score",
    )


def fault(unadapted: Candidate, adapted: Candidate, *, accuracy_scale: float, images: int) -> str:
    """Return why scores without labels speak against an adaptation, or "".

    Args:
        unadapted: The unadapted model.
        adapted: The adapted model.
        accuracy_scale: The difference of the metric that corresponds to a difference of 1 in accuracy.
        images: Images of the place of use. With fewer than 100, the class shares are less exact.
    """
    before, after = unadapted.scores, adapted.scores
    loss = (before.source_validation - after.source_validation) / accuracy_scale
    if loss > MAX_SOURCE_LOSS:
        return "it loses too much on the source validation images"
    if before.class_distance - after.class_distance < max(MIN_CLASS_GAIN, images**-0.5):
        return "its predicted classes are not clearly closer to those of the training images"
    if after.mutual_information <= before.mutual_information:
        return "its mutual information is not higher"
    return ""


def _too_far(unadapted: Candidate, adapted: Candidate) -> bool:
    """Return whether the predicted classes are too far from those of the training images."""
    return adapted.scores.class_distance - unadapted.scores.class_distance > MAX_CLASS_DISTANCE


def _by_slice(unadapted: Candidate, candidates: Sequence[Candidate], *, all_classes: bool) -> Decision:
    """Choose the best adaptation on the labelled slice, if it is measurably better."""
    measured = [each for each in candidates if each.slice is not None and each.slice_gain is not None]
    # without an image of each class, a model that never predicts the missing ones scores too high
    left = [each for each in measured if all_classes or not _too_far(unadapted, each)]
    if not left:
        return Decision(None, "; ".join(f"{each.strategy}: {_TOO_FAR}" for each in measured))
    best = max(left, key=lambda each: each.slice or 0.0)
    gain = best.slice_gain
    images = 0 if gain is None else gain.n
    if gain is None or gain.ci95[0] <= 0 or gain.p >= MAX_GAIN_P / len(measured):
        why = f"the best adaptation, {best.strategy}, is not measurably better on {images:,} labelled images"
        return Decision(None, why)
    return Decision(best, f"it is measurably better than the unadapted model on {images:,} labelled images")
