"""Summarise contributions of additional images, and adaptations, over seeds."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from statistics import fmean
from typing import Any

from autotl.leaderboard.rows.cases import case_labels
from autotl.leaderboard.rows.pivot import SINGLE_KINDS, Case, Grid
from autotl.leaderboard.rows.row import Row


@dataclass(frozen=True, slots=True)
class ContributionSummary:
    """The contribution of one role's images on a case, over the seeds.

    Attributes:
        label: Name of the case.
        entrant: Name of the entrant whose reports measured it.
        role: The role of the images, such as "unlabelled".
        strategies: Strategies that learned from the images, most frequent first.
        counterparts: Strategies that they were compared with.
        metric: Name of the metric.
        gain: Mean gain of the measured seeds, as a fraction; None if no seed was measured.
        lowest: The smallest gain of a seed; None likewise.
        highest: The largest gain of a seed; None likewise.
        answers: Number of seeds by answer: "helps", "no_measurable_difference" or "hurts".
        unmeasured: Seeds whose contribution was not measured.
    """

    label: str
    entrant: str
    role: str
    strategies: tuple[str, ...]
    counterparts: tuple[str, ...]
    metric: str
    gain: float | None
    lowest: float | None
    highest: float | None
    answers: Mapping[str, int]
    unmeasured: int


@dataclass(frozen=True, slots=True)
class AdaptationSummary:
    """The adaptations on a case, over the seeds.

    Attributes:
        label: Name of the case.
        entrant: Name of the entrant.
        chosen: Number of seeds by chosen strategy, most frequent first; "" if the model was not adapted.
        metric: Name of the metric.
        unadapted: Mean true score of the unadapted model; None if unknown.
        delivered: Mean true score of the delivered model; None if unknown. Both means are over the seeds that
            know both, if there are any.
        gain: Mean gain over the seeds that were adapted, both networks of the first fold; None without any.
        seeds: Number of seeds.
    """

    label: str
    entrant: str
    chosen: tuple[tuple[str, int], ...]
    metric: str
    unadapted: float | None
    delivered: float | None
    gain: float | None
    seeds: int


_Key = tuple[Case, str, str]
"""Case, entrant, and role."""


def contribution_summaries(grid: Grid) -> tuple[ContributionSummary, ...]:
    """Return the contributions in the reports of searches over several strategies.

    A strategy that is searched alone has no counterpart to compare with.
    """
    labels = _labels(grid)
    groups: dict[_Key, list[tuple[Row, Mapping[str, Any]]]] = {}
    for case, row in _rows(grid):
        for each in row.contributions:
            groups.setdefault((case, row.entrant, str(each.get("role"))), []).append((row, each))
    return tuple(
        _contribution(labels[case], entrant, role, found) for (case, entrant, role), found in groups.items()
    )


def adaptation_summaries(grid: Grid) -> tuple[AdaptationSummary, ...]:
    """Return the adaptations in the reports of searches over several strategies."""
    labels = _labels(grid)
    groups: dict[tuple[Case, str], list[tuple[str, Mapping[str, Any]]]] = {}
    for case, row in _rows(grid):
        if row.adaptation is not None:
            groups.setdefault((case, row.entrant), []).append((row.metric, row.adaptation))
    return tuple(_adaptation(labels[case], entrant, found) for (case, entrant), found in groups.items())


def _labels(grid: Grid) -> dict[Case, str]:
    cases = list(dict.fromkeys(block.case for block in grid.blocks))
    return dict(zip(cases, case_labels(cases), strict=True))


def _rows(grid: Grid) -> Iterator[tuple[Case, Row]]:
    for block, rows in zip(grid.blocks, grid.rows, strict=True):
        for row in rows:
            if row is not None and row.kind not in SINGLE_KINDS:
                yield block.case, row


def _contribution(
    label: str, entrant: str, role: str, found: Sequence[tuple[Row, Mapping[str, Any]]]
) -> ContributionSummary:
    measured = [each for _, each in found if each.get("gain") is not None]
    gains = [float(each["gain"]) for each in measured]
    return ContributionSummary(
        label=label,
        entrant=entrant,
        role=role,
        strategies=_by_frequency(each.get("strategy") for _, each in found),
        counterparts=_by_frequency(each.get("compared_with") for _, each in found),
        metric=found[0][0].metric,
        gain=fmean(gains) if gains else None,
        lowest=min(gains, default=None),
        highest=max(gains, default=None),
        answers=dict(Counter(str(each.get("answer")) for each in measured)),
        unmeasured=len(found) - len(measured),
    )


def _adaptation(
    label: str, entrant: str, found: Sequence[tuple[str, Mapping[str, Any]]]
) -> AdaptationSummary:
    decisions = [each for _, each in found]
    known = [
        each for each in decisions if each.get("unadapted") is not None and each.get("delivered") is not None
    ]
    return AdaptationSummary(
        label=label,
        entrant=entrant,
        chosen=tuple(Counter(each.get("chosen") or "" for each in decisions).most_common()),
        metric=found[0][0],
        unadapted=_mean(known or decisions, "unadapted"),
        delivered=_mean(known or decisions, "delivered"),
        gain=_mean(decisions, "gain"),
        seeds=len(decisions),
    )


def _mean(decisions: Sequence[Mapping[str, Any]], name: str) -> float | None:
    values = [float(each[name]) for each in decisions if each.get(name) is not None]
    return fmean(values) if values else None


def _by_frequency(names: Iterable[str | None]) -> tuple[str, ...]:
    return tuple(name for name, _ in Counter(name for name in names if name).most_common())
