"""Watch a run and show nothing."""

from __future__ import annotations

from autotl.api import Arm, Plan, Record


class Silence:
    """A :class:`~autotl.api.Watch` that shows nothing."""

    def say(self, text: str) -> None:
        """Nothing."""

    def started(self, plan: Plan) -> None:
        """Nothing."""

    def learning(self, arm: Arm, *, number: int, fold: int, score: float | None, progress: float) -> None:
        """Nothing."""

    def scored(self, record: Record, best: Record | None) -> None:
        """Nothing."""

    def close(self) -> None:
        """Nothing."""
