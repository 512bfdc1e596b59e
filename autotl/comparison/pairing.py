"""Pair the test predictions of two runs by image."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from autotl.api import Target, TargetKind, TargetSpec
from autotl.comparison.compared_run import ComparedRun
from autotl.comparison.scored_images import TEST_FILE, NotCompared, ScoredImages, numbered, scored_images
from autotl.comparison.split_table import readable
from autotl.report import format
from autotl.results.by_target.answer_arrays import answer_arrays, answer_names
from autotl.results.by_target.labelled_targets import KINDS
from autotl.targets import TARGETS, target_of

MAX_NAMED = 5
"""Classes that a reason names."""


@dataclass(frozen=True, slots=True)
class PairedImages:
    """Predictions of two runs for the same test images.

    Attributes:
        target: The target, with the names in the first run's order.
        targets: Encoded targets, (n,) or (n, k).
        outputs: Outputs (n, k) of the first run, and of the second.
        images: The rows of ``test.csv`` of both, in the same order.
    """

    target: Target
    targets: NDArray[Any]
    outputs: tuple[NDArray[np.float32], NDArray[np.float32]]
    images: tuple[ScoredImages, ScoredImages]


def pair_images(first: ComparedRun, second: ComparedRun) -> PairedImages | NotCompared:
    """Pair the predictions of two runs, or return why that is impossible.

    The runs must have scored the same test images, or one run a part of the other's.

    Args:
        first: A run.
        second: Another run.

    Raises:
        RunError: A table is damaged.
    """
    found = [scored_images(run) for run in (first, second)]
    for each in found:
        if isinstance(each, NotCompared):
            return each
    ours, theirs = (each for each in found if isinstance(each, ScoredImages))
    kind = _kind(first)
    if kind is None or kind != _kind(second):
        kinds = [KINDS.get(run.report.target.kind, run.report.target.kind) for run in (first, second)]
        return NotCompared(
            f"the kinds of target differ: {kinds[0]} in {first.shown}, {kinds[1]} in {second.shown}"
        )
    both = _shared(ours, theirs)
    sizes = [len(each.digests) for each in (ours, theirs)]
    if len(both) < min(sizes):
        return NotCompared(
            f"the test images differ ({sizes[0]:,} of {first.shown}, {sizes[1]:,} of {second.shown}, "
            f"{len(both):,} in both)"
        )
    rows = [list(each) for each in zip(*both, strict=True)]
    return _paired(kind, (first, second), (ours.part(rows[0]), theirs.part(rows[1])))


def _shared(ours: ScoredImages, theirs: ScoredImages) -> list[tuple[int, int]]:
    """Return the rows of both in which the same image is."""
    places = {key: place for place, key in enumerate(numbered(theirs.digests))}
    keys = enumerate(numbered(ours.digests))
    return [(place, places[key]) for place, key in keys if key in places]


def _paired(
    kind: TargetKind, runs: tuple[ComparedRun, ComparedRun], images: tuple[ScoredImages, ScoredImages]
) -> PairedImages | NotCompared:
    """Return the predictions as arrays, if both runs have the same names and targets."""
    names = [answer_names(each.answers, kind) for each in images]
    if why := _other_names(runs, names):
        return NotCompared(why)
    target = target_of(TargetSpec(kind, names[0]))
    arrays = []
    for run, each in zip(runs, images, strict=True):
        with readable(run.folder / TEST_FILE):
            arrays.append(answer_arrays(each.answers, target.spec))
    (targets, ours), (other_targets, theirs) = arrays
    differ = int((targets != other_targets).reshape(len(targets), -1).any(1).sum())
    if differ:
        first, second = (run.shown for run in runs)
        return NotCompared(
            f"{first} and {second} have other targets for {differ:,} of the same {len(targets):,} test images"
        )
    return PairedImages(target, targets, (ours, theirs), images)


def _kind(run: ComparedRun) -> TargetKind | None:
    return next((kind for kind in TARGETS if kind == run.report.target.kind), None)


def _other_names(runs: Sequence[ComparedRun], names: Sequence[Sequence[str]]) -> str:
    """Return which classes, labels or numbers one run alone has; "" if there are none."""
    parts = []
    for run, own, others in zip(runs, names, reversed(names), strict=True):
        if only := [format.name(name) for name in own if name not in set(others)]:
            parts.append(f"only {run.shown} has {format.listing(only, limit=MAX_NAMED)}")
    return f"the {runs[0].report.words.several} differ: {', '.join(parts)}" if parts else ""
