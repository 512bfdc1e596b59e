"""Build the section about time, speed and memory."""

from __future__ import annotations

from autotl.clock import format_duration
from autotl.report import figures, format
from autotl.report.document.report import Report
from autotl.report.document.trials import Cost
from autotl.report.section import Figure, Section


def section(report: Report) -> Section:
    """Describe the time of the run and the speed of the model."""
    return Section(
        name="cost",
        title="What it cost",
        link="Cost",
        sentences=tuple(filter(None, _sentences(report.cost))),
        figures=(
            Figure(
                "timeline",
                "The seconds since the last start, in order, up to the report. Grey work neither trains nor "
                "measures.",
                lambda width: figures.timeline(_spent(report.cost), width=width),
            ),
        ),
    )


def _spent(cost: Cost) -> list[figures.Spent]:
    """Return the timeline in words."""
    return [
        figures.Spent(part.phase, part.activity.replace("_", " "), part.seconds) for part in cost.timeline
    ]


def _sentences(cost: Cost) -> list[str]:
    speed, latency, size, memory = (
        cost.images_per_second,
        cost.latency_ms,
        cost.size_mb,
        cost.peak_memory_mb,
    )
    return [
        _time(cost),
        ""
        if cost.overhead_fraction is None
        else f"{format.percent(cost.overhead_fraction)} of the search was spent outside training.",
        ""
        if speed is None
        else f"The model predicts {speed:,.0f} images per second on this machine, with image loading.",
        "" if latency is None else f"One image takes {latency:.3g} ms, without image loading.",
        "" if size is None else f"The weights take {size:.3g} MB on disk.",
        "" if memory is None else f"Peak memory was {memory:,.0f} MB.",
    ]


def _time(cost: Cost) -> str:
    if cost.seconds is None:
        return ""
    text = f"The whole run took {format_duration(cost.seconds)}"
    if cost.budget_seconds is not None:
        text += f" of a budget of {format_duration(cost.budget_seconds)}"
    if cost.search_seconds is not None:
        text += f"; the search took {format_duration(cost.search_seconds)}"
    return text + "."
