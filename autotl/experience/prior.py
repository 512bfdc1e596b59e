"""Predict how strategies perform on new data.

The prediction is from past runs on similar data.
"""

from __future__ import annotations

import json
import math
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from autotl.experience.row import Row

BANDWIDTHS = {
    "n_train": 1.0,
    "n_classes": 1.0,
    "min_per_class": 1.0,
    "image_side": 0.7,
    "likeness": 0.25,
    "probe_score": 0.15,
}
"""Bandwidths of the kernel that measures how similar two data sets are.

Counts and image sides are compared by their natural logarithms: 1 is a factor of 2.7, 0.7 a factor of 2.
Likeness and probe accuracy are compared directly.
"""
LOGARITHMIC = ("n_train", "n_classes", "min_per_class", "image_side")
UNKNOWN_DISTANCE = 1.0
"""Distance, in bandwidths, if a property is known for only one of two data sets."""
MIN_SIMILAR_WEIGHT = math.exp(-2)
"""Kernel weight from which a data set counts as similar: two bandwidths apart in total."""
PRIOR_RUNS = 1.0
"""Weight, in runs, of the prior that all strategies perform the same."""
PRIOR_REGRET_SD = 0.03
"""Prior standard deviation of a strategy's regret between runs."""


@dataclass(frozen=True, slots=True)
class Profile:
    """The properties of the data that are known before the search.

    Attributes:
        data_digest: Digest of the data.
        n_train: Number of training images.
        n_classes: Number of classes, labels or numbers.
        min_per_class: Number of training images in the smallest class or stratum.
        image_side: Median of the shorter sides of the images, in pixels.
        likeness: Similarity of the images to the source data, in [0, 1]; None if unknown.
        probe_score: Score of a linear probe, at most 1; None if unknown.
        kind: Kind of target.
    """

    data_digest: str
    n_train: int
    n_classes: int
    min_per_class: int
    image_side: int
    likeness: float | None = None
    probe_score: float | None = None
    kind: str = "single_label"


@dataclass(frozen=True, slots=True)
class StrategyRecord:
    """The results of one strategy in past runs.

    Attributes:
        regret: Expected regret, in units of the score.
        se: Standard error of the expected regret.
        runs: Number of runs on similar data that tried the strategy.
        wins: Number of those runs that it won.
    """

    regret: float
    se: float
    runs: int
    wins: int


@dataclass(frozen=True, slots=True)
class Predicted:
    """The strategy that most probably wins, with its probability."""

    strategy: str
    probability: float


@dataclass(frozen=True, slots=True)
class Prior:
    """The expectations for each strategy before the first trial.

    Attributes:
        records: Past results by strategy.
        typical: Expected regret of a strategy that no past run has tried.
        predicted: The predicted winner; None without past runs.
        evidence: Up to three sentences for the user about the past runs.
    """

    records: Mapping[str, StrategyRecord]
    typical: float
    predicted: Predicted | None
    evidence: str
    _params: Mapping[str, tuple[Mapping[str, Any], ...]] = field(default_factory=dict)

    def order(self, names: Sequence[str]) -> list[str]:
        """Sort strategies by expected regret, smallest first.

        Untried strategies have the typical regret and keep their order.
        """
        return sorted(names, key=self._regret)

    def expected_regret(self, strategy: str) -> float:
        """Return the expected regret of a strategy, at least 0."""
        return max(0.0, self._regret(strategy))

    def first_params(self, strategy: str, n: int = 2) -> list[dict[str, Any]]:
        """Return distinct hyperparameters that were best on similar data.

        Args:
            strategy: Name of the strategy.
            n: The largest number of settings.

        Returns:
            The settings, those from the most similar data first.
        """
        return [dict(params) for params in self._params.get(strategy, ())[:n]]

    def _regret(self, strategy: str) -> float:
        return self.records[strategy].regret if strategy in self.records else self.typical


def prior_from(document: Mapping[str, Any]) -> Prior:
    """Restore a :class:`Prior` from the result of ``jsonio.plain``."""
    predicted = document["predicted"]
    return Prior(
        {name: StrategyRecord(**record) for name, record in document["records"].items()},
        document["typical"],
        Predicted(**predicted) if predicted else None,
        document["evidence"],
        {name: tuple(params) for name, params in document["_params"].items()},
    )


@dataclass(frozen=True, slots=True)
class _Run:
    """A past run.

    Attributes:
        best: The best arm of each strategy.
        similarity: Kernel weight of its data, in [0, 1].
        weight: Weight of the run in the means.
        any_row: Any of its rows.
    """

    best: Mapping[str, Row]
    similarity: float
    weight: float
    any_row: Row

    @property
    def winner(self) -> str:
        return min(self.best.values(), key=lambda row: (row.rank, row.regret)).strategy


