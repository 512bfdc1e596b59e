"""What benchmarks measured: rows, their files, whether they hold, and who stands where."""

from __future__ import annotations

from typing import TYPE_CHECKING

from autotl.importing.lazy import lazy_package

if TYPE_CHECKING:
    from autotl.leaderboard.render.figures.budget import Spread, budget
    from autotl.leaderboard.render.figures.cost import Spent, cost
    from autotl.leaderboard.render.figures.critical import critical
    from autotl.leaderboard.render.figures.heat import HeatCell, heat
    from autotl.leaderboard.render.figures.territory import Won, territory
    from autotl.leaderboard.render.findings import document
    from autotl.leaderboard.render.html import page
    from autotl.leaderboard.render.markdown import markdown
    from autotl.leaderboard.rows.filters import where
    from autotl.leaderboard.rows.parquet import read_rows, write_rows
    from autotl.leaderboard.rows.row import KEY, Kind, Row, seal
    from autotl.leaderboard.stats.standings import Board, Standing, board

__all__ = [
    "KEY",
    "Board",
    "HeatCell",
    "Kind",
    "Row",
    "Spent",
    "Spread",
    "Standing",
    "Won",
    "board",
    "budget",
    "cost",
    "critical",
    "document",
    "heat",
    "markdown",
    "page",
    "read_rows",
    "seal",
    "territory",
    "where",
    "write_rows",
]

lazy_package(__name__)
