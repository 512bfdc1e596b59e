"""Describe the data issues of a run, for search and report."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, fields
from typing import Any

import numpy as np
from numpy.typing import NDArray

from autotl.api import TargetSpec
from autotl.evaluation import significant
from autotl.quality import LabelIssues, Outliers, Shift, TargetIssues

EXAMPLES = 20
NO_ROWS = np.empty(0, dtype=np.int64)
_NOT_REPORTED = ("drop", "weights", "copied", "leaked", "skipped")

Labels = NDArray[np.int64]
Pairs = Sequence[tuple[int, int]]


@dataclass(frozen=True, slots=True)
class NearCopies:
    """Sets of training images that are exact or near copies.

    Near copies are re-encoded, resized or cropped.

    Attributes:
        groups: How many sets.
        images: Images in them.
        conflicting: Sets with different targets.
        examples: File names of the first sets.
    """

    groups: int
    images: int
    conflicting: int
    examples: tuple[tuple[str, ...], ...]

    @classmethod
    def of(
        cls, groups: Sequence[Sequence[int]], conflicts: Sequence[bool], names: Sequence[str]
    ) -> NearCopies:
        """Sum up sets of copies.

        Args:
            groups: Sets of positions among the training images.
            conflicts: Whether the targets of each set differ.
            names: The names of the training images.
        """
        return cls(
            len(groups),
            sum(map(len, groups)),
            sum(conflicts),
            tuple(tuple(names[row] for row in group) for group in groups[:EXAMPLES]),
        )


@dataclass(frozen=True, slots=True)
class NearLeakage:
    """Test images that are near copies of a training image.

    Attributes:
        images: How many.
        compared: The test images that were compared.
        examples: Pairs of a test image and a training image, by name.
    """

    images: int
    compared: int
    examples: tuple[tuple[str, str], ...]

    @classmethod
    def of(cls, pairs: Pairs, names: Sequence[str], tested: Sequence[str]) -> NearLeakage | None:
        """Sum up copies between the parts; None without test images.

        Args:
            pairs: Positions of a training and a test image.
            names: The names of the training images.
            tested: The names of the compared test images.
        """
        if not tested:
            return None
        examples = tuple((tested[test], names[train]) for train, test in pairs[:EXAMPLES])
        return cls(len({test for _, test in pairs}), len(tested), examples)


@dataclass(frozen=True, slots=True)
class LabelIssue:
    """A label or number that the frozen features contradict.

    Attributes:
        item: The image.
        given: The label; "not x" for the absent label x, and "x: 5" for a number.
        suggested: The prediction of the features, in the same form.
        confidence: Their probability of the given label; None for a number.
        deviation: The robust z-score of a number; None for a label.
    """

    item: str
    given: str
    suggested: str
    confidence: float | None
    deviation: float | None = None


@dataclass(frozen=True, slots=True)
class OutlierImage:
    """A training image far from all others of its class.

    A larger ``score`` is farther.
    """

    item: str
    label: str
    score: float


@dataclass(frozen=True, slots=True)
class Cleaned:
    """The treatment of training images with issues.

    Attributes:
        mode: "report", "drop" or "weight".
        dropped: Images left out.
        reweighted: Whether images are weighted.
        n_eff: The number of equally weighted images with the same variance.
        why: The reason for each treated image, by name.
    """

    mode: str
    dropped: int
    reweighted: bool
    n_eff: float
    why: Mapping[str, str]

    @property
    def sentence(self) -> str:
        """The sentence for the user; "" if nothing was treated."""
        if not self.why and not self.reweighted:
            return ""
        done = [f"{self.dropped} training images are left out"] if self.dropped else []
        if self.reweighted:
            done.append(f"training images are weighted (effective number {self.n_eff:,.0f})")
        return f"Cleaning: {'; '.join(done) or 'nothing had to be done'}. The report lists the images."


@dataclass(frozen=True, slots=True)
class DataIssues:
    """The issues that frozen features show.

    Attributes:
        near_duplicates: Copies among training images.
        near_leakage: Copies between test and training images; None if no test image was compared.
        label_issues: Labels or numbers that the features contradict, the worst first; None if several labels
            or numbers were not checked.
        outliers: Images far from their class.
        shift: The distribution shift between training and test images; None if it was not measured.
        cleaned: The treatment.
        drop: Dataset rows to leave out of training.
        weights: The weight of each image, (dataset rows,); None if all are equal.
        copied: The number of each training image's set of copies, (dataset rows,); -1 for none.
        leaked: Test rows with a copy among training images.
        skipped: Checks that were skipped for lack of time.
    """

    near_duplicates: NearCopies
    near_leakage: NearLeakage | None
    label_issues: tuple[LabelIssue, ...] | None
    outliers: tuple[OutlierImage, ...]
    shift: Shift | None
    cleaned: Cleaned
    drop: NDArray[np.int64] = field(default_factory=lambda: NO_ROWS)
    weights: NDArray[np.float64] | None = None
    copied: NDArray[np.int64] = field(default_factory=lambda: NO_ROWS)
    leaked: NDArray[np.int64] = field(default_factory=lambda: NO_ROWS)
    skipped: tuple[str, ...] = ()

    @property
    def reported(self) -> Mapping[str, object]:
        """The part of the issues that a report shows."""
        found = {each.name: getattr(self, each.name) for each in fields(self)}
        return {name: value for name, value in found.items() if name not in _NOT_REPORTED}

    @property
    def notes(self) -> tuple[str, ...]:
        """A sentence on skipped checks, if there are any."""
        if not self.skipped:
            return ()
        return (f"Not checked for lack of time: {', '.join(self.skipped)}. Give more time to check it.",)


def label_issues_of(
    issues: LabelIssues, names: Sequence[str], classes: Sequence[str]
) -> tuple[LabelIssue, ...]:
    """Name the images and classes of label issues.

    Args:
        issues: Positions among the training images, worst first.
        names: The names of the training images.
        classes: The names of the classes.
    """
    found = zip(issues.rows, issues.given, issues.suggested, issues.self_confidence, strict=True)
    return tuple(
        LabelIssue(names[row], classes[given], classes[suggested], float(confidence))
        for row, given, suggested, confidence in found
    )


def target_issues_of(
    issues: TargetIssues,
    names: Sequence[str],
    target: TargetSpec,
    targets: NDArray[Any],
    predicted: NDArray[Any],
) -> tuple[LabelIssue, ...]:
    """Name the images and labels or numbers of issues.

    Args:
        issues: Positions among the training images, worst first.
        names: The names of the training images.
        target: The labels or numbers.
        targets: Labels or numbers of the training images, (n, columns).
        predicted: Their predictions, in the same unit, (n, columns).
    """
    found = []
    for row, column, score in zip(issues.rows, issues.columns, issues.scores, strict=True):
        name = target.names[column]
        if target.kind == "multi_label":
            given, suggested = (name, f"not {name}")[:: 1 if targets[row, column] > 0.5 else -1]
            found.append(LabelIssue(names[row], given, suggested, float(score)))
        else:
            given, suggested = (
                f"{name}: {significant(float(each[row, column]))}" for each in (targets, predicted)
            )
            found.append(LabelIssue(names[row], given, suggested, None, float(score)))
    return tuple(found)


def outlier_images(
    found: Outliers | None, labels: Labels, names: Sequence[str], classes: Sequence[str]
) -> tuple[OutlierImage, ...]:
    """Name the farthest outliers.

    Args:
        found: Positions among the training images with their scores; None if the check was skipped.
        labels: The classes of the training images, (n,).
        names: Their names.
        classes: The names of the classes.
    """
    if found is None:
        return ()
    far = sorted(found.rows.tolist(), key=lambda row: -found.scores[row])[:EXAMPLES]
    return tuple(OutlierImage(names[row], classes[labels[row]], float(found.scores[row])) for row in far)
