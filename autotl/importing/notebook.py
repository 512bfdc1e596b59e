"""Recognise a notebook, and hide warnings about its widgets."""

from __future__ import annotations

import sys
import warnings


def in_notebook() -> bool:
    """Return whether a Jupyter kernel runs this process."""
    ipython = sys.modules.get("IPython")  # only a notebook has imported it
    get_shell = getattr(ipython, "get_ipython", None)
    return get_shell is not None and hasattr(get_shell(), "kernel")


def ignore_missing_widgets() -> None:
    """Hide tqdm's warning that a notebook lacks ipywidgets.

    tqdm warns when other libraries import it, but autotl shows no tqdm bars. Outside notebooks nothing is
    changed.
    """
    if in_notebook():
        warnings.filterwarnings("ignore", message="IProgress not found")
