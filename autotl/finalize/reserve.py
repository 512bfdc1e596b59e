"""The deadline of the search, with time kept for the final phase."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence

from autotl.budget.policy import POLICY
from autotl.finalize.final_step import FinalStep
from autotl.finalize.phase import FinalPhase
from autotl.trials.history import TrialHistory


def reserve_by_step(steps: Sequence[FinalStep], history: TrialHistory) -> dict[str, float]:
    """Return the seconds to keep for each final step, by name."""
    seconds = {step.name: step.expected_seconds(history) for step in steps}
    return {**seconds, "report": POLICY.report_seconds}


def reserve(steps: Sequence[FinalStep], history: TrialHistory) -> float:
    """Return the seconds to keep for the final phase."""
    return sum(reserve_by_step(steps, history).values())


def search_deadline(phase: FinalPhase, steps: Sequence[FinalStep]) -> Callable[[], float]:
    """Return a function that gives the deadline of the search.

    The deadline moves as the search learns how long the final phase will take.

    Args:
        phase: The final phase.
        steps: Its steps.
    """
    known: dict[int, float] = {}  # the search asks at every step, but only a new history changes the answer

    def ends_at() -> float:
        if phase.budget.seconds is None:
            return math.inf
        history = phase.history
        if history.version not in known:
            known.clear()
            known[history.version] = reserve(steps, history)
        return phase.end - known[history.version]

    return ends_at
