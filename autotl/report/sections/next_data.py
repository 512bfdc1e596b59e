"""Build the section about the images to collect next."""

from __future__ import annotations

from autotl.report.document.report import Report
from autotl.report.section import Section
from autotl.report.sentences.next_data import next_data


def section(report: Report) -> Section:
    """Name the images that would improve the model or its test most."""
    return Section(
        name="next", title="Data to collect next", link="Next data", sentences=tuple(next_data(report))
    )
