"""Arrange a report document in tables that every form of the report shows alike."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from autotl.clock import format_duration
from autotl.report import format
from autotl.report.lookup import Report, at, baseline, confused_pairs, is_winner, ranked_arms, rows, section
from autotl.report.metric_format import measure_of


@dataclass(frozen=True, slots=True)
class Bar:
    """A cell that a page may draw as a bar: its text, and the share of the width in [0, 1]."""

    text: str
    share: float

    def __str__(self) -> str:
        return self.text


Cell = str | Bar


@dataclass(frozen=True, slots=True)
class Table:
    """Rows under headings. ``numeric`` columns are set to the right; ``strong`` is the row to stand out."""

    headings: tuple[str, ...]
    rows: tuple[tuple[Cell, ...], ...]
    numeric: frozenset[int] = frozenset()
    strong: int | None = None

    def __bool__(self) -> bool:
        return bool(self.rows)


def arms(report: Report) -> Table:
    """The leaderboard: every arm with its scores, its cost, and why it was skipped or stopped."""
    table, measure = [], measure_of(report)
    ordered = ranked_arms(report)
    for arm in ordered:
        role = "baseline" if arm.get("strategy") == baseline(report) else ""
        state = "" if arm.get("state") in {None, "complete"} else format.value(arm["state"])
        remarks = [
            role,
            ": ".join(filter(None, [state, format.value(arm["reason"]) if arm.get("reason") else ""])),
        ]
        seconds = arm.get("seconds") if arm.get("trials") else None
        table.append(
            (
                format.name(arm.get("strategy")),
                format.name(arm.get("backbone")),
                format.value(arm.get("trials")),
                measure.value(arm.get("best_val_default")),
                measure.value(arm.get("best_val")),
                measure.value(arm.get("test")),
                measure.span(arm.get("ci95")),
                format_duration(seconds) if format.measured(seconds) and seconds is not None else format.DASH,
                "; ".join(filter(None, remarks)),
            )
        )
    headings = (
        "strategy",
        "backbone",
        "trials",
        "default, val.",
        "best, val.",
        "test",
        "95% interval",
        "time",
        "remarks",
    )
    first = 0 if ordered and is_winner(report, ordered[0]) else None
    return Table(headings, tuple(table), frozenset(range(2, 8)), first)


def per_class(report: Report) -> Table:
    """Recall with interval, precision and F1 of every class on the test part, the weakest recall first."""
    found = [row for row in rows(report, "test", "per_class") if isinstance(row, Mapping)]
    found.sort(key=lambda row: (row.get("recall") is None, row.get("recall") or 0.0))
    table = tuple(
        (
            format.name(row.get("class")),
            format.value(row.get("n")),
            _recall(row.get("recall")),
            format.span(row.get("recall_ci95")),
            format.percent(row.get("precision")),
            format.percent(row.get("f1")),
        )
        for row in found
    )
    return Table(
        ("class", "images", "recall", "95% interval", "precision", "F1"), table, frozenset(range(1, 6))
    )


def _recall(recall: float | None) -> Cell:
    if recall is None:
        return format.DASH
    return Bar(format.percent(recall), min(max(float(recall), 0.0), 1.0))


def confusions(report: Report, *, limit: int = 12) -> Table:
    """The most frequent mistakes: which class was taken for which."""
    table = tuple(
        (format.name(true), format.name(answered), f"{images:,}", format.percent(images / total))
        for true, answered, images, total in confused_pairs(report)[:limit]
    )
    return Table(("true class", "answered", "images", "of its class"), table, frozenset({2, 3}))


def likeness(report: Report) -> Table:
    """Every measured similarity of the data to a backbone's source."""
    table = []
    for backbone, measures in section(report, "when", "similarity").items():
        for measure, found in (measures if isinstance(measures, Mapping) else {}).items():
            pair = format.ends(at(found, "ci95"))
            table.append(
                (
                    format.name(backbone),
                    format.value(measure),
                    format.value(at(found, "value")),
                    _place(at(found, "calibrated")),
                    f"{pair[0]:.2f} – {pair[1]:.2f}" if pair else format.DASH,
                    _p(at(found, "p")),
                    format.value(at(found, "reference")),
                )
            )
    headings = ("backbone", "measure", "distance", "place", "95% interval", "p", "reference")
    return Table(headings, tuple(table), frozenset({2, 3, 4, 5}))


