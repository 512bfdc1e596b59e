"""Build the sections of the report, one module for each section."""

from __future__ import annotations

from autotl.report.document.report import Report
from autotl.report.section import Section
from autotl.report.sections import arms, cost, data, how, provenance, search, test, use, what, when

SECTIONS = (what, when, how, test, arms, search, data, cost, use, provenance)
"""Modules with a function ``section``, in the order of the report; a new section is a new module here."""


def sections(report: Report) -> list[Section]:
    """Build the sections that have content."""
    return [built for module in SECTIONS if (built := module.section(report))]
