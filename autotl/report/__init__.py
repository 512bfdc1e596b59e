"""Say what a run found, to people and to programs."""

from __future__ import annotations

from typing import TYPE_CHECKING

from autotl.importing.lazy import lazy_package

if TYPE_CHECKING:
    from autotl.report.analysis import analysis
    from autotl.report.build import collect, profile
    from autotl.report.evidence import Evidence
    from autotl.report.figures.arms import ArmScore, arms
    from autotl.report.figures.canvas import HALF, NARROW, STYLE, WIDE
    from autotl.report.figures.confusion import MOST_CLASSES, confusion
    from autotl.report.figures.gain import gain
    from autotl.report.figures.search import Try, search
    from autotl.report.figures.select import drawings
    from autotl.report.figures.similarity import Place, similarity
    from autotl.report.figures.size import Spot, size
    from autotl.report.headline import caveat, delivered, warnings
    from autotl.report.naming import data_name
    from autotl.report.render.html import html
    from autotl.report.render.markdown import markdown
    from autotl.report.render.write import write
    from autotl.report.story import verdict
    from autotl.report.worth import flattered, gained, together

__all__ = [
    "HALF",
    "MOST_CLASSES",
    "NARROW",
    "STYLE",
    "WIDE",
    "ArmScore",
    "Evidence",
    "Place",
    "Spot",
    "Try",
    "analysis",
    "arms",
    "caveat",
    "collect",
    "confusion",
    "data_name",
    "delivered",
    "drawings",
    "flattered",
    "gain",
    "gained",
    "html",
    "markdown",
    "profile",
    "search",
    "similarity",
    "size",
    "together",
    "verdict",
    "warnings",
    "write",
]

lazy_package(__name__)
