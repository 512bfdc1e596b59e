"""Say what is wrong with somebody's results: everything in them that can be computed again, is."""

from __future__ import annotations

import math
from collections import Counter, defaultdict
from collections.abc import Iterator, Sequence
from pathlib import Path

import numpy as np

from autotl.bench import split as splits
from autotl.bench.measure import GRACE, OVER
from autotl.bench.split import Split
from autotl.bench.suite import Suite, load
from autotl.errors import BenchError
from autotl.leaderboard import Row, seal
from autotl.metrics import get_metric

VALIDATED = 0.15  # the least share of the training images that anyone validates on
SAME = 1e-9  # two computations of one score from the same logits
ERRORS = 3.0
"""By so many standard errors may a kept trial lie behind the best one on validation.

Rules that take the cheaper of two that are not told apart stay well within; a choice by the test part does
not, as a rule.
"""


def check(rows: Sequence[Row], *, suite: str | Path | None = None) -> list[str]:
    """The faults of a file of results, in sentences; none where it holds.

    It holds where every row has its seal, is of the suite's own split, has the score that its logits give,
    tells the versions it was made with, kept the trial that its validation scores choose, and ended in time;
    and where each entrant has all seeds of each data set it entered, once, in one version. ``suite`` is the
    suite where it is none of the shipped ones.

    A seal shows an edit and not who made the row: results can still be invented whole. What is published is
    run again now and then.
    """
    if not rows:
        return ["There are no rows."]
    names = sorted({row.suite for row in rows})
    if len(names) > 1:
        return [f"Rows of {len(names)} suites are mixed: {', '.join(names)}. One file is of one suite."]
    of = load(suite or names[0])
    official = _official(of)
    faults = [fault for row in rows for fault in _row(row, of, official)]
    return faults + list(_together(rows, of))


def _official(suite: Suite) -> dict[tuple[str, int, int], Split]:
    found = {}
    for data in suite.datasets:
        for shots in suite.shots:
            for seed in suite.seeds:
                path = suite.splits / splits.file_name(data.name, shots=shots, seed=seed)
                if path.is_file():
                    found[data.name, shots, seed] = splits.read(path)
    if not found:
        raise BenchError(
            f"The suite {suite.name!r} has no split files in {suite.splits}: nothing to check against."
        )
    return found


def _row(row: Row, suite: Suite, official: dict[tuple[str, int, int], Split]) -> Iterator[str]:
    def fault(what: str) -> str:
        case = f"{row.dataset}, {row.backbone}, seed {row.seed}, {row.budget_seconds:g} s"
        return f"{row.entrant} on {case}: {what}"

    if row.seal != seal(row):
        yield fault("its seal does not fit its content: something was changed after it was measured.")
    split = official.get((row.dataset, row.shots, row.seed))
    if split is None:
        yield fault("the suite has no such data set, shots or seed.")
        return
    if row.split != split.hash:
        yield fault(f"it is of another split ({row.split[:12]}) than the suite's ({split.hash[:12]}).")
        return
    counts = split.count("train"), split.count("test"), len(split.classes)
    if (row.n_train, row.n_test, row.n_classes) != counts:
        yield fault(f"its numbers of images and classes are not those of the split, {counts}.")
        return
    if row.budget_seconds not in suite.budgets:
        yield fault(f"the suite has no budget of {row.budget_seconds:g} s.")
    if row.metric != suite.metric:
        yield fault(f"it is scored by {row.metric}, and the suite by {suite.metric}.")
        return
    if row.seconds > OVER * row.budget_seconds + 2 * GRACE or row.seconds < 0:
        yield fault(f"it took {row.seconds:.0f} s: more than the runner lets anyone take.")
    if row.status == "failed":
        if not row.error or row.test is not None or row.logits is not None:
            yield fault("it failed, but has no reason, or a score all the same.")
        return
    yield from map(fault, _scored(row, split))
    yield from map(fault, _chosen(row))


def _scored(row: Row, split: Split) -> Iterator[str]:
    if not (row.version and row.plugin and row.versions):
        yield "it does not say which plugin it was made with, and in which versions."
    if row.logits is None or not np.isfinite(row.logits).all():
        yield "it has no logits, or some that are no numbers: its score cannot be computed again."
        return
    again = float(get_metric(row.metric)(split.labels, row.logits))
    if row.test is None or abs(row.test - again) > SAME:
        yield f"it says it scored {row.test}, but its logits score {again:.6f}."


def _chosen(row: Row) -> Iterator[str]:
    """Whether validation, and not the test part, can have chosen the trial that was kept."""
    if not row.trials:
        if row.kind != "peer":
            yield "it tells no trials: nobody can see what was chosen among, and by what."
        return
    if row.chosen is None or not 0 <= row.chosen < len(row.trials):
        if row.kind != "peer":
            yield "it does not say which of its trials was kept."
        return
    kept = row.trials[row.chosen].get("val")
    known = [each["val"] for each in row.trials if each.get("val") is not None]
    if kept is None and row.val is None and row.kind == "peer":
        return  # a tool that was stopped before it had validated
    if kept is None or row.val is None or abs(kept - row.val) > SAME:
        yield f"its validation score {row.val} is not the kept trial's, {kept}."
        return
    images, measure = max(VALIDATED * row.n_train, 1), get_metric(row.metric)
    # of a metric that is no share of right answers, as much as of one that says nothing of any image
    variance = (
        max(kept * (1 - kept), 0.01)
        if measure.accuracy_like
        else 0.25 * measure.chance_level(row.n_classes)[1] ** 2
    )
    allowed = ERRORS * math.sqrt(2 * variance / images)
    if max(known) - kept > allowed:
        yield (
            f"the kept trial has {kept:.3f} on validation and another {max(known):.3f}: "
            "validation did not choose it, so the test part may have."
        )


def _together(rows: Sequence[Row], suite: Suite) -> Iterator[str]:
    for key, times in Counter(row.key for row in rows).items():
        if times > 1:
            yield f"{key[4]} on {key[1]}, seed {key[5]}: {times} rows for one measurement; which one counts?"
    mine: dict[tuple[str, str, int, float], set[int]] = defaultdict(set)
    entered: dict[str, set[str]] = defaultdict(set)
    versions: dict[str, set[str]] = defaultdict(set)
    for row in rows:
        mine[row.entrant, row.dataset, row.shots, row.budget_seconds].add(row.seed)
        entered[row.entrant].add(row.dataset)
        if row.version:
            versions[row.entrant].add(f"{row.plugin} {row.version}")
    for (entrant, dataset, _, budget), seeds in mine.items():
        if lacking := sorted(set(suite.seeds) - seeds):
            yield (
                f"{entrant} on {dataset}, {budget:g} s: the seeds {', '.join(map(str, lacking))} "
                "are missing. All seeds count, failed ones too."
            )
    everywhere = set.union(*entered.values())
    for entrant, datasets in entered.items():
        if lacking_data := sorted(everywhere - datasets):
            yield f"{entrant} has no row on {', '.join(lacking_data)}: others have. A failure is a row too."
    for entrant, found in versions.items():
        if len(found) > 1:
            yield f"{entrant} ran in several versions, {', '.join(sorted(found))}: an entrant is one."
