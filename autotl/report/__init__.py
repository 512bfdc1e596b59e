"""Build, validate and render the report of a run."""

from __future__ import annotations

from typing import TYPE_CHECKING

from autotl.importing.lazy import lazy_package

if TYPE_CHECKING:
    from autotl.report.build import build_report
    from autotl.report.document.forecast import ForecastRow
    from autotl.report.document.parse import parse
    from autotl.report.document.report import Report
    from autotl.report.environment import data_name
    from autotl.report.evidence import Evidence, GivenImages, ProfileEvidence
    from autotl.report.figures.canvas import WIDE
    from autotl.report.figures.size import Spot, size
    from autotl.report.forecasts import forecast_rows
    from autotl.report.metric_format import Measure, measure_of
    from autotl.report.pictures.choice import MAX_SHOWN
    from autotl.report.pictures.part import PictureEvidence, keep_pictures
    from autotl.report.profile import profile
    from autotl.report.render.html import html
    from autotl.report.render.markdown import markdown
    from autotl.report.render.profile_page import profile_page
    from autotl.report.render.svg import drawings, figure_files
    from autotl.report.render.terminal import leaderboard, result_lines, show_sections, warning_lines
    from autotl.report.render.write import write
    from autotl.report.section import Bar, Picture, PictureGroup, Pictures, Section, Table
    from autotl.report.sections.profile import profile_sections
    from autotl.report.sentences.forecasts import chances_to_win, expected_scores

__all__ = [
    "MAX_SHOWN",
    "WIDE",
    "Bar",
    "Evidence",
    "ForecastRow",
    "GivenImages",
    "Measure",
    "Picture",
    "PictureEvidence",
    "PictureGroup",
    "Pictures",
    "ProfileEvidence",
    "Report",
    "Section",
    "Spot",
    "Table",
    "build_report",
    "chances_to_win",
    "data_name",
    "drawings",
    "expected_scores",
    "figure_files",
    "forecast_rows",
    "html",
    "keep_pictures",
    "leaderboard",
    "markdown",
    "measure_of",
    "parse",
    "profile",
    "profile_page",
    "profile_sections",
    "result_lines",
    "show_sections",
    "size",
    "warning_lines",
    "write",
]

lazy_package(__name__)
