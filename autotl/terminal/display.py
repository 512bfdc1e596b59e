"""Choose the display of a run."""

from __future__ import annotations

import sys
import warnings

from autotl.clock import Clock
from autotl.terminal.console import Terminal
from autotl.terminal.notebook import Notebook


def watch(clock: Clock) -> Terminal | Notebook:
    """Return a watch for a notebook, a terminal or a log file."""
    if not _in_notebook():
        return Terminal(clock=clock)
    # tqdm warns when huggingface_hub imports it, but autotl shows no tqdm bars
    warnings.filterwarnings("ignore", message="IProgress not found")
    return Notebook(clock=clock)


def _in_notebook() -> bool:
    """Whether a Jupyter kernel runs this process."""
    ipython = sys.modules.get("IPython")  # only a notebook has imported it
    shell = ipython.get_ipython() if ipython is not None else None
    return hasattr(shell, "kernel")
