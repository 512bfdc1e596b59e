"""Show nothing of a run."""

from __future__ import annotations

from autotl.api import Arm, Plan, Record


class Silence:
    """Watch that shows nothing."""

    def say(self, text: str) -> None:
        """Ignore a sentence."""

    def started(self, plan: Plan) -> None:
        """Ignore the plan."""

    def learning(self, arm: Arm, *, number: int, fold: int, score: float | None, progress: float) -> None:
        """Ignore a running trial."""

    def scored(self, record: Record, best: Record | None) -> None:
        """Ignore a finished trial."""

    def close(self) -> None:
        """Do nothing."""
