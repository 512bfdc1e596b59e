"""Show the progress of a run in a terminal or a notebook."""

from __future__ import annotations

from typing import TYPE_CHECKING

from autotl.importing.lazy import lazy_package

if TYPE_CHECKING:
    from autotl.terminal.console import Terminal
    from autotl.terminal.display import watch
    from autotl.terminal.notebook import Notebook
    from autotl.terminal.silent import Silence

__all__ = [
    "Notebook",
    "Silence",
    "Terminal",
    "watch",
]

lazy_package(__name__)
