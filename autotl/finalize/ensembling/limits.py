"""The limits on an ensemble: latency, size and test time."""

from __future__ import annotations

import math
from collections.abc import Sequence
from pathlib import Path

from autotl.backbone import latency_of
from autotl.budget.policy import POLICY
from autotl.config.limits import in_mb, in_ms
from autotl.finalize.phase import FinalPhase
from autotl.heads import HeadForm
from autotl.trials.trial import Trial
from autotl.workbench.tensor_files import head_in


class EnsembleLimits:
    """Checks the networks of an ensemble against limits.

    The limits hold for all networks together. The time holds for the passes over the test images of all
    networks but the first, which is tested in any case.
    """

    def __init__(self, phase: FinalPhase) -> None:
        self._phase, self._limits = phase, phase.options.limits
        budget = phase.budget.seconds
        self._seconds = math.inf if budget is None else POLICY.ensemble_test * budget
        self._latency: dict[tuple[str, int, HeadForm | None], float] = {}

    def violated(self, trials: Sequence[Trial]) -> str:
        """Return the limit that the networks of ``trials`` violate together, or ""."""
        limits = self._limits
        if limits.size is not None:
            size = sum(Path(str(trial.model)).stat().st_size for trial in trials)
            if size > limits.size:
                return f"their weights take {in_mb(size)}, more than the {in_mb(limits.size)} allowed"
        if limits.latency is not None:
            took = sum(map(self._latency_of, trials))
            if took > limits.latency:
                return f"one image takes them {in_ms(took)}, more than the {in_ms(limits.latency)} allowed"
        if sum(self.test_seconds(trial) for trial in trials[1:]) > self._seconds:
            return "testing them would take more of the budget than is kept for it"
        return ""

    def test_seconds(self, trial: Trial) -> float:
        """Return the expected seconds of testing the trial's network."""
        return self._phase.pass_seconds(trial, len(self._phase.run_cache.splits.test))

    def _latency_of(self, trial: Trial) -> float:
        """Return the seconds for one image.

        Equal layers, heads and image sizes take the same time.
        """
        form = head_in(str(trial.model))
        key = trial.arm.backbone, trial.input_size, form
        if key not in self._latency:
            model = self._phase.run_cache.networks.with_head(trial.arm.backbone, form)
            self._latency[key] = latency_of(model, input_size=trial.input_size, clock=self._phase.clock)
        return self._latency[key]
