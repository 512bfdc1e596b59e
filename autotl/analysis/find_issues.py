"""Find data issues with frozen features, and plan their treatment."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Literal, cast

import numpy as np
from numpy.typing import NDArray

from autotl.analysis.data_issues import (
    NO_ROWS,
    Cleaned,
    DataIssues,
    LabelIssue,
    NearCopies,
    NearLeakage,
    Pairs,
    label_issues_of,
    outlier_images,
    target_issues_of,
)
from autotl.api import LabelledFeatures
from autotl.clock import NEVER, Deadline, OutOfTime
from autotl.data import LockedTest
from autotl.metrics import softmax
from autotl.preparation.copies import ComparedRows, copies_among, copies_between
from autotl.progress.timeline import spent_on
from autotl.quality import (
    Cleaning,
    Importance,
    LabelIssues,
    Outliers,
    Shift,
    conflicting,
    importance_weights,
    label_issues,
    multi_label_issues,
    number_issues,
    outliers,
    plan_cleaning,
    shift,
)
from autotl.workbench.run_cache import RunCache

Mode = Literal["report", "drop", "weight"]

LISTED = 200
"""Images with an issue that a report lists."""
MAX_OUTLIER_ROWS = 20_000
"""Training images up to which outliers are searched for: each is compared with all others."""
MIN_SHIFT_ROWS = 20
"""Images that both parts must have for a shift to be measured."""
NO_ISSUES = LabelIssues(NO_ROWS, NO_ROWS, NO_ROWS, np.empty(0), np.empty(0))


@dataclass(frozen=True, slots=True)
class Treatment:
    """The treatment of training images with issues.

    ``mode`` is "report", "drop" or "weight". ``reweight`` adds weights by similarity to test images.
    """

    mode: str
    reweight: bool = False


@dataclass
class _Checks:
    """The images, and the checks of them that fit into the time.

    Attributes:
        run_cache: The images and backbones.
        backbone: The name of the backbone.
        features: Its features of the training images.
        tested: Dataset rows of the test images to compare.
        end: No check starts after it.
        skipped: The checks that were skipped.
    """

    run_cache: RunCache
    backbone: str
    features: LabelledFeatures
    tested: NDArray[np.int64]
    end: Deadline
    skipped: list[str] = field(default_factory=list)

    def is_time_for(self, check: str) -> bool:
        """Return whether there is time for a check; note it if not."""
        if late := self.end.passed():
            self.skipped.append(check)
        return not late

    @property
    def has_classes(self) -> bool:
        """Whether each image has one class, which the check of labels needs."""
        return self.run_cache.dataset.target.kind == "single_label"

    def near_copies(self) -> list[tuple[int, ...]]:
        """Return sets of training positions that are copies of each other."""
        if not self.is_time_for("near copies"):
            return []
        return copies_among(self._trained(), self.features.labels)

    def doubtful_labels(self) -> LabelIssues:
        """Return the labels that the probe contradicts; none for other targets than single labels."""
        if not self.has_classes or not self.is_time_for("label issues"):
            return NO_ISSUES
        assert self.features.probe is not None
        labels = self.features.labels
        return label_issues(labels, _balanced(softmax(self.features.probe, axis=1), labels))

    def doubtful_targets(self, issues: LabelIssues, names: Sequence[str]) -> tuple[LabelIssue, ...] | None:
        """Return labels or numbers that the probe contradicts, the worst first.

        Args:
            issues: Doubtful single labels.
            names: The names of the training images.

        Returns:
            At most LISTED of them; None if several labels or numbers are not checked for lack of time.
        """
        target, targets = self.run_cache.target, self.run_cache.targets.numpy()
        if self.has_classes:
            return label_issues_of(issues, names, target.strata_names)[:LISTED]
        if not self.is_time_for("label issues"):
            return None
        assert self.features.probe is not None
        known = np.flatnonzero(self.features.probe.any(1))  # rows in no fold have no prediction
        truth, predicted = targets[known], target.predict(self.features.probe[known].astype(np.float32))
        find = multi_label_issues if target.spec.kind == "multi_label" else number_issues
        found = find(truth, predicted)
        known_names = [names[row] for row in known.tolist()]
        return target_issues_of(found, known_names, target.spec, truth, predicted)[:LISTED]

    def outliers(self) -> Outliers | None:
        """Return images far from their class; None if the check is skipped."""
        few = len(self.run_cache.order) <= MAX_OUTLIER_ROWS
        return (
            outliers(self.features.features, self.features.labels)
            if few and self.is_time_for("outliers")
            else None
        )

    @spent_on("forward")
    def test_features(self) -> NDArray[np.float64] | None:
        """Return the features of the test images; None without images or time."""
        if not len(self.tested):
            return None
        input_size = self.run_cache.backbones[self.backbone].input_size
        try:
            return self.run_cache.compute_extra_features(
                self.backbone, self.tested, input_size=input_size, check_cancelled=self.end.check
            )
        except OutOfTime:
            self.skipped.append("near copies among the test images, and a shift between the parts")
            return None

    def leaks(self, test_features: NDArray[np.float64] | None) -> Pairs:
        """Return pairs of training and test positions that are copies."""
        return copies_between(
            self._trained(), ComparedRows(self.run_cache.dataset, self.tested, test_features)
        )

    def shift(self, test_features: NDArray[np.float64] | None, seed: int) -> Shift | None:
        """Return the distribution shift between the parts; None if it is not measured."""
        enough = min(len(self.run_cache.order), len(self.tested)) >= MIN_SHIFT_ROWS
        if test_features is None or not enough:
            return None
        if not self.is_time_for("a shift between training and test images"):
            return None
        return shift(self.features.features, test_features, seed=seed)

    def _trained(self) -> ComparedRows:
        return ComparedRows(self.run_cache.dataset, self.run_cache.order, self.features.features)


def find_issues(
    run_cache: RunCache,
    backbone: str,
    features: LabelledFeatures,
    locked: LockedTest,
    *,
    tests: int,
    treatment: Treatment,
    seed: int,
    end: Deadline = NEVER,
) -> DataIssues:
    """Find issues of the training images, and leaks between the parts.

    Labels of the test part are not read.

    Args:
        run_cache: The images and backbones.
        backbone: The name of the backbone.
        features: Its features of the training images.
        locked: The test part.
        tests: The most test images to compare.
        treatment: The treatment of training images.
        seed: The seed of the choice of test images, and of the shift.
        end: No check starts after it.
    """
    rows = locked.image_rows("copies in the training part, and a shift between the two")
    chosen = np.sort(np.random.default_rng(seed).permutation(len(rows))[:tests])
    checks = _Checks(run_cache, backbone, features, rows[chosen], end)
    groups, issues, far = checks.near_copies(), checks.doubtful_labels(), checks.outliers()
    test_features = checks.test_features()
    pairs, moved = checks.leaks(test_features), checks.shift(test_features, seed)
    labels, order, classes = features.labels, run_cache.order, run_cache.target.strata_names
    mode = cast(Mode, treatment.mode)
    clash = conflicting(run_cache.targets.numpy(), groups, run_cache.target.spec.kind)
    plan = plan_cleaning(labels=labels, issues=issues, groups=groups, conflicts=clash, leaks=pairs, mode=mode)
    weights = plan.weights if mode == "weight" else None
    if treatment.reweight and test_features is not None and moved is not None:
        weights = _reweighted(weights, importance_weights(features.features, test_features, seed=seed))
    items = run_cache.dataset.table["item"].to_numpy()
    names = [str(item) for item in items[order]]
    return DataIssues(
        near_duplicates=NearCopies.of(groups, clash, names),
        near_leakage=NearLeakage.of(pairs, names, [str(item) for item in items[checks.tested]]),
        label_issues=checks.doubtful_targets(issues, names),
        outliers=outlier_images(far, labels, names, classes),
        shift=moved,
        cleaned=_cleaned(mode, plan, weights, names),
        drop=order[plan.drop],
        weights=None if weights is None else _by_dataset_row(weights, order, len(items)),
        copied=_set_numbers(groups, order, len(items)),
        leaked=checks.tested[sorted({test for _, test in pairs})],
        skipped=tuple(checks.skipped),
    )


def _reweighted(weights: NDArray[np.float64] | None, similar: Importance) -> NDArray[np.float64]:
    """Return the weights with those by similarity to test images."""
    return similar.weights if weights is None else weights * similar.weights


def _cleaned(mode: str, plan: Cleaning, weights: NDArray[np.float64] | None, names: Sequence[str]) -> Cleaned:
    left = len(names) - len(plan.drop)
    n_eff = left if weights is None else float(weights.sum() ** 2 / (weights**2).sum())
    reasons = {names[row]: why for row, why in list(plan.why.items())[:LISTED]}
    return Cleaned(mode, len(plan.drop), weights is not None, n_eff, reasons)


def _balanced(probabilities: NDArray[np.float64], labels: NDArray[np.int64]) -> NDArray[np.float64]:
    """Return the probabilities for equal class frequencies: rare classes must not look doubtful."""
    shares = np.maximum(np.bincount(labels, minlength=probabilities.shape[1]), 1) / len(labels)
    found: NDArray[np.float64] = probabilities / shares
    found /= found.sum(1, keepdims=True)
    return found


def _set_numbers(groups: Sequence[Sequence[int]], order: NDArray[np.int64], rows: int) -> NDArray[np.int64]:
    """Return the number of each dataset row's set of copies; -1 for none."""
    found = np.full(rows, -1)
    for number, group in enumerate(groups):
        found[order[list(group)]] = number
    return found


def _by_dataset_row(weights: NDArray[np.float64], order: NDArray[np.int64], rows: int) -> NDArray[np.float64]:
    """Return the weight of each dataset row; 1 outside the training part."""
    found = np.ones(rows)
    found[order] = weights
    return found
