"""Count the right verdicts, and the intervals that contain the true gain."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from scipy.stats import binomtest

Rows = Sequence[Mapping[str, Any]]


@dataclass(frozen=True, slots=True)
class Proportion:
    """``count`` of ``n``, with the exact 95 % interval (Clopper & Pearson, 1934)."""

    count: int
    n: int

    @property
    def value(self) -> float:
        """The proportion, in [0, 1]."""
        return self.count / self.n

    @property
    def ci95(self) -> tuple[float, float]:
        """The 95 % interval."""
        found = binomtest(self.count, self.n).proportion_ci(method="exact")
        return float(found.low), float(found.high)

    def __str__(self) -> str:
        low, high = self.ci95
        return f"{self.count}/{self.n} ({100 * low:.0f}–{100 * high:.0f} %)"


@dataclass(frozen=True, slots=True)
class Summary:
    """Results of all runs of one situation; gains are differences in accuracy, in [-1, 1].

    Attributes:
        situation: Name of the situation.
        right: Right verdicts.
        covers_tested: Intervals that contain the true gain of the networks tested.
        covers_expected: Intervals that contain the expected gain.
        covers_plateau: Brackets that contain the gain over the baseline after ten times its training, among
        the
            runs whose baseline was cut short.
        expected: The expected gain over repeated training: known, or the mean of the true gains.
        measured: Mean of the measured gains.
        gain_sd: Standard deviation of the true gains over the runs.
        half_width: Mean half width of the intervals.
        seconds: Mean duration of a run.
    """

    situation: str
    right: Proportion
    covers_tested: Proportion
    covers_expected: Proportion
    covers_plateau: Proportion | None
    expected: float
    measured: float
    gain_sd: float
    half_width: float
    seconds: float


def summarise(rows: Rows, *, expected: Mapping[str, float]) -> list[Summary]:
    """Return a summary of each situation, in the order of the rows.

    A run without an interval counts as one whose interval does not contain the gain.

    Args:
        rows: The rows of all runs.
        expected: Expected gains that are known without a measurement, by situation.
    """
    return [
        _summary([row for row in rows if row["situation"] == name], expected.get(name))
        for name in dict.fromkeys(row["situation"] for row in rows)
    ]


def _summary(rows: Rows, known: float | None) -> Summary:
    low, high, true, gain = (
        np.array([row[key] for row in rows], dtype=np.float64) for key in ("low", "high", "true_gain", "gain")
    )
    expected = float(true.mean()) if known is None else known
    n = len(rows)
    return Summary(
        situation=rows[0]["situation"],
        right=Proportion(sum(row["verdict"] == row["truth"] for row in rows), n),
        covers_tested=Proportion(int(((low <= true) & (true <= high)).sum()), n),
        covers_plateau=_plateau(rows),
        covers_expected=Proportion(int(((low <= expected) & (expected <= high)).sum()), n),
        expected=expected,
        measured=float(gain.mean()),
        gain_sd=float(true.std(ddof=1)) if n > 1 else float("nan"),
        half_width=float((high - low).mean() / 2),
        seconds=float(np.mean([row["seconds"] for row in rows])),
    )


def _plateau(rows: Rows) -> Proportion | None:
    open_ended = [row for row in rows if row.get("cut_short")]  # older rows lack the column
    covered = sum(row["plateau_low"] <= row["plateau_gain"] <= row["plateau_high"] for row in open_ended)
    return Proportion(covered, len(open_ended)) if open_ended else None


def markdown(summaries: Sequence[Summary]) -> str:
    """Return the summaries as a Markdown table; gains in percentage points."""
    head = (
        "| situation | right verdicts | interval contains the true gain of the networks tested "
        "| … the expected gain | bracket contains the gain at the plateau "
        "| expected gain | measured, mean | true gain, sd over runs "
        "| half width, mean | seconds per run |"
    )
    lines = [head, "|---|---|---|---|---|---|---|---|---|---|"]
    for each in summaries:
        numbers = (each.expected, each.measured, each.gain_sd, each.half_width)
        points = " | ".join(f"{100 * number:+.1f}" for number in numbers[:2])
        widths = " | ".join(f"{100 * number:.1f}" for number in numbers[2:])
        lines.append(
            f"| {each.situation} | {each.right} | {each.covers_tested} | {each.covers_expected} "
            f"| {each.covers_plateau or '–'} "
            f"| {points} | {widths} | {each.seconds:.0f} |"
        )
    return "\n".join(lines) + "\n"
