"""Whether the rule of thumb came true: its strategy and, where it speaks of it, its freezing."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from typing import Any

from autotl.report import format
from autotl.report.lookup import Report, at, rows


def came_true(rule: Mapping[str, Any], *, tried: Collection[str], winner: str, froze: bool) -> bool | None:
    """Whether the winner is what the ``rule`` of a report named, and froze stages as it said.

    None where the rule's strategy is not among those ``tried``.
    """
    if rule["advice"] not in tried:
        return None
    return bool(rule["advice"] == winner and rule.get("freezes") in (None, froze))


def told(report: Report) -> str:
    """The sentence that says so."""
    agreed = at(report, "when", "rule_agreed")
    advice = at(report, "when", "rule_of_thumb", "advice")
    if agreed is None or not advice:
        return ""
    if agreed:
        return f"The measurement agrees with that advice ({format.name(advice)})."
    if advice != at(report, "how", "strategy"):
        return (
            f"The measurement disagrees: the rule advised {format.name(advice)}, "
            "but another strategy scored higher."
        )
    frozen = "with stages frozen" if rows(report, "what", "frozen_stages") else "with nothing frozen"
    return f"The measurement agrees on {format.name(advice)} but not on how deep: {frozen} it scored highest."