def prior(rows: Sequence[Row], profile: Profile) -> Prior:
    """Predict the performance of each strategy from past runs.

    Each run is weighted by a Gaussian kernel with :data:`BANDWIDTHS`. Runs on one data set are dependent, so
    k of them count as √k. The expected regret of a strategy is the weighted mean over the runs that tried it,
    shrunk towards the typical regret by the weight of one run. Its standard error follows from the weighted
    variance and the effective number of runs. Only runs with the same kind of target are used.

    Args:
        rows: Rows of past runs.
        profile: The new data.
    """
    runs = _runs([row for row in rows if row.kind == profile.kind], profile)
    names = sorted({name for run in runs for name in run.best})
    regrets = [(run.weight, row.regret) for run in runs for row in run.best.values()]
    total = sum(weight for weight, _ in regrets)
    typical = sum(weight * regret for weight, regret in regrets) / total if total > 0 else 0.0
    similar = [run for run in runs if run.similarity >= MIN_SIMILAR_WEIGHT]
    wins = Counter(run.winner for run in similar)
    return Prior(
        records={name: _record(name, runs, similar, wins[name], typical) for name in names},
        typical=typical,
        predicted=_predicted(runs, names),
        evidence=_evidence(runs, similar, wins, profile),
        _params={name: _best_params(name, similar) for name in names},
    )


def _runs(rows: Sequence[Row], profile: Profile) -> list[_Run]:
    """Group rows by run, most similar data first, then newest first."""
    by_run: dict[str, dict[str, Row]] = {}
    for row in sorted(rows, key=lambda row: (row.created, -row.regret, -row.rank), reverse=True):
        by_run.setdefault(row.run, {}).setdefault(row.strategy, row)
    firsts = {run: next(iter(best.values())) for run, best in by_run.items()}
    runs_on = Counter(first.data_digest for first in firsts.values())
    runs = []
    for run, best in by_run.items():
        kernel = _kernel(firsts[run], profile)
        runs.append(_Run(best, kernel, kernel / math.sqrt(runs_on[firsts[run].data_digest]), firsts[run]))
    return sorted(runs, key=lambda run: -run.similarity)


def _kernel(row: Row, profile: Profile) -> float:
    """Return the similarity of a row's data to the profile's, in [0, 1]."""
    squares = 0.0
    for name, width in BANDWIDTHS.items():
        theirs, ours = getattr(row, name), getattr(profile, name)
        if theirs is None or ours is None:
            squares += UNKNOWN_DISTANCE**2 if theirs is not ours else 0.0
        elif name in LOGARITHMIC:
            squares += (math.log(max(theirs, 1) / max(ours, 1)) / width) ** 2
        else:
            squares += ((theirs - ours) / width) ** 2
    return math.exp(-squares / 2)


def _record(
    name: str, runs: Sequence[_Run], similar: Sequence[_Run], wins: int, typical: float
) -> StrategyRecord:
    regrets = [(run.weight, run.best[name].regret) for run in runs if name in run.best]
    total = sum(weight for weight, _ in regrets) + PRIOR_RUNS
    mean = (sum(weight * each for weight, each in regrets) + PRIOR_RUNS * typical) / total
    scatter = sum(weight * (each - mean) ** 2 for weight, each in regrets)
    variance = (scatter + PRIOR_RUNS * max(PRIOR_REGRET_SD**2, (typical - mean) ** 2)) / total
    effective_runs = total**2 / (sum(weight**2 for weight, _ in regrets) + PRIOR_RUNS**2)
    runs_with = sum(name in run.best for run in similar)
    return StrategyRecord(mean, math.sqrt(variance / effective_runs), runs_with, wins)


def _predicted(runs: Sequence[_Run], names: Sequence[str]) -> Predicted | None:
    """Return the strategy with the largest weighted share of wins, after one prior run with a tie."""
    if not names:
        return None
    wins = dict.fromkeys(names, PRIOR_RUNS / len(names))
    for run in runs:
        wins[run.winner] += run.weight
    best = max(names, key=lambda name: wins[name])
    return Predicted(best, wins[best] / sum(wins.values()))


def _best_params(name: str, similar: Sequence[_Run]) -> tuple[Mapping[str, Any], ...]:
    found: list[Mapping[str, Any]] = []
    for run in similar:
        if name not in run.best:
            continue
        try:
            params = json.loads(run.best[name].params)
        except ValueError:  # a row that was not written by autotl
            continue
        if isinstance(params, dict) and params not in found:
            found.append(params)
    return tuple(found)


def _evidence(runs: Sequence[_Run], similar: Sequence[_Run], wins: Counter[str], profile: Profile) -> str:
    if not runs:
        return "No past runs are known."
    if not similar:
        return f"None of {_count(len(runs))} used similar data."
    winners = ", ".join(f"{name} won {count}" for name, count in wins.most_common())
    sentences = [f"In {_count(len(similar))} on similar data, {winners}."]
    same = sum(run.any_row.data_digest == profile.data_digest for run in similar)
    if same:
        sentences.append(f"{_part(same, len(similar))} used this data set.")
    shipped = sum(run.any_row.provenance.startswith("shipped") for run in similar)
    if shipped:
        sentences.append(f"{_part(shipped, len(similar))} came with autotl.")
    return " ".join(sentences)


def _count(runs: int) -> str:
    return f"{runs} past run{'' if runs == 1 else 's'}"


def _part(some: int, total: int) -> str:
    if some == total:
        return "It" if total == 1 else "All of them"
    return f"{some} of them"
