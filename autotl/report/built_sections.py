"""Build the sections of a report in their order."""

from __future__ import annotations

from importlib import import_module

from autotl.report import sections
from autotl.report.document.report import Report
from autotl.report.section import Section
from autotl.report.wording import section_about


def build_sections(report: Report) -> list[Section]:
    """Build the sections that have content."""
    modules = [import_module(f"{sections.__name__}.{name}") for name in sections.SECTIONS]
    built = [section for module in modules if (section := module.section(report))]
    return [section_about(each, report.inputs.noun) for each in built]
