"""Benchmarks: suites of data sets, run entrant by entrant, each row with what is needed to check it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from autotl.importing.lazy import lazy_package

if TYPE_CHECKING:
    from autotl.bench.answers import answers
    from autotl.bench.check import check
    from autotl.bench.generated.draw import FAMILIES, KINDS, draw
    from autotl.bench.runner import Plan, assemble, run
    from autotl.bench.suite import Suite, load, shipped

__all__ = [
    "FAMILIES",
    "KINDS",
    "Plan",
    "Suite",
    "answers",
    "assemble",
    "check",
    "draw",
    "load",
    "run",
    "shipped",
]

lazy_package(__name__)