def transferability(report: Report) -> Table:
    """Every score of every backbone before training, and how far it is behind the best by that score."""
    by = at(report, "when", "choice", "by")
    table = []
    for backbone, scores in section(report, "when", "transferability").items():
        for score, found in (scores if isinstance(scores, Mapping) else {}).items():
            pair = format.ends(at(found, "ci95"))
            behind = rows(found, "behind")
            apart = ""
            if len(behind) == 3 and any(behind):
                apart = "behind" if behind[2] < 0 else "not told apart"
            table.append(
                (
                    format.name(backbone),
                    format.value(score) + (" (decides)" if score == by else ""),
                    format.value(at(found, "value")),
                    f"{format.value(pair[0])} – {format.value(pair[1])}" if pair else format.DASH,
                    apart or ("best" if len(section(report, "when", "transferability")) > 1 else ""),
                )
            )
    headings = ("backbone", "score", "value", "95% interval", "beside the best")
    return Table(headings, tuple(table), frozenset({2, 3}))


def _p(found: float | None) -> str:
    return f"{found:.3f}" if found is not None and format.measured(found) else format.DASH


def _place(calibrated: float | None) -> str:
    return f"{calibrated:.2f}" if calibrated is not None and format.measured(calibrated) else format.DASH


def negative(report: Report) -> Table:
    """The classes on which transfer scores below the baseline."""
    table = tuple(
        (
            format.name(each.get("class")),
            format.points(each.get("gain")),
            format.between_points(each.get("ci95")) or format.DASH,
        )
        for each in rows(report, "when", "negative_transfer_classes")
        if isinstance(each, Mapping)
    )
    return Table(("class", "gain in points", "95% interval"), table, frozenset({1}))


def params(report: Report) -> Table:
    """The settings of the winning trial."""
    table = tuple(
        (format.name(key), format.value(value)) for key, value in section(report, "how", "params").items()
    )
    return Table(("setting", "value"), table)


def class_counts(report: Report) -> Table:
    """The images of each class, the largest first."""
    counts = {
        k: v for k, v in section(report, "quality", "imbalance", "counts").items() if format.measured(v)
    }
    most = max(counts.values(), default=1) or 1
    ordered = sorted(counts.items(), key=lambda item: -item[1])
    table = tuple((format.name(each), Bar(f"{amount:,}", amount / most)) for each, amount in ordered)
    return Table(("class", "images"), table, frozenset({1}))


def unreadable(report: Report) -> Table:
    """The files left out, and why."""
    found = section(report, "quality", "unreadable")
    return Table(
        ("file", "reason"), tuple((format.name(item), format.value(why)) for item, why in found.items())
    )


def trials(report: Report) -> Table:
    """Every trial in the order it was started."""
    found = [trial for trial in rows(report, "trials") if isinstance(trial, Mapping)]
    table = tuple(
        (
            format.value(trial.get("number")),
            format.name(trial.get("strategy")),
            format.name(trial.get("backbone")),
            format.value(trial.get("params")) + (" (default)" if trial.get("default") else ""),
            measure_of(report).value(trial.get("score")),
            format_duration(trial["seconds"]) if format.measured(trial.get("seconds")) else format.DASH,
            ": ".join(format.value(trial[key]) for key in ("state", "why") if trial.get(key)),
        )
        for trial in found
    )
    headings = ("no.", "strategy", "backbone", "settings", "validation", "time", "state")
    return Table(headings, table, frozenset({0, 4, 5}))


def provenance(report: Report) -> Table:
    """What it takes to run it again: command, seed, split and versions."""
    split, environment = section(report, "split"), section(report, "environment")
    facts = [("command", format.name(report["command"]) if report.get("command") else None)]
    facts += [("seed", str(report["seed"]) if report.get("seed") is not None else None)]
    facts += [("split", format.name(split["hash"]) if split.get("hash") else None)]
    facts += [
        (str(key), format.value(value))
        for key, value in environment.items()
        if key != "plugins" and value is not None
    ]
    facts += [
        (
            "plugins",
            ", ".join(f"{d} {format.value(v)}" for d, v in section(environment, "plugins").items()) or None,
        )
    ]
    facts += [("created", format.moment(report["created"]) if report.get("created") else None)]
    facts += [("report format", format.value(report["format"]) if report.get("format") is not None else None)]
    return Table(("fact", "value"), tuple((key, value) for key, value in facts if value))
