"""Choose how to show a run: in a notebook, or line by line."""

from __future__ import annotations

import sys
import warnings

from autotl.clock import Clock
from autotl.terminal.console import Terminal
from autotl.terminal.notebook import Notebook


def watch(clock: Clock) -> Terminal | Notebook:
    """Return a watch that suits where the process runs: a notebook, a terminal or a log file."""
    if not _in_notebook():
        return Terminal(clock=clock)
    # tqdm says so when huggingface_hub imports it, and autotl shows no bars of tqdm
    warnings.filterwarnings("ignore", message="IProgress not found")
    return Notebook(clock=clock)


def _in_notebook() -> bool:
    """Whether a Jupyter kernel runs this process, so that outputs can be replaced."""
    ipython = sys.modules.get("IPython")  # nothing but a notebook has imported it
    shell = ipython.get_ipython() if ipython is not None else None
    return hasattr(shell, "kernel")
