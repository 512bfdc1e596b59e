"""Find the conditions and seeds that an entrant has no row for."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence

from autotl import plugins
from autotl.api import Strategy
from autotl.bench.data_sets.data import Data
from autotl.bench.entry import Entrant, can_run, kind_of, takes_part
from autotl.bench.suite import Suite
from autotl.leaderboard import Row

_Condition = tuple[str, int, str, float]
"""Data set, shots, backbone and budget."""


def missing_rows(
    rows: Sequence[Row], suite: Suite, published: Sequence[Row], updates: Iterable[str]
) -> Iterator[str]:
    """Yield a fault for each condition or seed without a row.

    Args:
        rows: The rows to check.
        suite: Their suite.
        published: Published rows, whose conditions are required in place of the suite's.
        updates: Names of published entrants that have a new version in the rows to check.
    """
    of = "published results have" if published else "the suite has"
    required = _required(rows, suite, published)
    complete = {row.entrant for row in published} - {*updates}
    seeds: dict[str, dict[_Condition, set[int]]] = defaultdict(lambda: defaultdict(set))
    for row in rows:
        if row.entrant not in complete:
            seeds[row.entrant][_condition(row)].add(row.seed)
    data_sets, strategies = {data.name: data for data in suite.datasets}, _strategies(suite)
    for name, entered in seeds.items():
        for condition, found in entered.items():
            if lacking := sorted(set(suite.seeds) - found):
                yield (
                    f"{name} on {_condition_text(condition)}: the seeds {', '.join(map(str, lacking))} "
                    "are missing. All seeds are required, failed ones too."
                )
        entrant = Entrant(name, kind_of(name, suite), next((p for p in suite.peers if p.name == name), None))
        for condition in sorted(required - entered.keys()):
            if _has_to_run(entrant, data_sets[condition[0]], suite, strategies):
                yield (
                    f"{name} has no row on {_condition_text(condition)}, but {of}. A failure needs a row too."
                )


def _has_to_run(entrant: Entrant, data: Data, suite: Suite, strategies: Mapping[str, Strategy]) -> bool:
    """Return whether an entrant, which the suite need not name, needs rows on a data set."""
    if data.strategies or data.additional:
        return takes_part(entrant, data, suite, strategies)
    return can_run(entrant, data, strategies)


def _strategies(suite: Suite) -> Mapping[str, Strategy]:
    """Return the installed strategies, if the suite has data that only some of them learn from."""
    some = any(data.additional or data.modality != "image" for data in suite.datasets)
    return plugins.load().strategies.items if some else {}


def _required(rows: Sequence[Row], suite: Suite, published: Sequence[Row]) -> set[_Condition]:
    """Return the conditions of the suite or of the published rows, and those of other rows of the suite."""
    known = {
        (data.name, shots, backbone.name, budget)
        for data in suite.datasets
        for shots in suite.shots_of(data)
        for backbone in suite.backbones
        for budget in suite.budgets
    }
    if not published:
        return known
    return {_condition(row) for row in (*published, *rows)} & known


def _condition(row: Row) -> _Condition:
    return row.dataset, row.shots, row.backbone, row.budget_seconds


def _condition_text(condition: _Condition) -> str:
    dataset, shots, backbone, budget = condition
    images = f"{shots} shots" if shots else "all images"
    return f"{dataset} ({images}, {backbone}, {budget:g} s)"
