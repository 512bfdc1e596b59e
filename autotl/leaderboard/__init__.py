"""Rank the entrants of a benchmark, and write leaderboards.

The formats are HTML, Markdown and JSON.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from autotl.importing.lazy import lazy_package

if TYPE_CHECKING:
    from autotl.leaderboard.render.findings import document
    from autotl.leaderboard.render.html import page
    from autotl.leaderboard.render.markdown import markdown
    from autotl.leaderboard.rows.filters import filter_rows
    from autotl.leaderboard.rows.parquet import read_rows, write_rows
    from autotl.leaderboard.rows.row import KEY, Kind, Row, seal
    from autotl.leaderboard.stats.standings import Board, Standing, board

__all__ = [
    "KEY",
    "Board",
    "Kind",
    "Row",
    "Standing",
    "board",
    "document",
    "filter_rows",
    "markdown",
    "page",
    "read_rows",
    "seal",
    "write_rows",
]

lazy_package(__name__)
