"""Say what a run found, to people and to programs."""

from __future__ import annotations

from typing import TYPE_CHECKING

from autotl.lazy import lazy_package

if TYPE_CHECKING:
    from autotl.report.analysis import analysis
    from autotl.report.collect import Evidence, collect, profile
    from autotl.report.drawings import drawings
    from autotl.report.headline import caveat, delivered, warnings
    from autotl.report.markdown import markdown
    from autotl.report.naming import data_name
    from autotl.report.pages import html
    from autotl.report.story import verdict
    from autotl.report.worth import flattered, gained, together
    from autotl.report.writing import write

__all__ = [
    "Evidence",
    "analysis",
    "caveat",
    "collect",
    "data_name",
    "delivered",
    "drawings",
    "flattered",
    "gained",
    "html",
    "markdown",
    "profile",
    "together",
    "verdict",
    "warnings",
    "write",
]

lazy_package(__name__)
