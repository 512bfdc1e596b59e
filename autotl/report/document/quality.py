"""Define the part of a report about data issues."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from autotl.report.document.evaluation import Histogram

Number = int | float
Names = tuple[tuple[str, ...], ...]
"""Image names, a tuple for each set."""


@dataclass(frozen=True, slots=True)
class Imbalance:
    """Class sizes.

    ``counts`` has the training images by class, ``ratio`` is the largest count over the smallest.
    """

    ratio: float | None = None
    counts: Mapping[str, int] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Duplicates:
    """Identical or near-identical images.

    ``images`` are in ``groups`` sets; ``conflicting`` sets have different labels. ``examples`` has the
    names in the first sets.
    """

    groups: int | None = None
    images: int | None = None
    conflicting: int = 0
    examples: Names = ()


@dataclass(frozen=True, slots=True)
class Leakage:
    """Test images that are in the training set.

    ``images`` of ``of`` test images are; ``groups`` have images in both sets.
    """

    images: int | None = None
    groups: int | None = None
    of: int | None = None


@dataclass(frozen=True, slots=True)
class NearLeakage:
    """Test images that look like training images.

    ``images`` of ``compared`` test images do; ``examples`` are pairs of names.
    """

    images: int | None = None
    compared: int | None = None
    examples: Names = ()


@dataclass(frozen=True, slots=True)
class LabelIssue:
    """Label or number that a cross-validated probe contradicts.

    ``confidence`` is its probability of the given label; None for a number.
    """

    item: str | None = None
    given: str | None = None
    suggested: str | None = None
    confidence: float | None = None


@dataclass(frozen=True, slots=True)
class Outlier:
    """Training image that differs from all others of its class.

    ``label`` names the class, the rarest label, or the range of numbers that it was compared with.
    """

    item: str | None = None
    label: str | None = None


@dataclass(frozen=True, slots=True)
class Shift:
    """Two-sample test of training and test images by a classifier."""

    p: float | None = None
    auc: float | None = None


@dataclass(frozen=True, slots=True)
class Cleaned:
    """Changes of the training set that the user requested.

    Attributes:
        mode: "none", "drop" or "weight".
        dropped: Removed images.
        reweighted: Whether images have weights.
        n_eff: Effective sample size of weighted images.
    """

    mode: str | None = None
    dropped: int = 0
    reweighted: bool = False
    n_eff: float | None = None


@dataclass(frozen=True, slots=True)
class DividedGroups:
    """Groups that a part given by the user divides."""

    groups: int = 0
    images: int | None = None
    examples: Names = ()


@dataclass(frozen=True, slots=True)
class Groups:
    """Groups of training images that show the same object or scene.

    Attributes:
        groups: Number of groups.
        images: Training images in them.
        found_by: Images by kind of evidence.
        examples: Names of the first groups.
        moved: Images that moved to another fold.
        divided: Groups that a fold divides.
        across_test: Groups with images in the test set.
        across_validation: Groups with images in the user's own validation set.
    """

    groups: int = 0
    images: int | None = None
    found_by: Mapping[str, int] = field(default_factory=dict)
    examples: Names = ()
    moved: int = 0
    divided: int | None = None
    across_test: DividedGroups = DividedGroups()
    across_validation: DividedGroups = DividedGroups()


@dataclass(frozen=True, slots=True)
class Range:
    """Smallest, median and largest size in pixels."""

    min: Number | None = None
    median: Number | None = None
    max: Number | None = None


@dataclass(frozen=True, slots=True)
class Sizes:
    """Image sizes in pixels."""

    height: Range = Range()
    width: Range = Range()


@dataclass(frozen=True, slots=True)
class NumberData:
    """A number of the training images.

    Attributes:
        name: The number.
        min: Smallest value.
        median: Median.
        max: Largest value.
        mean: Mean.
        sd: Standard deviation.
        histogram: Histogram of its values.
    """

    name: str | None = None
    min: float | None = None
    median: float | None = None
    max: float | None = None
    mean: float | None = None
    sd: float | None = None
    histogram: Histogram = field(default_factory=Histogram)


@dataclass(frozen=True, slots=True)
class TargetFacts:
    """Labels and numbers of the training images.

    ``per_image`` is the mean number of labels. ``pairs`` have two labels and their images, the most frequent
    first.
    """

    per_image: float | None = None
    pairs: tuple[tuple[str, str, int], ...] = ()
    numbers: tuple[NumberData, ...] = ()


@dataclass(frozen=True, slots=True)
class Quality:
    """Data issues.

    Attributes:
        imbalance: Class sizes.
        targets: Labels and numbers; empty for classes.
        duplicates: Identical images.
        leakage: Test images in the training set.
        near_duplicates: Near copies in the training set.
        near_leakage: Test images that look like training images.
        groups: Images of the same object or scene.
        label_issues: Probably wrong labels or numbers; None if not checked.
        outliers: Unusual training images.
        shift: Difference between training and test images.
        missing: Parts without an image of a class, by class.
        cleaned: Requested changes.
        unreadable: Reason by file; None if unknown.
        sizes: Image sizes.
    """

    imbalance: Imbalance = Imbalance()
    targets: TargetFacts = TargetFacts()
    duplicates: Duplicates = Duplicates()
    leakage: Leakage = Leakage()
    near_duplicates: Duplicates = Duplicates()
    near_leakage: NearLeakage = NearLeakage()
    groups: Groups = Groups()
    label_issues: tuple[LabelIssue, ...] | None = None
    outliers: tuple[Outlier, ...] = ()
    shift: Shift = Shift()
    missing: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    cleaned: Cleaned = Cleaned()
    unreadable: Mapping[str, str] | None = None
    sizes: Sizes = Sizes()
