"""What past runs say of a new one, the more the more alike the data is."""

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
"""How far apart two data sets may lie and still tell much of each other: counts and image sides in natural
logarithms (1 is a factor of 2.7, 0.7 a factor of 2), likeness and probe accuracy as they are.
"""
LOGARITHMIC = ("n_train", "n_classes", "min_per_class", "image_side")
UNKNOWN = 1.0  # bandwidths: a property that one side lacks makes data neither like nor unlike
NEAR = math.exp(-2)  # weight from which data counts as alike: two bandwidths apart in all
DOUBT = 1.0  # runs: the weight of the opinion that all strategies are the same
SPREAD = 0.03  # of regrets from run to run, before any run shows it


@dataclass(frozen=True, slots=True)
class Profile:
    """What is known of the data before the search; the fields are those of :class:`Row`."""

    data_digest: str
    n_train: int
    n_classes: int
    min_per_class: int
    image_side: int
    likeness: float | None = None
    probe_score: float | None = None


@dataclass(frozen=True, slots=True)
class Record:
    """What past runs showed of one strategy: expected ``regret`` and its standard error ``se``, in units of
    the score, and in how many runs on data like this it took part and won.
    """

    regret: float
    se: float
    runs: int
    wins: int


@dataclass(frozen=True, slots=True)
class Predicted:
    """The strategy expected to win, and how probable that is."""

    strategy: str
    probability: float


@dataclass(frozen=True, slots=True)
class Prior:
    """What to expect of each strategy before the first trial.

    ``records`` are by strategy, ``typical`` is the regret to expect of one that no run has tried.
    ``predicted`` is None without past runs. ``evidence`` is a sentence or two.
    """

    records: Mapping[str, Record]
    typical: float
    predicted: Predicted | None
    evidence: str
    _params: Mapping[str, tuple[Mapping[str, Any], ...]] = field(default_factory=dict)

    def order(self, names: Sequence[str]) -> list[str]:
        """The strategies, the least expected regret first.

        Those that no past run has tried stand in the middle, where a typical one would, in their given order.
        """
        return sorted(
            names, key=lambda name: self.records[name].regret if name in self.records else self.typical
        )

    def behind(self, strategy: str) -> float:
        """How far behind the best the strategy is expected to end; not less than 0."""
        return max(0.0, self.records[strategy].regret if strategy in self.records else self.typical)

    def first_params(self, strategy: str, n: int = 2) -> list[dict[str, Any]]:
        """The best trials' params of at most ``n`` runs on data like this, the most alike first, none
        twice.
        """
        return [dict(params) for params in self._params.get(strategy, ())[:n]]


def prior_from(told: Mapping[str, Any]) -> Prior:
    """Read back what ``jsonio.plain`` made of it."""
    predicted = told["predicted"]
    return Prior(
        {name: Record(**record) for name, record in told["records"].items()},
        told["typical"],
        Predicted(**predicted) if predicted else None,
        told["evidence"],
        {name: tuple(params) for name, params in told["_params"].items()},
    )


@dataclass(frozen=True, slots=True)
class _Run:
    """One past run: the best arm of each strategy, and how much it counts."""

    best: Mapping[str, Row]
    likeness: float
    weight: float
    any: Row

    @property
    def winner(self) -> str:
        return min(self.best.values(), key=lambda row: (row.rank, row.regret)).strategy


def prior(rows: Sequence[Row], profile: Profile) -> Prior:
    """What past runs foretell for data of this profile.

    Each run counts by a Gaussian kernel of :data:`BANDWIDTHS`, and k runs on one data set count as √k, for
    they are not independent. A strategy's expected regret is the weighted mean over the runs that tried it,
    drawn towards what is typical of all strategies as if by one more run. Its standard error comes from the
    weighted scatter and the number of runs that the weights are worth.
    """
    runs = _runs(rows, profile)
    names = sorted({name for run in runs for name in run.best})
    every = [(run.weight, row.regret) for run in runs for row in run.best.values()]
    total = sum(weight for weight, _ in every)
    typical = sum(weight * regret for weight, regret in every) / total if total > 0 else 0.0
    near = [run for run in runs if run.likeness >= NEAR]
    wins = Counter(run.winner for run in near)
    return Prior(
        records={name: _record(name, runs, near, wins[name], typical) for name in names},
        typical=typical,
        predicted=_predicted(runs, names),
        evidence=_evidence(runs, near, wins, profile),
        _params={name: _best_params(name, near) for name in names},
    )


