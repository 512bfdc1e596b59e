"""Gather what can explain a validation score above the test score."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from autotl.analysis.data_issues import DataIssues
from autotl.clock import Deadline, OutOfTime
from autotl.evaluation import ComparedImages, FoldCopies, GapReasons, Selection, SelectionBias
from autotl.evaluation import gap_reasons as judge
from autotl.evaluation import judge_copies as judge_copies
from autotl.evaluation import judge_selection as judge_selection
from autotl.finalize.phase import FinalPhase
from autotl.quality import NAME_NEIGHBOUR_LIMIT, LabelledImages, Nearest, near_copy_limit, nearest_images
from autotl.seeds import derive
from autotl.trials.history import TrialHistory
from autotl.trials.trial import Trial
from autotl.workbench.run_cache import RunCache

Rows = NDArray[np.int64]
Flags = NDArray[np.bool_]
Pair = tuple[float, int, int]

MAX_IMAGES = 1000
"""Images of a part that are compared with training images; the share is then known to 3 points."""
EXAMPLES = 3
TELLING, MIN_NAMED = 0.75, 20
"""The rank above which file names indicate near copies, and the images that this takes.

A file-name neighbour must be more similar than three quarters of the class, by the 95 % interval of the mean.
The mean is 0.94 for frames of tracks, 0.79 for slices of scans, and at most 0.71 on six other data sets.
"""


def gap_reasons(
    phase: FinalPhase,
    winner: Trial,
    gap: SelectionBias | None,
    tested: Rows,
    *,
    end: Deadline | None = None,
) -> GapReasons | None:
    """Check selection, near copies across folds, a shift and small parts.

    Features that the run has already computed are used, of at most MAX_IMAGES images of each part.

    Args:
        phase: The final phase.
        winner: The best trial.
        gap: Its validation score minus its test score.
        tested: The dataset rows of the test images.
        end: When the check of near copies ends, as not measured; None is the deadline of the report.

    Returns:
        None if the interval of the gap does not lie above 0.
    """
    if gap is None or not gap.ci95[0] > 0 or phase.issues is None:
        return None
    history, end = phase.history, end or phase.report_deadline
    folds = [fold for fold in sorted(winner.folds) if fold < history.folds_per_repeat]
    accuracy = history.metric.name in ("accuracy", "subset_accuracy")
    copies: FoldCopies | None = None
    try:
        end.check()
        check = _CopyCheck(phase.run_cache, phase.issues, derive(phase.options.seed, "gap"), end)
        copies = check.run(gap.value if accuracy else None, _drawn(phase, winner, folds, check.rng))
    except OutOfTime:
        copies = None
    return judge(
        gap,
        selection=_selection(gap.value, winner, history),
        copies=copies,
        shift=phase.issues.shift,
        images=(sum(len(history.rows[fold]) for fold in folds), len(tested)),
        accuracy=accuracy,
    )


def _selection(gap: float, winner: Trial, history: TrialHistory) -> Selection:
    own = history.score(winner) or 0.0
    rivals = [
        trial
        for trial in history.trials.values()
        if trial is not winner and 0 in trial.folds and trial.state not in ("pruned", "failed")
    ]
    differences = [own - (history.score(trial) or 0.0) for trial in rivals]
    return judge_selection(gap, differences, [history.metric_standard_error(winner, each) for each in rivals])


@dataclass(frozen=True, slots=True)
class _Features:
    """Features of training rows by position, and of drawn test rows."""

    train: NDArray[np.floating]
    tested: Rows
    test: NDArray[np.floating]


@dataclass(frozen=True, slots=True)
class _DrawnFold:
    """Drawn validation rows of a fold, with the rows it learns from."""

    rows: Rows
    learned: Rows
    correct: NDArray[Any]


@dataclass(frozen=True, slots=True)
class _ComparedFold:
    """Validation images compared with the training rows of their fold.

    Attributes:
        near: Whether each has a near copy, (n,).
        named: Whether the neighbour by file name is a near copy, (n,).
        chance: The probability of such a neighbour by chance, (n,).
        ranks: The ranks of the neighbours by file name, in [0, 1].
        correct: How correct each prediction is, (n,).
        pairs: Near copies by picture, as (distance, validation row, training row).
        neighbours: Near copies by file name.
    """

    near: Flags
    named: Flags
    chance: NDArray[np.float64]
    ranks: NDArray[np.float64]
    correct: NDArray[Any]
    pairs: list[Pair]
    neighbours: list[Pair]


def _drawn(
    phase: FinalPhase, winner: Trial, folds: Sequence[int], rng: np.random.Generator
) -> list[_DrawnFold]:
    """Draw validation images of each fold."""
    history = phase.history
    share = min(1.0, MAX_IMAGES / sum(len(history.rows[fold]) for fold in folds))
    drawn = []
    for fold in folds:
        n = len(history.rows[fold])
        chosen = np.sort(rng.permutation(n)[: max(1, round(share * n))])
        correct = phase.run_cache.target.correct(
            winner.folds[fold].outputs[chosen], history.targets[fold][chosen]
        )
        train = phase.run_cache.splits.folds[fold].train
        drawn.append(_DrawnFold(history.rows[fold][chosen], train, correct))
    return drawn


class _CopyCheck:
    """Compares validation and test images with training images."""

    def __init__(self, run_cache: RunCache, issues: DataIssues, seed: int, end: Deadline) -> None:
        self._run_cache, self._issues, self._seed, self._end = run_cache, issues, seed, end
        self.rng = np.random.default_rng(seed)
        self._features = self._known_features()

    def run(self, gap: float | None, drawn: Sequence[_DrawnFold]) -> FoldCopies:
        """Return the part of the gap that near copies explain."""
        beyond, limit = None, 0.0
        found: list[Nearest] | list[None] = [None] * len(drawn)
        if self._features is not None:
            reference, *found = self._nearest(self._features, drawn)
            limit = near_copy_limit(reference.distance)
            beyond = (reference.distance < limit) | np.isin(self._features.tested, self._issues.leaked)
        compared = [self._compare(each, near, limit) for each, near in zip(drawn, found, strict=True)]
        ranks = np.concatenate([each.ranks for each in compared])
        tell = len(ranks) >= MIN_NAMED and ranks.mean() - 1.96 * ranks.std() / len(ranks) ** 0.5 > TELLING
        pairs = sorted(pair for each in compared for pair in each.pairs + (each.neighbours if tell else []))
        table = self._run_cache.dataset.table
        names = table["item"].to_numpy()
        return judge_copies(
            gap,
            ComparedImages(
                np.concatenate([each.near for each in compared]),
                np.concatenate([each.named & tell for each in compared]),
                np.concatenate([each.chance for each in compared]),
                np.concatenate([each.correct for each in compared]),
            ),
            beyond,
            examples=[(str(names[one]), str(names[other])) for _, one, other in pairs[:EXAMPLES]],
            grouped=bool(table["group"].notna().any()),
        )

    def _compare(self, each: _DrawnFold, found: Nearest | None, limit: float) -> _ComparedFold:
        """Find near copies of validation rows by known sets and by features.

        Features are used only if test images show the usual distance.
        """
        rows, copied, order = each.rows, self._issues.copied, self._run_cache.order
        sets = each.learned[copied[each.learned] >= 0]
        partner = dict(zip(copied[sets].tolist(), sets.tolist(), strict=True))
        pairs = [(-1.0, row, partner[copied[row]]) for row in rows.tolist() if copied[row] in partner]
        near = np.isin(copied[rows], list(partner))
        if found is None:
            none = np.zeros_like(near)
            return _ComparedFold(near, none, np.zeros(len(near)), np.empty(0), each.correct, pairs, [])
        similar, named = found.distance < limit, found.named_distance < NAME_NEIGHBOUR_LIMIT
        pairs += _pairs(found.distance, order[found.row], np.flatnonzero(similar), rows)
        neighbours = _pairs(found.named_distance, order[found.named_row], np.flatnonzero(named), rows)
        ranks = found.named_rank[np.isfinite(found.named_rank)]
        return _ComparedFold(near | similar, named, found.named_usual, ranks, each.correct, pairs, neighbours)

    def _nearest(self, features: _Features, drawn: Sequence[_DrawnFold]) -> list[Nearest]:
        """Compare test images and each fold with training rows."""
        run_cache = self._run_cache
        first = run_cache.positions(run_cache.splits.folds[0].train).numpy()
        parts = [(self._pictures(features.tested, features.test), first)]
        for each in drawn:
            ours = features.train[run_cache.positions(each.rows).numpy()]
            learned = run_cache.positions(each.learned).numpy()
            parts.append((self._pictures(each.rows, ours), learned))
        train = self._pictures(run_cache.order, features.train)
        return nearest_images(parts, train, seed=self._seed, check_cancelled=self._end.check)

    def _pictures(self, rows: Rows, features: NDArray[np.floating]) -> LabelledImages:
        table = self._run_cache.dataset.table
        strata = self._run_cache.target.strata(self._run_cache.dataset.targets)
        return LabelledImages(table["item"].to_numpy()[rows], strata[rows], features)

    def _known_features(self) -> _Features | None:
        """Return features of both parts, with drawn test rows."""
        run_cache = self._run_cache
        for (backbone, size), (rows, test) in run_cache.extra_features.items():
            known = backbone in run_cache.backbones
            train = run_cache.cached_features(backbone, input_size=size) if known else None
            if train is not None:
                drawn = np.sort(self.rng.permutation(len(rows))[:MAX_IMAGES])
                return _Features(train, rows[drawn], test[drawn])
        return None


def _pairs(distance: NDArray[np.float64], partner: Rows, which: Rows, rows: Rows) -> list[Pair]:
    return [(float(distance[i]), int(rows[i]), int(partner[i])) for i in which.tolist()]
