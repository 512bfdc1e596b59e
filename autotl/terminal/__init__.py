"""Show a person what a run does and what it found: in a terminal, a log file or a notebook."""

from autotl.terminal.choosing import watch
from autotl.terminal.console import Terminal
from autotl.terminal.notebook import Notebook
from autotl.terminal.silence import Silence
from autotl.terminal.tables import leaderboard, show_sections

__all__ = ["Notebook", "Silence", "Terminal", "leaderboard", "show_sections", "watch"]
