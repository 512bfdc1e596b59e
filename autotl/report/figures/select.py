"""Pick the figures that a report document has the numbers for."""

from __future__ import annotations

from collections.abc import Mapping
from statistics import median

from autotl.experience import shipped_gains
from autotl.report import figures, foretold, format
from autotl.report.lookup import (
    Report,
    at,
    baseline,
    class_names,
    confusion,
    is_winner,
    ranked_arms,
    rows,
    section,
)
from autotl.report.metric_format import measure_of


def drawings(report: Report, *, width: float = figures.WIDE) -> dict[str, str]:
    """The report's figures as SVG text by name, in their order; those without numbers are absent."""
    measure = measure_of(report)
    gain = section(report, "when", "transfer_gain")
    shown = {
        "gain": figures.gain(
            float(gain["value"]), format.ends(gain.get("ci95")), p=gain.get("p"), measure=measure, width=width
        )
        if format.measured(gain.get("value"))
        else "",
        "similarity": figures.similarity(_places(report), width=width),
        "size": figures.size(_gains(), here, width=width) if (here := _here(report)) else "",
        "arms": figures.arms(_arms(report), measure=measure, width=width),
        "search": figures.search(_tries(report), measure=measure, width=width),
        "confusion": figures.confusion(confusion(report), class_names(report), width=width),
    }
    return {name: drawn for name, drawn in shown.items() if drawn}


def _arms(report: Report) -> list[figures.ArmScore]:
    return [
        figures.ArmScore(
            format.value(arm.get("strategy")),
            format.value(arm.get("backbone")),
            float(arm["test"]),
            format.ends(arm.get("ci95")),
            "winner"
            if is_winner(report, arm)
            else "baseline"
            if arm.get("strategy") == baseline(report)
            else "",
        )
        for arm in ranked_arms(report)
        if format.measured(arm.get("test"))
    ]


def _places(report: Report) -> list[figures.Place]:
    return [
        figures.Place(str(backbone), str(measure), float(found["calibrated"]), format.ends(found.get("ci95")))
        for backbone, measures in section(report, "when", "similarity").items()
        if isinstance(measures, Mapping)
        for measure, found in measures.items()
        if format.measured(at(found, "calibrated"))
    ]


def _gains() -> list[figures.Spot]:
    return [
        figures.Spot(each.data, each.per_class, each.likeness, each.verdict, each.gain)
        for each in shipped_gains()
    ]


def _here(report: Report) -> figures.Spot | None:
    """This data by its size and its likeness to the source of the verdict; None if either is unknown."""
    images, classes = at(report, "when", "n_train"), at(report, "when", "n_classes")
    backbone = str(at(report, "verdict", "backbone"))
    known = {str(name): foretold.placed(report, name) for name in section(report, "when", "similarity")}
    measured = {name: median(places) for name, places in known.items() if places}
    if (
        not measured
        or not format.measured(images)
        or not format.measured(classes)
        or min(images, classes) < 1
    ):
        return None
    return figures.Spot("this data", images / classes, measured.get(backbone, max(measured.values())))


def _tries(report: Report) -> list[figures.Try]:
    return [
        figures.Try(
            format.value(trial.get("strategy")),
            float(trial["finished_at"]),
            float(trial["score"]) if format.measured(trial.get("score")) else None,
            bool(trial.get("default")),
        )
        for trial in rows(report, "trials")
        if format.measured(at(trial, "finished_at"))
    ]
