"""The command line: thin commands over the library."""

from autotl.cli.app import app
from autotl.cli.entry import guarded, main, run

__all__ = ["app", "guarded", "main", "run"]
