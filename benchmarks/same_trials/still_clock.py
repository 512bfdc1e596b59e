"""Run a command of autotl with a clock that stands still: ``python still_clock.py fit photos.zip …``.

Choices that depend on measured seconds, such as the number of folds, are then equal in all runs, on a busy
machine as well.
"""

from __future__ import annotations

import runpy
import sys

from autotl import clock


def main() -> None:
    """Stop the clock, and run autotl."""
    clock.WallClock.now = lambda self: 1.0
    sys.argv[0] = "autotl"
    runpy.run_module("autotl", run_name="__main__")


if __name__ == "__main__":
    main()
