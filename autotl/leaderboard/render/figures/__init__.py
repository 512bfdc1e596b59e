"""Figures of a board as SVG text, drawn from plain data in the report's own style."""

from autotl.leaderboard.render.figures.budget import Spread, budget
from autotl.leaderboard.render.figures.cost import Spent, cost
from autotl.leaderboard.render.figures.critical import critical
from autotl.leaderboard.render.figures.heat import HeatCell, heat
from autotl.leaderboard.render.figures.territory import Won, territory

__all__ = ["HeatCell", "Spent", "Spread", "Won", "budget", "cost", "critical", "heat", "territory"]
