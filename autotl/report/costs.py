"""Count what a run cost, and what its model will."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from autotl.report.memory import peak_memory

if TYPE_CHECKING:
    from autotl.report.evidence import Evidence


def cost_of(evidence: Evidence) -> dict[str, Any]:
    """The ``cost`` part of a report: seconds, megabytes (10⁶ bytes), and milliseconds for one image."""
    e, found = evidence, evidence.findings
    trials = sum(record.seconds for record in e.records)
    return {
        "seconds": e.seconds,
        "search_seconds": e.search_seconds,
        "overhead_fraction": max(0.0, 1 - trials / max(e.search_seconds, 1e-9)),
        "images_per_second": found.images_per_second,
        "latency_ms": None if found.latency is None else 1e3 * found.latency,
        "size_mb": None if found.size is None else found.size / 1e6,
        "peak_memory_mb": peak_memory(),
        "budget_seconds": e.plan.seconds,
        "plan": e.time_plan,
    }
