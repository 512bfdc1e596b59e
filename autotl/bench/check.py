"""Check a file of results.

Recompute its scores, and report everything that is wrong.
"""

from __future__ import annotations

import math
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from functools import cache
from importlib.metadata import entry_points
from pathlib import Path

import numpy as np

from autotl import plugins
from autotl.api import DEPLOY
from autotl.bench import split as splits
from autotl.bench.checking.missing import missing_rows
from autotl.bench.checking.published import changed_rows, copied_outputs, strategy_of
from autotl.bench.data_sets.data import Data
from autotl.bench.entry import AUTOTL, kind_of
from autotl.bench.measure import MAX_BUDGETS, MAX_DELAY
from autotl.bench.split import Split
from autotl.bench.suite import Suite, load
from autotl.errors import BenchError
from autotl.leaderboard import Row, seal
from autotl.metrics import get_metric
from autotl.targets import chance_level, target_of

MIN_VALIDATION_FRACTION = 0.15
"""The smallest fraction of the training images that an entrant validates on."""
SINGLE_KINDS = ("strategy", "default")
"""Kinds of entrants with one strategy."""
TOLERANCE = 1e-9
"""The largest difference of a score that is computed twice from the same logits."""
MAX_STANDARD_ERRORS = 3.0
"""The largest gap between the selected trial and the best one on validation, in standard errors.

The one-standard-error rule stays well below this limit. A choice by test scores usually does not.
"""

_Splits = Mapping[tuple[str, int, int], Split]


def check(
    rows: Sequence[Row],
    *,
    suite: str | Path | None = None,
    published: Sequence[Row] = (),
    updates: Iterable[str] = (),
) -> list[str]:
    """Return the faults of a file of results, in sentences.

    A valid row has its seal, uses the suite's split and image size, has the score of its logits and names
    its versions. It selected a trial that its validation scores support, and ended in time. Each entrant
    must have one row for each condition and seed, all from one version, with outputs that no other entrant
    has. Rows of published entrants must be the published ones.

    A seal shows an edit, but not the author, so invented results can still pass. Published results are
    therefore repeated from time to time.

    Args:
        rows: All rows of the file.
        suite: Name or path of the suite; by default the shipped suite named in the rows.
        published: Rows of published results. Their conditions (data set, shots, backbone and
            budget) are then required in place of the suite's.
            Rows of other suites are left out.
        updates: Names of published entrants that have a new version in the rows.

    Raises:
        BenchError: If the suite has no split files, or if no published row is of the suite.
    """
    if not rows:
        return ["There are no rows."]
    names = sorted({row.suite for row in rows})
    if len(names) > 1:
        return [f"Rows of {len(names)} suites are mixed: {', '.join(names)}. Use one file per suite."]
    loaded = load(suite or names[0])
    official = _official_splits(loaded)
    published = _of_suite(published, names[0])
    return [
        *(fault for row in rows for fault in _row_faults(row, loaded, official)),
        *_repeated(rows),
        *missing_rows(rows, loaded, published, updates),
        *_mixed_versions(rows),
        *changed_rows(rows, published, updates),
        *copied_outputs(rows, published, updates),
    ]


def _of_suite(published: Sequence[Row], suite: str) -> list[Row]:
    found = [row for row in published if row.suite == suite]
    if published and not found:
        others = ", ".join(sorted({row.suite for row in published}))
        raise BenchError(
            f"published must have rows of the suite {suite} (got {others}). "
            f"Give the published file of {suite}."
        )
    return found


def _official_splits(suite: Suite) -> _Splits:
    found = {}
    for data in suite.datasets:
        for shots in suite.shots_of(data):
            for seed in suite.seeds:
                path = suite.splits / splits.file_name(data.name, shots=shots, seed=seed)
                if path.is_file():
                    found[data.name, shots, seed] = splits.read(path)
    if not found:
        raise BenchError(
            f"The suite {suite.name!r} has no split files in {suite.splits}. Give a suite with split files."
        )
    return found


def _row_faults(row: Row, suite: Suite, official: _Splits) -> Iterator[str]:
    case = f"{row.dataset}, {row.backbone}, seed {row.seed}, {row.budget_seconds:g} s"
    for fault in _faults(row, suite, official):
        yield f"{row.entrant} on {case}: {fault}"


def _faults(row: Row, suite: Suite, official: _Splits) -> Iterator[str]:
    if row.seal != seal(row):
        yield "its seal does not match its content, so it was edited."
    split = official.get((row.dataset, row.shots, row.seed))
    if row.kind != (kind := kind_of(row.entrant, suite)):
        yield f"its kind is {row.kind}, but that of the entrant in the suite is {kind}."
        return
    if split is None:
        yield "the suite has no such data set, shots or seed."
        return
    if fault := _split_fault(row, split):
        yield fault
        return
    yield from _setting_faults(row, suite)
    if row.target != split.target:
        yield f"its target is {row.target}, but that of the suite is {split.target}."
        return
    data = next(data for data in suite.datasets if data.name == row.dataset)
    metric = suite.metric_of(data)
    if row.metric != metric:
        yield f"its metric is {row.metric}, but that of the suite is {metric}."
        return
    if not 0 <= row.seconds <= MAX_BUDGETS * row.budget_seconds + 2 * MAX_DELAY:
        yield f"it took {row.seconds:.0f} s, which is more than the runner allows."
    if row.status != "failed":
        yield from _measured_faults(row, split, data)
    elif not row.error or row.test is not None or row.logits is not None:
        yield "it failed, but has a score or no reason."


