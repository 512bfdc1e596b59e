"""Summarise a result as an HTML card for notebooks."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from html import escape
from pathlib import Path

from autotl.errors import RunError
from autotl.evaluation.number_text import metric_name
from autotl.report.document.report import Report
from autotl.report.document.trials import ArmRow

MAX_ARMS = 6
NO_VERDICT = "This report has no verdict: it was edited."
BOX = "border:1px solid #8886;border-radius:8px;padding:.8em 1.1em;max-width:46em;line-height:1.5"
TABLE = "color:inherit;margin:.6em 0"
CELL = "text-align:left;padding:.1em 1.2em .1em 0"


@dataclass(frozen=True, slots=True)
class Page:
    """A report page that a notebook displays in a frame."""

    path: Path
    height: int

    def _repr_html_(self) -> str:
        return page_frame(self.path.read_text(encoding="utf-8"), height=self.height)


def report_page(folder: Path, height: int) -> Page:
    """Return the report page of a run folder.

    Raises RunError if it does not exist.
    """
    path = folder / "report.html"
    if not path.is_file():
        raise RunError(f"There is no {path}. Write it again: autotl report {folder} --format html")
    return Page(path, height)


def card(report: Report, folder: Path) -> str:
    """Return the verdict, the final model and the best arms as HTML.

    All names are escaped. The card has no scripts and loads nothing, so that saved notebooks show it too.
    """
    verdict = report.verdict
    parts = [f'<div style="font-weight:600;font-size:1.1em">{escape(verdict.sentence or NO_VERDICT)}</div>']
    if verdict.caveat:
        parts.append(f"<div>{escape(verdict.caveat)}</div>")
    parts += [_facts(report), _arms(report)]
    example = escape(report.inputs.python, quote=False)
    parts.append(
        f"<div>Report: <code>{escape(str(folder / 'report.html'))}</code> · "
        f"model: <code>{escape(str(folder / 'model'))}</code></div>"
        "<div>Next: <code>result.show()</code> for the report, <code>result.mistakes()</code>, "
        f"<code>result.confusion()</code>, <code>result.predict({example})</code></div>"
    )
    return f'<div style="{BOX}">{"".join(parts)}</div>'


def page_frame(page: str, *, height: int) -> str:
    """Return a report page in a frame, which isolates its styles."""
    return (
        f'<iframe srcdoc="{escape(page)}" title="Report" '
        f'style="width:100%;height:{height}px;border:0;background:#fff" sandbox></iframe>'
    )


def _facts(report: Report) -> str:
    how, test = report.how, report.test
    facts = []
    if how.strategy:
        facts.append(("Delivered", " on ".join(filter(None, (how.strategy, report.what.backbone)))))
    if test.value is not None:
        images = f", {test.n:,} {report.inputs.noun}s" if test.n is not None else ""
        name, plain = metric_name(test.metric or "score"), report.measure.plain
        interval = _interval(test.ci95, plain)
        facts.append((f"Test {name}", f"{plain(test.value)} (95% interval {interval}{images})"))
    rows = "".join(
        f'<tr><td style="{CELL}">{escape(key)}</td><td style="{CELL}"><b>{escape(value)}</b></td></tr>'
        for key, value in facts
    )
    return f'<table style="{TABLE}">{rows}</table>' if rows else ""


def _arms(report: Report) -> str:
    tested = [arm for arm in report.arms if arm.test is not None]
    if not tested:
        return ""
    head = "".join(
        f'<th style="{CELL}">{name}</th>'
        for name in ("strategy", "backbone", "test", "95% interval", "trials")
    )
    rows = "".join(_arm(arm, report.measure.plain) for arm in tested[:MAX_ARMS])
    more = f"<div>and {len(tested) - MAX_ARMS} more</div>" if len(tested) > MAX_ARMS else ""
    return f'<table style="{TABLE}"><tr>{head}</tr>{rows}</table>{more}'


def _arm(arm: ArmRow, plain: Callable[[float], str]) -> str:
    cells = (
        escape(arm.strategy or "?"),
        escape(arm.backbone or "?"),
        "–" if arm.test is None else plain(arm.test),
        _interval(arm.ci95, plain),
        "?" if arm.trials is None else str(arm.trials),
    )
    return "<tr>" + "".join(f'<td style="{CELL}">{cell}</td>' for cell in cells) + "</tr>"


def _interval(ends: Sequence[float | None] | None, plain: Callable[[float], str]) -> str:
    """Return an interval as text; a dash if it could not be computed."""
    low, high = ends or (None, None)
    return "–" if low is None or high is None else f"{plain(low)} – {plain(high)}"
