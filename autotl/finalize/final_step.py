"""The interface of a step of the final phase."""

from __future__ import annotations

from typing import Protocol

from autotl.finalize.final_model import FinalModel
from autotl.trials.history import TrialHistory


class FinalStep(Protocol):
    """A step of the final phase, which the search keeps time for.

    To add a step, write a class whose constructor takes the :class:`~autotl.finalize.phase.FinalPhase`, and
    add it to ``autotl.finalize.final_steps.STEPS``.

    Attributes:
        name: The name of the step in the time plan.
        optional: Whether the step is skipped if the search was interrupted, or no time is left.
    """

    name: str

    @property
    def optional(self) -> bool: ...

    def expected_seconds(self, history: TrialHistory) -> float:
        """Return the seconds to keep for the step."""
        ...

    def run(self, model: FinalModel) -> FinalModel:
        """Return the model after the step, or the same model."""
        ...
