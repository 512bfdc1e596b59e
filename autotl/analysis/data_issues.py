"""Examine the data through a frozen backbone, and say which images to leave out or to weigh."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, fields
from typing import Literal, cast

import numpy as np
from numpy.typing import NDArray

from autotl.api import LabelledFeatures
from autotl.clock import NEVER, Deadline, OutOfTime
from autotl.data import LockedTest
from autotl.metrics import softmax
from autotl.quality import (
    LabelIssues,
    Outliers,
    Shift,
    importance_weights,
    label_issues,
    leaks,
    near_duplicates,
    outliers,
    plan_cleaning,
    shift,
)
from autotl.workbench.run_cache import RunCache

Mode = Literal["report", "drop", "weight"]

EXAMPLES, LISTED = 20, 200
FAR_ROWS = 20_000
"""Training images up to which outliers are looked for: each is compared with all others."""
NO_ROWS = np.empty(0, dtype=np.int64)
NO_ISSUES = LabelIssues(NO_ROWS, NO_ROWS, NO_ROWS, np.empty(0), np.empty(0))
_UNTOLD = ("drop", "weights", "copied", "leaked", "skipped")
LEAST_SHIFT = 20
"""Images a part must have for the two to be compared."""


@dataclass(frozen=True, slots=True)
class NearCopies:
    """Sets of training images that show the same picture, re-encoded, resized or cropped, with exact copies
    among them; ``conflicting`` sets bear different labels.
    """

    groups: int
    images: int
    conflicting: int
    examples: tuple[tuple[str, ...], ...]


@dataclass(frozen=True, slots=True)
class NearLeakage:
    """Test images, of the ``compared`` ones, that show the same picture as a training image: ``examples`` are
    (test, training).
    """

    images: int
    compared: int
    examples: tuple[tuple[str, str], ...]


@dataclass(frozen=True, slots=True)
class LabelIssue:
    """A label that the frozen features contradict: ``confidence`` is what they give the label it has."""

    item: str
    given: str
    suggested: str
    confidence: float


@dataclass(frozen=True, slots=True)
class OutlierImage:
    """A training image far from all others of its class; ``score`` ranks them, larger is farther."""

    item: str
    label: str
    score: float


@dataclass(frozen=True, slots=True)
class Cleaned:
    """What was done about it: training images left out, or made to count less, and why.

    ``n_eff`` is how many equally weighted images the weighted ones are worth.
    """

    mode: str
    dropped: int
    reweighted: bool
    n_eff: float
    why: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class DataIssues:
    """What a look through a backbone showed. ``drop`` are dataset rows to leave out of training, ``weights``
    (dataset rows,) what each counts. ``copied`` (dataset rows,) numbers the sets of near copies among
    training images, -1 for an image without one, and ``leaked`` are the test rows with one in the training
    part. ``skipped`` are the checks there was no time for.
    """

    near_duplicates: NearCopies
    near_leakage: NearLeakage | None
    label_issues: tuple[LabelIssue, ...]
    outliers: tuple[OutlierImage, ...]
    shift: Shift | None
    cleaned: Cleaned
    drop: NDArray[np.int64] = field(default_factory=lambda: np.empty(0, dtype=np.int64))
    weights: NDArray[np.float64] | None = None
    copied: NDArray[np.int64] = field(default_factory=lambda: NO_ROWS)
    leaked: NDArray[np.int64] = field(default_factory=lambda: NO_ROWS)
    skipped: tuple[str, ...] = ()

    @property
    def told(self) -> Mapping[str, object]:
        """What a report says of it, as plain data."""
        found = {each.name: getattr(self, each.name) for each in fields(self)}
        return {name: value for name, value in found.items() if name not in _UNTOLD}


def find_issues(
    materials: RunCache,
    backbone: str,
    seen: LabelledFeatures,
    locked: LockedTest,
    *,
    test_looks: int,
    mode: str,
    reweight: bool,
    seed: int,
    end: Deadline = NEVER,
) -> DataIssues:
    """Find faults in the training images, and what they share with the test images or differ from them in.

    ``seen`` is what the backbone sees in the training rows. At most ``test_looks`` test images are looked at
    through it; labels of the test part are not read. No check begins after ``end``.
    """
    skipped: list[str] = []

    def is_time_for(check: str) -> bool:
        if late := end.passed():
            skipped.append(check)
        return not late

    data, order = materials.dataset, materials.order
    items, looks = data.table["item"].to_numpy(), data.table["looks"].to_numpy()
    labels, n = seen.labels, len(order)
    assert seen.probe is not None
    groups = near_duplicates(looks[order], seen.features, labels) if is_time_for("near copies") else []
    issues = NO_ISSUES
    if is_time_for("doubtful labels"):
        issues = label_issues(labels, _even(softmax(seen.probe, axis=1), labels))
    odd = outliers(seen.features, labels) if n <= FAR_ROWS and is_time_for("outliers") else None
    tests = locked.image_rows("copies in the training part, and a shift between the two")
    looked = np.sort(np.random.default_rng(seed).permutation(len(tests))[:test_looks])
    side = materials.backbones[backbone].side
    test_features = None
    if len(looked):
        try:
            test_features = materials.look_at(backbone, tests[looked], side=side, pulse=end.check)
        except OutOfTime:
            skipped.append("copies among the test images that are not exact, and a shift between the parts")
    pairs = leaks(looks[order], looks[tests[looked]], seen.features, test_features)
    moved = None
    enough = min(n, len(looked)) >= LEAST_SHIFT
    if test_features is not None and enough and is_time_for("a shift between training and test images"):
        moved = shift(seen.features, test_features, seed=seed)
    plan = plan_cleaning(labels=labels, issues=issues, groups=groups, leaks=pairs, mode=cast(Mode, mode))
    weights = plan.weights if mode == "weight" else None
    if reweight and test_features is not None and moved is not None:
        weighed = importance_weights(seen.features, test_features, seed=seed)
        weights = weighed.weights if weights is None else weights * weighed.weights
    left = n - len(plan.drop)
    n_eff = left if weights is None else float(weights.sum() ** 2 / (weights**2).sum())
    own = [str(item) for item in items[order]]
    theirs = [str(item) for item in items[tests[looked]]]
    return DataIssues(
        near_duplicates=_near_copies(groups, labels, own),
        near_leakage=_near_leakage(pairs, own, theirs) if theirs else None,
        label_issues=_doubts(issues, own, data.classes)[:LISTED],
        outliers=_odd_ones(odd, labels, own, data.classes),
        shift=moved,
        cleaned=Cleaned(
            mode,
            len(plan.drop),
            weights is not None,
            n_eff,
            {own[row]: why for row, why in list(plan.why.items())[:LISTED]},
        ),
        drop=order[plan.drop],
        weights=None if weights is None else _of_all_rows(weights, order, len(data)),
        copied=_numbered(groups, order, len(data)),
        leaked=tests[looked[sorted({test for _, test in pairs})]],
        skipped=tuple(skipped),
    )


def _near_copies(
    groups: Sequence[Sequence[int]], labels: NDArray[np.int64], own: Sequence[str]
) -> NearCopies:
    return NearCopies(
        len(groups),
        sum(map(len, groups)),
        sum(len(set(labels[list(group)])) > 1 for group in groups),
        tuple(tuple(own[row] for row in group) for group in groups[:EXAMPLES]),
    )


def _near_leakage(pairs: Sequence[tuple[int, int]], own: Sequence[str], theirs: Sequence[str]) -> NearLeakage:
    examples = tuple((theirs[test], own[train]) for train, test in pairs[:EXAMPLES])
    return NearLeakage(len({test for _, test in pairs}), len(theirs), examples)


def _doubts(issues: LabelIssues, own: Sequence[str], classes: Sequence[str]) -> tuple[LabelIssue, ...]:
    found = zip(issues.rows, issues.given, issues.suggested, issues.self_confidence, strict=True)
    return tuple(
        LabelIssue(own[row], classes[given], classes[suggested], float(confidence))
        for row, given, suggested, confidence in found
    )


def _odd_ones(
    odd: Outliers | None, labels: NDArray[np.int64], own: Sequence[str], classes: Sequence[str]
) -> tuple[OutlierImage, ...]:
    if odd is None:
        return ()
    far = sorted(odd.rows.tolist(), key=lambda row: -odd.scores[row])[:EXAMPLES]
    return tuple(OutlierImage(own[row], classes[labels[row]], float(odd.scores[row])) for row in far)


def _even(probabilities: NDArray[np.float64], labels: NDArray[np.int64]) -> NDArray[np.float64]:
    """As if all classes were as frequent: a rare class must not look doubtful for being rare."""
    share = np.maximum(np.bincount(labels, minlength=probabilities.shape[1]), 1) / len(labels)
    found: NDArray[np.float64] = probabilities / share
    found /= found.sum(1, keepdims=True)
    return found


def _numbered(groups: Sequence[Sequence[int]], order: NDArray[np.int64], rows: int) -> NDArray[np.int64]:
    found = np.full(rows, -1)
    for number, group in enumerate(groups):
        found[order[list(group)]] = number
    return found


def _of_all_rows(weights: NDArray[np.float64], order: NDArray[np.int64], rows: int) -> NDArray[np.float64]:
    found = np.ones(rows)
    found[order] = weights
    return found