def _setting_faults(row: Row, suite: Suite) -> Iterator[str]:
    if fault := _image_size_fault(row, suite):
        yield fault
    if row.backbone not in {each.name for each in suite.backbones}:
        yield f"the suite has no backbone {row.backbone}."
    if row.budget_seconds not in suite.budgets:
        yield f"the suite has no budget of {row.budget_seconds:g} s."


def _split_fault(row: Row, split: Split) -> str:
    if row.split != split.hash:
        return f"it uses another split ({row.split[:12]}) than the suite ({split.hash[:12]})."
    counts = split.count("train"), split.count("test"), len(split.classes)
    if (row.n_train, row.n_test, row.n_classes) != counts:
        return f"its numbers of images and classes differ from those of the split, {counts}."
    return ""


def _image_size_fault(row: Row, suite: Suite) -> str:
    fixed = next((data.image_size or 0 for data in suite.datasets if data.name == row.dataset), 0)
    used = row.image_size
    if used is None:  # a row of an older version keeps the size of its network alone
        used = row.image_side if fixed and row.image_side else fixed
    words = [f"{size} px" if size else "a free choice" for size in (used, fixed)]
    return "" if used == fixed else f"its image size is {words[0]}, but that of the suite is {words[1]}."


def _score_faults(row: Row, split: Split) -> Iterator[str]:
    if not (row.version and row.plugin and row.versions):
        yield "it does not name its plugin or its versions."
    if row.kind in SINGLE_KINDS and not (row.revision or _is_built_in(row)):
        yield "it does not name the revision of its plugin. Measure it again with this version of autotl."
    if row.kind in SINGLE_KINDS and row.params.get("strategy", strategy_of(row)) != strategy_of(row):
        yield f"its settings are those of the strategy {row.params['strategy']}, so it was renamed."
    if row.logits is None or not np.isfinite(row.logits).all():
        yield "it has no finite logits, so its score cannot be recomputed."
        return
    recomputed = float(get_metric(row.metric, split.spec)(split.labels, row.logits))
    if row.test is None or not abs(row.test - recomputed) <= TOLERANCE:  # NaN too
        yield f"its test score is {row.test}, but its logits score {recomputed:.6f}."


def _is_built_in(row: Row) -> bool:
    """Return whether autotl offers the strategy: its version is its revision."""
    return row.plugin == AUTOTL and strategy_of(row) in _built_in_strategies()


@cache
def _built_in_strategies() -> frozenset[str]:
    points = [each for each in entry_points(group=plugins.GROUP) if each.dist and each.dist.name == AUTOTL]
    return frozenset(plugins.load(points).strategies.items)


def _measured_faults(row: Row, split: Split, data: Data) -> Iterator[str]:
    yield from _score_faults(row, split)
    if not _is_adapted(row, data):
        yield from _choice_faults(row, split)


def _is_adapted(row: Row, data: Data) -> bool:
    """Return whether a guard chose the model by images of the place of use, and not validation."""
    adapts = DEPLOY in data.additional and row.kind not in SINGLE_KINDS
    return adapts and bool(row.adaptation and row.adaptation.get("chosen"))


def _choice_faults(row: Row, split: Split) -> Iterator[str]:
    """Check that the selected trial can have been chosen by validation."""
    if not row.trials:
        if row.kind != "peer":
            yield "it lists no trials, so its choice cannot be checked."
        return
    if row.chosen is None or not 0 <= row.chosen < len(row.trials):
        if row.kind != "peer":
            yield "it does not name the selected trial."
        return
    selected = row.trials[row.chosen].get("val")
    known = [each["val"] for each in row.trials if each.get("val") is not None]
    if selected is None and row.val is None and row.kind == "peer":
        return  # a peer that was stopped before its first validation
    if selected is None or row.val is None or not abs(selected - row.val) <= TOLERANCE:
        yield f"its validation score {row.val} differs from that of the selected trial, {selected}."
        return
    if max(known) - selected > _allowed_gap(row, split, selected):
        yield (
            f"its selected trial scored {selected:.3f} on validation, but another one {max(known):.3f}. "
            "It was not chosen by validation, but possibly by the test set."
        )


def _allowed_gap(row: Row, split: Split, selected: float) -> float:
    images, measure = max(MIN_VALIDATION_FRACTION * row.n_train, 1), get_metric(row.metric, split.spec)
    if measure.accuracy_like:
        variance = max(selected * (1 - selected), 0.01)
    elif split.target == "single_label":
        # a metric that is no fraction of correct answers gets the variance of random answers
        variance = 0.25 * chance_level(measure, row.n_classes)[1] ** 2
    else:
        variance = 0.25 * measure.accuracy_scale(split.labels, target_of(split.spec)) ** 2
    return MAX_STANDARD_ERRORS * math.sqrt(2 * variance / images)


def _repeated(rows: Sequence[Row]) -> Iterator[str]:
    for key, times in Counter(row.key for row in rows).items():
        if times > 1:
            yield f"{key[4]} on {key[1]}, seed {key[5]}: {times} rows for one measurement. Keep one."


def _mixed_versions(rows: Sequence[Row]) -> Iterator[str]:
    versions: dict[str, set[str]] = defaultdict(set)
    for row in rows:
        if row.version:
            revision = f" ({row.revision})" if row.revision else ""
            versions[row.entrant].add(f"{row.plugin} {row.version}{revision}")
    for entrant, found in versions.items():
        if len(found) > 1:
            yield f"{entrant} ran in several versions: {', '.join(sorted(found))}. Use one version."
