"""Gather from a run what may explain a validation score above the test score."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from autotl.analysis.data_issues import DataIssues
from autotl.clock import NEVER, Deadline, OutOfTime
from autotl.evaluation import (
    ComparedImages,
    FoldCopies,
    GapReasons,
    Selection,
    SelectionBias,
    judge_copies,
    judge_selection,
)
from autotl.evaluation import gap_reasons as judge
from autotl.quality import NAMED, Nearest, Pictures, near_limit, nearest
from autotl.trials.history import TrialHistory
from autotl.trials.trial import Trial
from autotl.workbench.run_cache import RunCache

Rows = NDArray[np.int64]
Flags = NDArray[np.bool_]
Pair = tuple[float, int, int]

MOST = 1000
"""Images of a part that are compared with training images: the share is then known to 3 points."""
EXAMPLES = 3
TELLING, LEAST_NAMED = 0.75, 20
"""File names tell of near copies if a file-name neighbour is more alike than three quarters of the class, as
a mean over so many images and by its 95% interval. The mean is 0.94 for frames of tracks, 0.79 for slices of
scans, and at most 0.71 on six other data sets.
"""


def reasons_of(
    gap: SelectionBias | None,
    *,
    winner: Trial,
    ledger: TrialHistory,
    materials: RunCache,
    examined: DataIssues,
    tested: Rows,
    seed: int,
    end: Deadline = NEVER,
) -> GapReasons | None:
    """Check selection, near copies across folds, a shift and small parts.

    Uses features that the run has already computed, of at most 1,000 images of each part.

    Args:
        gap: Validation score minus test score of ``winner``.
        winner: The chosen trial.
        ledger: All trials.
        materials: Where the features are.
        examined: The near copies and the shift that were found before the search.
        tested: Dataset rows of the test part.
        seed: Draws the images that are compared.
        end: When the check of near copies ends; it then counts as not measured.

    Returns:
        The checks, or None if the interval of the gap does not lie above 0.
    """
    if gap is None or not gap.ci95[0] > 0:
        return None
    folds = [fold for fold in sorted(winner.folds) if fold < ledger.k]
    accuracy = ledger.measure.name == "accuracy"
    known = gap.value if accuracy else None
    try:
        end.check()
        copies = _copies(known, winner, folds, ledger, materials, examined, seed, end)
    except OutOfTime:
        copies = None
    return judge(
        gap,
        selection=_selection(gap.value, winner, ledger),
        copies=copies,
        shift=examined.shift,
        images=(sum(len(ledger.rows[fold]) for fold in folds), len(tested)),
        accuracy=accuracy,
    )


def _selection(gap: float, winner: Trial, ledger: TrialHistory) -> Selection:
    own = ledger.score(winner) or 0.0
    rivals = [
        trial
        for trial in ledger.trials.values()
        if trial is not winner and 0 in trial.folds and trial.state not in ("pruned", "failed")
    ]
    behind = [own - (ledger.score(trial) or 0.0) for trial in rivals]
    return judge_selection(gap, behind, [ledger.spread(winner, trial) for trial in rivals])


@dataclass(frozen=True, slots=True)
class _Features:
    """Features of one backbone: of training rows by position, and of drawn test rows."""

    train: NDArray[np.floating]
    tested: Rows
    test: NDArray[np.floating]


@dataclass(frozen=True, slots=True)
class _Fold:
    """Validation images compared with the training rows of their fold: flags and ranks (n,), and near copies
    by picture and by file name as (distance, validation row, training row).
    """

    near: Flags
    named: Flags
    chance: NDArray[np.float64]
    ranks: NDArray[np.float64]
    right: Flags
    pairs: list[Pair]
    neighbours: list[Pair]


@dataclass(frozen=True, slots=True)
class _Drawn:
    """Drawn validation rows of a fold, its training rows, and whether the former are answered correctly."""

    rows: Rows
    learned: Rows
    right: Flags


def _copies(
    gap: float | None,
    winner: Trial,
    folds: Sequence[int],
    ledger: TrialHistory,
    materials: RunCache,
    examined: DataIssues,
    seed: int,
    end: Deadline,
) -> FoldCopies:
    table, rng = materials.dataset.table, np.random.default_rng(seed)
    names, features = table["item"].to_numpy(), _features(materials, rng)
    share = min(1.0, MOST / sum(len(ledger.rows[fold]) for fold in folds))
    drawn = []
    for fold in folds:
        n = len(ledger.rows[fold])
        chosen = np.sort(rng.permutation(n)[: max(1, round(share * n))])
        right = winner.folds[fold].logits[chosen].argmax(1) == ledger.labels[fold][chosen]
        drawn.append(_Drawn(ledger.rows[fold][chosen], materials.splits.folds[fold].train, right))
    beyond, limit = None, 0.0
    found: list[Nearest] | list[None] = [None] * len(drawn)
    if features is not None:
        reference, *found = _nearest(materials, features, drawn, seed, end)
        limit = near_limit(reference.distance)
        beyond = (reference.distance < limit) | np.isin(features.tested, examined.leaked)
    compared = [
        _compare(each, nearby, limit, examined.copied, materials.order)
        for each, nearby in zip(drawn, found, strict=True)
    ]
    ranks = np.concatenate([each.ranks for each in compared])
    tell = len(ranks) >= LEAST_NAMED and ranks.mean() - 1.96 * ranks.std() / len(ranks) ** 0.5 > TELLING
    pairs = sorted(pair for each in compared for pair in each.pairs + (each.neighbours if tell else []))[
        :EXAMPLES
    ]
    return judge_copies(
        gap,
        ComparedImages(
            np.concatenate([each.near for each in compared]),
            np.concatenate([each.named & tell for each in compared]),
            np.concatenate([each.chance for each in compared]),
            np.concatenate([each.right for each in compared]),
        ),
        beyond,
        examples=[(str(names[one]), str(names[other])) for _, one, other in pairs],
        grouped=bool(table["group"].notna().any()),
    )


def _compare(each: _Drawn, found: Nearest | None, limit: float, copied: Rows, order: Rows) -> _Fold:
    """Look for near copies of validation rows: by the sets found before the search and by features.

    Features are used only if test images show what is usual.
    """
    rows, sets = each.rows, each.learned[copied[each.learned] >= 0]
    partner = dict(zip(copied[sets].tolist(), sets.tolist(), strict=True))
    pairs = [(-1.0, row, partner[copied[row]]) for row in rows.tolist() if copied[row] in partner]
    near = np.isin(copied[rows], list(partner))
    if found is None:
        return _Fold(near, np.zeros_like(near), np.zeros(len(near)), np.empty(0), each.right, pairs, [])
    alike, named = found.distance < limit, found.named_distance < NAMED
    pairs += _pairs(found.distance, order[found.row], np.flatnonzero(alike), rows)
    neighbours = _pairs(found.named_distance, order[found.named_row], np.flatnonzero(named), rows)
    ranks = found.named_rank[np.isfinite(found.named_rank)]
    return _Fold(near | alike, named, found.named_usual, ranks, each.right, pairs, neighbours)


def _pairs(distance: NDArray[np.float64], partner: Rows, which: Rows, rows: Rows) -> list[Pair]:
    return [(float(distance[i]), int(rows[i]), int(partner[i])) for i in which.tolist()]


def _nearest(
    materials: RunCache, features: _Features, drawn: Sequence[_Drawn], seed: int, end: Deadline
) -> list[Nearest]:
    """Compare test images with the training rows of the first fold, and each fold with its own."""
    first = materials.positions(materials.splits.folds[0].train).numpy()
    parts = [(_pictures(materials, features.tested, features.test), first)]
    for each in drawn:
        ours = features.train[materials.positions(each.rows).numpy()]
        learned = materials.positions(each.learned).numpy()
        parts.append((_pictures(materials, each.rows, ours), learned))
    learned_pictures = _pictures(materials, materials.order, features.train)
    return nearest(parts, learned_pictures, seed=seed, pulse=end.check)


def _pictures(materials: RunCache, rows: Rows, features: NDArray[np.floating]) -> Pictures:
    table = materials.dataset.table
    return Pictures(table["item"].to_numpy()[rows], table["label"].to_numpy(dtype=np.int64)[rows], features)


def _features(materials: RunCache, rng: np.random.Generator) -> _Features | None:
    """Find a backbone with features of both parts, and draw test rows; None without such a backbone."""
    for (backbone, side), (rows, test) in materials.extra_features.items():
        train = materials.cached_features(backbone, side=side) if backbone in materials.backbones else None
        if train is not None:
            drawn = np.sort(rng.permutation(len(rows))[:MOST])
            return _Features(train, rows[drawn], test[drawn])
    return None
