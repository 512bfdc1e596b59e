"""Build the sections of the page of a comparison."""

from __future__ import annotations

import pandas as pd

from autotl.comparison.content import Compared
from autotl.comparison.disagreements import disagreements
from autotl.comparison.facts import facts
from autotl.comparison.render.figure import difference_figure
from autotl.comparison.sentences import counts, sentences
from autotl.report import Section, Table, format
from autotl.report.section import Figure
from autotl.report.wording import section_about

MOST_ROWS = 200
"""Images of each pair of runs that the page lists."""


def build_sections(content: Compared) -> list[Section]:
    """Return the sections that have content, in their order."""
    found = [_differences(content), _side_by_side(content), _images(content), _options(content)]
    return [section_about(each, content.first.report.inputs.noun) for each in found if each]


def _differences(content: Compared) -> Section:
    return Section(
        name="differences",
        title="Are the differences more than chance?",
        link="Differences",
        sentences=tuple(sentences(content)),
        figures=(
            Figure(
                "differences",
                "Difference of test scores, paired by image, with its 95% interval. If the interval includes "
                "zero, no difference could be measured.",
                lambda width: difference_figure(content.differences, width=width),
            ),
        ),
    )


def _side_by_side(content: Compared) -> Section:
    rows = tuple((each.label, *each.cells) for each in facts(content))
    headings = ("", *(run.name for run in content.runs))
    return Section(
        name="runs",
        title="The runs side by side",
        link="Runs",
        tables=(Table(headings, rows, style="facts compared"),),
    )


def _images(content: Compared) -> Section:
    listed = disagreements(content.differences)
    return Section(
        name="images",
        title="Images that one run alone predicts well",
        link="Images",
        sentences=tuple(filter(None, map(counts, content.differences))),
        tables=tuple(
            _table(each.run.name, listed[listed["run"] == each.run.name]) for each in content.differences
        ),
    )


def _table(name: str, listed: pd.DataFrame) -> Table:
    """Return the disagreements of a run with the first, up to a number of rows."""
    columns = [column for column in listed.columns if column != "run"]
    shown = listed[columns].head(MOST_ROWS)
    rows = tuple(
        tuple(format.value(cell) for cell in row) for row in shown.itertuples(index=False, name=None)
    )
    more = f" (the first {len(rows):,} of {len(listed):,})" if len(rows) < len(listed) else ""
    headings = tuple(column.replace("_", " ") for column in columns)
    return Table(headings, rows, title=f"{name}{more}", folded=True, style="images")


def _options(content: Compared) -> Section:
    rows = tuple((name, *(format.value(each) for each in values)) for name, values in content.options.items())
    headings = ("option", *(run.name for run in content.runs))
    return Section(
        name="options",
        title="Options that differ",
        link="Options",
        tables=(Table(headings, rows, style="facts compared"),),
    )
