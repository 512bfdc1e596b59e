"""What benchmarks measured: rows, their files, whether they hold, and who stands where."""

from __future__ import annotations

from typing import TYPE_CHECKING

from autotl.lazy import lazy_package

if TYPE_CHECKING:
    from autotl.leaderboard.board import Board, Standing, board
    from autotl.leaderboard.document import document
    from autotl.leaderboard.facets import where
    from autotl.leaderboard.file import read_rows, write_rows
    from autotl.leaderboard.markdown import markdown
    from autotl.leaderboard.page import page
    from autotl.leaderboard.row import KEY, Kind, Row, seal

__all__ = [
    "KEY",
    "Board",
    "Kind",
    "Row",
    "Standing",
    "board",
    "document",
    "markdown",
    "page",
    "read_rows",
    "seal",
    "where",
    "write_rows",
]

lazy_package(__name__)
