"""Choose the display of a run."""

from __future__ import annotations

from autotl.clock import Clock
from autotl.importing.notebook import ignore_missing_widgets, in_notebook
from autotl.terminal.console import Terminal
from autotl.terminal.notebook import Notebook


def watch(clock: Clock) -> Terminal | Notebook:
    """Return a watch for a notebook, a terminal or a log file."""
    if not in_notebook():
        return Terminal(clock=clock)
    ignore_missing_widgets()  # a cell may have reset the filters since the import of autotl
    return Notebook(clock=clock)
