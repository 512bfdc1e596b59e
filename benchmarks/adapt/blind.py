"""Run autotl's command line with a guard that sees no label of the place of use.

    python -m benchmarks.adapt.blind fit table.csv --deploy LABELLED --out run

With enough labels, autotl gives the guard one half of them. Here all labels are kept for the true scores in
the report, as if the user had none.
"""

from __future__ import annotations

from autotl.cli import main
from autotl.preparation.additional import place_of_use

NEVER_ENOUGH = 10**9
"""Labelled images that a guard would need to use any."""


def run() -> None:
    """Run the command line."""
    place_of_use.MIN_SLICE = NEVER_ENOUGH
    main()


if __name__ == "__main__":
    run()
