"""Choose how to show a run: in a notebook, or line by line."""

from __future__ import annotations

import sys

from autotl.clock import Clock
from autotl.terminal.console import Terminal
from autotl.terminal.notebook import Notebook


def watch(clock: Clock) -> Terminal | Notebook:
    """Return a watch that suits where the process runs: a notebook, a terminal or a log file."""
    return Notebook(clock=clock) if _in_notebook() else Terminal(clock=clock)


def _in_notebook() -> bool:
    """Whether a Jupyter kernel runs this process, so that outputs can be replaced."""
    ipython = sys.modules.get("IPython")  # nothing but a notebook has imported it
    shell = ipython.get_ipython() if ipython is not None else None
    return hasattr(shell, "kernel")
