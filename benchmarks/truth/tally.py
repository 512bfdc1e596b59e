"""Count how often the verdict was right and the interval held the truth."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from scipy.stats import binomtest

Rows = Sequence[Mapping[str, Any]]


@dataclass(frozen=True, slots=True)
class Share:
    """``count`` of ``n``, with the exact 95 % interval of the share (Clopper & Pearson, 1934)."""

    count: int
    n: int

    @property
    def value(self) -> float:
        return self.count / self.n

    @property
    def ci95(self) -> tuple[float, float]:
        found = binomtest(self.count, self.n).proportion_ci(method="exact")
        return float(found.low), float(found.high)

    def __str__(self) -> str:
        low, high = self.ci95
        return f"{self.count}/{self.n} ({100 * low:.0f}–{100 * high:.0f} %)"


@dataclass(frozen=True, slots=True)
class Tally:
    """What the runs of one situation show; gains are differences in accuracy.

    ``expected`` is the gain that training again would give on average: known, or the mean of the true gains.
    ``covers_tested`` counts the intervals that hold the true gain of the very networks they were made from,
    ``covers_expected`` those that hold the expected gain. ``covers_plateau`` counts, among the runs whose
    baseline was cut short, the brackets that hold the gain after ten times its training. ``between`` is
    the standard deviation of the true gains from run to run, and ``half`` the mean half width of the
    intervals.
    """

    situation: str
    right: Share
    covers_tested: Share
    covers_expected: Share
    covers_plateau: Share | None
    expected: float
    measured: float
    between: float
    half: float
    seconds: float


def tally(rows: Rows, *, expected: Mapping[str, float]) -> list[Tally]:
    """One tally for each situation, in the order of the rows. ``expected`` are gains known without measuring.

    A run without an interval says nothing true of the gain: its interval is not counted as right.
    """
    return [
        _tally([row for row in rows if row["situation"] == name], expected.get(name))
        for name in dict.fromkeys(row["situation"] for row in rows)
    ]


def _tally(rows: Rows, known: float | None) -> Tally:
    low, high, true, gain = (
        np.array([row[key] for row in rows], dtype=np.float64) for key in ("low", "high", "true_gain", "gain")
    )
    expected = float(true.mean()) if known is None else known
    n = len(rows)
    return Tally(
        situation=rows[0]["situation"],
        right=Share(sum(row["verdict"] == row["truth"] for row in rows), n),
        covers_tested=Share(int(((low <= true) & (true <= high)).sum()), n),
        covers_plateau=_plateau(rows),
        covers_expected=Share(int(((low <= expected) & (expected <= high)).sum()), n),
        expected=expected,
        measured=float(gain.mean()),
        between=float(true.std(ddof=1)) if n > 1 else float("nan"),
        half=float((high - low).mean() / 2),
        seconds=float(np.mean([row["seconds"] for row in rows])),
    )


def _plateau(rows: Rows) -> Share | None:
    open_ended = [row for row in rows if row.get("cut_short")]  # older rows do not say it
    held = sum(row["plateau_low"] <= row["plateau_gain"] <= row["plateau_high"] for row in open_ended)
    return Share(held, len(open_ended)) if open_ended else None


def markdown(tallies: Sequence[Tally]) -> str:
    """The tallies as a table; gains in points of accuracy."""
    head = (
        "| situation | right verdicts | interval holds the true gain of the networks tested "
        "| … the expected gain | bracket holds the gain at the plateau "
        "| expected gain | measured, mean | true gain, sd between runs "
        "| half width, mean | seconds a run |"
    )
    lines = [head, "|---|---|---|---|---|---|---|---|---|---|"]
    for each in tallies:
        numbers = (each.expected, each.measured, each.between, each.half)
        points = " | ".join(f"{100 * number:+.1f}" for number in numbers[:2])
        widths = " | ".join(f"{100 * number:.1f}" for number in numbers[2:])
        lines.append(
            f"| {each.situation} | {each.right} | {each.covers_tested} | {each.covers_expected} "
            f"| {each.covers_plateau or '–'} "
            f"| {points} | {widths} | {each.seconds:.0f} |"
        )
    return "\n".join(lines) + "\n"
