"""Read recorded results as scores of strategies beside the score of a linear probe."""

from __future__ import annotations

import csv
from collections import defaultdict
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

from autotl.experience import shipped_rows
from autotl.forecast import ACCURACY_SCALE, Case, Observation
from autotl.leaderboard import read_rows

RESULTS = Path(__file__).parents[1] / "results"
PROBE = "linear_probe"
FROZEN = (PROBE, "direct", "knn", "mlp_probe", "multi_layer_probe", "nearest_mean")
"""Strategies with heads on frozen features."""
BASELINES = ("from_scratch", "pixels", "scratch_small")
WHEN_FILES = ("when.csv", "when-300s.csv", "when-mobilenetv2.csv", "scratch.csv")
BENCH_FILES = ("public-60s.parquet", "selection-60s.parquet", "smoke.parquet")
UNLIKE_VALIDATION = ("traffic_signs",)
"""Data sets whose test images differ from the validation images, which a probe's test score must not."""


@dataclass(frozen=True, slots=True)
class Measured:
    """Accuracies of strategies on the same images.

    Attributes:
        source: Name of the file.
        data: Name of the data set.
        case: The data, with the probe's accuracy.
        scores: The accuracy of each strategy.
        has_probe: Whether ``case`` has an accuracy of the probe before the search. If not, it has that of the
            strategy ``linear_probe``.
    """

    source: str
    data: str
    case: Case
    scores: Mapping[str, float]
    has_probe: bool = False

    @property
    def observations(self) -> list[Observation]:
        """The strategies' scores relative to that of the probe."""
        return [
            Observation(
                self.data, name, name in BASELINES, self.case, ACCURACY_SCALE.logit(score) - self.case.probe
            )
            for name, score in self.scores.items()
            if self.has_probe or name != PROBE
        ]


def all_measured(results: Path = RESULTS) -> list[Measured]:
    """Return the measurements of all files."""
    found = [*_arms(results / "arms.csv"), *_shipped()]
    for name in WHEN_FILES:
        found += _when(results / name)
    for name in BENCH_FILES:
        found += _bench(results / name)
    return found


def _arms(path: Path) -> Iterator[Measured]:
    """Yield validation scores of strategies alone; the probe is the strategy ``linear_probe``."""
    blocks: dict[tuple[str, ...], dict[str, dict[str, str]]] = defaultdict(dict)
    with path.open(newline="", encoding="utf-8") as file:
        for row in csv.DictReader(file):
            if row["status"] == "ok":
                blocks[row["dataset"], row["shots"], row["seed"]][row["strategy"]] = row
    for (data, *_), block in blocks.items():
        if PROBE in block:
            yield _measured(path.name, data, block[PROBE], {name: row["val"] for name, row in block.items()})


def _when(path: Path) -> Iterator[Measured]:
    """Yield test scores of arms of one run."""
    with path.open(newline="", encoding="utf-8") as file:
        for row in csv.DictReader(file):
            parts = [part.split(":") for part in row["arms"].split()]
            scores = {name: score for name, score, _ in parts}
            if PROBE in scores:
                yield _measured(path.name, row["data"], row, scores)


def _measured(source: str, data: str, row: Mapping[str, str], scores: Mapping[str, str]) -> Measured:
    accuracies = {name: float(score) for name, score in scores.items()}
    classes = row.get("n_classes") or row["classes"]
    case = _case(int(row["n_train"]), int(classes), float(row["likeness"]), accuracies[PROBE])
    return Measured(source, data, case, accuracies)


def _bench(path: Path) -> Iterator[Measured]:
    """Yield validation scores of benchmark suites."""
    blocks: dict[tuple[object, ...], dict[str, float]] = defaultdict(dict)
    cases = {}
    for row in read_rows(path):
        if row.kind == "strategy" and row.status == "ok" and row.val is not None:
            block = row.dataset, row.shots, row.backbone, row.seed, row.budget_seconds
            blocks[block][row.entrant] = row.val
            if row.entrant == PROBE:
                cases[block] = _case(row.n_train, row.n_classes, row.likeness, row.val)
    for block, case in cases.items():
        yield Measured(path.name, str(block[0]), case, blocks[block])


def _shipped() -> Iterator[Measured]:
    """Yield validation scores of the shipped experience; the probe's accuracy is that before the search.

    The strategy ``linear_probe`` has no validation score there, so that its test score is used.
    """
    blocks = defaultdict(list)
    for row in shipped_rows():
        blocks[row.run].append(row)
    for rows in blocks.values():
        data, first = rows[0].provenance.removeprefix("shipped: ").split(",")[0], rows[0]
        if first.probe_score is None:
            continue
        scores = {row.strategy: row.score for row in rows if row.score is not None}
        tests = {row.strategy: row.test for row in rows if row.test is not None}
        if data not in UNLIKE_VALIDATION and PROBE not in scores and PROBE in tests:
            scores[PROBE] = tests[PROBE]
        case = _case(first.n_train, first.n_classes, first.likeness, first.probe_score)
        yield Measured("shipped.csv", data, case, scores, has_probe=True)


def _case(n_train: int, n_classes: int, likeness: float | None, probe: float) -> Case:
    return Case(n_train, n_classes, likeness, ACCURACY_SCALE.logit(probe))
