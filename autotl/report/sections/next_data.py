"""Build the section about what to do next."""

from __future__ import annotations

from autotl.report.document.report import Report
from autotl.report.section import Section
from autotl.report.sentences.next_data import next_data


def section(report: Report) -> Section:
    """Name the steps that would improve the model or its test most."""
    return Section(name="next", title="What to do next", link="Next", sentences=tuple(next_data(report)))
