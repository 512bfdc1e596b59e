"""Put runs side by side as text, a cell for each run."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

from autotl.clock import format_duration
from autotl.comparison.compared_run import ComparedRun
from autotl.comparison.content import Compared
from autotl.comparison.difference import Difference
from autotl.comparison.records import tried
from autotl.comparison.sentences import shared
from autotl.comparison.split_table import SharedImages
from autotl.modalities import worded
from autotl.report import format
from autotl.report.document.report import Report

FIRST = "first"
"""The cell of the first run in the line of differences."""
INTERVAL = "  95% interval"
Lines = list[tuple[str, Callable[[ComparedRun], str]]]
"""Labels with the cell of a run."""


@dataclass(frozen=True, slots=True)
class Fact:
    """A line of the comparison with a cell for each run.

    Names are in backticks.
    """

    label: str
    cells: tuple[str, ...]


def facts(content: Compared) -> list[Fact]:
    """Return the lines of a comparison without lines that have no value."""
    found = [*_data(content), *_search(content), *_scores(content), *_differences(content), *_others(content)]
    kept = [each for each in found if any(cell not in ("", format.DASH) for cell in each.cells)]
    return [replace(each, label=worded(each.label, content.first.report.inputs.noun)) for each in kept]


def _data(content: Compared) -> list[Fact]:
    ours = [run.split for run in content.runs]
    images = [None if each is None else len(each) for each in ours]
    tests = [None if each is None else int((each["part"] == "test").sum()) for each in ours]
    scored = [run.report.test.n for run in content.runs]
    fewer = any(n is not None and n != own for n, own in zip(scored, tests, strict=True))
    unfinished = any(run.state != "finished" for run in content.runs)
    return [
        Fact("state", tuple(run.state if unfinished else "" for run in content.runs)),
        Fact("images", _counts(images, content.images)),
        Fact("test images", _counts(tests, content.test_images)),
        Fact("  scored", tuple(format.value(n) if fewer else "" for n in scored)),
    ]


def _counts(numbers: Sequence[int | None], images: Sequence[SharedImages | None]) -> tuple[str, ...]:
    """Return how many images each run has, and shares with the first."""
    remarks = ["", *map(shared, images)]
    return tuple(
        format.DASH if number is None else f"{number:,}" + (f" ({remark})" if remark else "")
        for number, remark in zip(numbers, remarks, strict=True)
    )


def _search(content: Compared) -> list[Fact]:
    lines: Lines = [
        ("budget", lambda run: _seconds(run.report.cost.budget_seconds)),
        ("time", lambda run: _seconds(run.report.cost.seconds)),
        ("trials", lambda run: format.value(run.report.search.trials)),
        ("strategies", lambda run: ", ".join(map(format.name, tried(run))) or format.DASH),
        ("delivered", _delivered),
        ("image size", lambda run: _pixels(run.report)),
    ]
    return _facts(content, lines)


def _scores(content: Compared) -> list[Fact]:
    metrics = {run.report.measure.name for run in content.runs if run.report.test.value is not None}
    score = f"test {next(iter(metrics))}" if len(metrics) == 1 else "test score"
    lines: Lines = [
        (score, lambda run: _score(run.report, named=len(metrics) > 1)),
        (INTERVAL, lambda run: run.report.measure.span(run.report.test.ci95)),
    ]
    return _facts(content, lines)


def _others(content: Compared) -> list[Fact]:
    lines: Lines = [
        ("calibration error", lambda run: _points(run.report.test.calibration_error)),
        ("verdict", _verdict),
        ("  gain", lambda run: _gain(run.report)),
        (INTERVAL, lambda run: _gain_interval(run.report)),
        ("latency", lambda run: _amount(run.report.cost.latency_ms, "ms")),
        ("size", lambda run: _amount(run.report.cost.size_mb, "MB")),
    ]
    return _facts(content, lines)


def _facts(content: Compared, lines: Lines) -> list[Fact]:
    return [Fact(label, tuple(map(cell, content.runs))) for label, cell in lines]


def _differences(content: Compared) -> list[Fact]:
    found = content.differences
    lines: list[tuple[str, Callable[[Difference], str]]] = [
        (INTERVAL, _value_interval),
        ("  answer", lambda each: each.answer),
        ("images better", lambda each: format.value(each.better_images)),
        ("images worse", lambda each: format.value(each.worse_images)),
    ]
    return [
        Fact("difference", (FIRST, *map(_value, found))),
        *(Fact(label, (format.DASH, *map(cell, found))) for label, cell in lines),
    ]


def _seconds(seconds: float | None) -> str:
    return format.DASH if seconds is None else format_duration(seconds)


def _delivered(run: ComparedRun) -> str:
    verdict = run.report.verdict
    names = [format.name(each) for each in (verdict.strategy, verdict.backbone) if each]
    return " on ".join(names) or format.DASH


def _pixels(report: Report) -> str:
    size = report.how.image_size
    return format.DASH if size is None else f"{format.value(size)} {report.inputs.symbol}"


def _score(report: Report, *, named: bool) -> str:
    measure, test = report.measure, report.test.value
    return measure.value(test) + (f" {measure.name}" if named and test is not None else "")


def _points(fraction: float | None) -> str:
    return format.DASH if fraction is None else f"{100 * fraction:.1f} points"


def _verdict(run: ComparedRun) -> str:
    if run.state == "not finished":
        return format.DASH
    return (run.report.verdict.transfer or "not measured").replace("_", " ")


def _gain(report: Report) -> str:
    found, measure = report.when.transfer_gain, report.measure
    if found is None or found.value is None:
        return format.DASH
    return measure.gain(found.value) + measure.unit


def _gain_interval(report: Report) -> str:
    found = report.when.transfer_gain
    return _ends(found.ci95 if found else None, report.measure.gain)


def _value(found: Difference) -> str:
    if found.gain is None:
        return format.DASH
    return found.measure.gain(found.gain.value) + found.measure.unit


def _value_interval(found: Difference) -> str:
    return _ends(found.gain.ci95 if found.gain is not None else None, found.measure.gain)


def _ends(ci95: tuple[float, float] | None, text: Callable[[float], str]) -> str:
    return format.DASH if ci95 is None else f"{text(ci95[0])} to {text(ci95[1])}"


def _amount(number: float | None, unit: str) -> str:
    return format.DASH if number is None else f"{number:.3g} {unit}"