def _runs(rows: Sequence[Row], profile: Profile) -> list[_Run]:
    """The runs, the most alike first and the newer first among equals."""
    by_run: dict[str, dict[str, Row]] = {}
    for row in sorted(rows, key=lambda row: (row.created, -row.regret, -row.rank), reverse=True):
        by_run.setdefault(row.run, {}).setdefault(row.strategy, row)
    firsts = {run: next(iter(best.values())) for run, best in by_run.items()}
    times = Counter(first.data_digest for first in firsts.values())
    runs = []
    for run, best in by_run.items():
        kernel = _kernel(firsts[run], profile)
        runs.append(_Run(best, kernel, kernel / math.sqrt(times[firsts[run].data_digest]), firsts[run]))
    return sorted(runs, key=lambda run: -run.likeness)


def _kernel(row: Row, profile: Profile) -> float:
    """How much data like that of a row tells of data like the profile's, from 0 to 1."""
    squares = 0.0
    for name, width in BANDWIDTHS.items():
        theirs, ours = getattr(row, name), getattr(profile, name)
        if theirs is None or ours is None:
            squares += UNKNOWN**2 if theirs is not ours else 0.0
        elif name in LOGARITHMIC:
            squares += (math.log(max(theirs, 1) / max(ours, 1)) / width) ** 2
        else:
            squares += ((theirs - ours) / width) ** 2
    return math.exp(-squares / 2)


def _record(name: str, runs: Sequence[_Run], near: Sequence[_Run], wins: int, typical: float) -> Record:
    seen = [(run.weight, run.best[name].regret) for run in runs if name in run.best]
    total = sum(weight for weight, _ in seen) + DOUBT
    regret = (sum(weight * each for weight, each in seen) + DOUBT * typical) / total
    scatter = sum(weight * (each - regret) ** 2 for weight, each in seen)
    variance = (scatter + DOUBT * max(SPREAD**2, (typical - regret) ** 2)) / total
    worth = total**2 / (sum(weight**2 for weight, _ in seen) + DOUBT**2)
    took_part = sum(name in run.best for run in near)
    return Record(regret, math.sqrt(variance / worth), took_part, wins)


def _predicted(runs: Sequence[_Run], names: Sequence[str]) -> Predicted | None:
    """The likeliest winner: the weighted share of wins, beside one more run that any could have won."""
    if not names:
        return None
    won = dict.fromkeys(names, DOUBT / len(names))
    for run in runs:
        won[run.winner] += run.weight
    best = max(names, key=lambda name: won[name])
    return Predicted(best, won[best] / sum(won.values()))


def _best_params(name: str, near: Sequence[_Run]) -> tuple[Mapping[str, Any], ...]:
    found: list[Mapping[str, Any]] = []
    for run in near:
        if name not in run.best:
            continue
        try:
            params = json.loads(run.best[name].params)
        except ValueError:  # a row made by hand
            continue
        if isinstance(params, dict) and params not in found:
            found.append(params)
    return tuple(found)


def _evidence(runs: Sequence[_Run], near: Sequence[_Run], wins: Counter[str], profile: Profile) -> str:
    if not runs:
        return "There is no past run to learn from."
    if not near:
        return f"None of {_count(len(runs))} was on data like this."
    told = ", ".join(f"{name} won {count}" for name, count in wins.most_common())
    said = [f"In {_count(len(near))} on data like this, {told}."]
    same = sum(run.any.data_digest == profile.data_digest for run in near)
    if same:
        said.append(f"{_part(same, len(near))} on this very data.")
    shipped = sum(run.any.provenance.startswith("shipped") for run in near)
    if shipped:
        said.append(f"{_part(shipped, len(near))} not made here but shipped with autotl.")
    return " ".join(said)


def _count(runs: int) -> str:
    return f"{runs} past run{'' if runs == 1 else 's'}"


def _part(some: int, of: int) -> str:
    if some == of:
        return "It was" if of == 1 else "All of them were"
    return "One of them was" if some == 1 else f"{some} of them were"
