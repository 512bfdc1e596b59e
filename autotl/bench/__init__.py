"""Run benchmarks of data sets and entrants, and check their rows."""

from __future__ import annotations

from typing import TYPE_CHECKING

from autotl.importing.lazy import lazy_package

if TYPE_CHECKING:
    from autotl.bench.check import check
    from autotl.bench.generated.draw import FAMILIES, KINDS, draw
    from autotl.bench.runner import BenchPlan, assemble, run
    from autotl.bench.suite import Suite, load, shipped
    from autotl.bench.true_labels import true_labels

__all__ = [
    "FAMILIES",
    "KINDS",
    "BenchPlan",
    "Suite",
    "assemble",
    "check",
    "draw",
    "load",
    "run",
    "shipped",
    "true_labels",
]

lazy_package(__name__)
