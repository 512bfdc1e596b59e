"""Say what several networks take together, and whether that is allowed."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from autotl.backbone import latency_of
from autotl.clock import Clock
from autotl.config.limits import Limits, in_mb, in_ms
from autotl.trials.trial import Trial
from autotl.workbench.run_cache import RunCache


class EnsembleLimits:
    """The room there is for networks that are delivered together: the ``limits`` count for all of them, and
    so do the ``seconds`` that the passes of those beyond the first over ``tests`` images may take.
    """

    def __init__(
        self, materials: RunCache, limits: Limits, *, tests: int, seconds: float, clock: Clock
    ) -> None:
        self._materials, self._limits, self._clock = materials, limits, clock
        self._tests, self._seconds = tests, seconds
        self._latency: dict[tuple[str, int], float] = {}

    def why_not(self, trials: Sequence[Trial]) -> str:
        """Why these trials' networks cannot be delivered together, "" where they can."""
        if self._limits.size is not None:
            size = sum(Path(str(trial.model)).stat().st_size for trial in trials)
            if size > self._limits.size:
                return f"their weights take {in_mb(size)}, more than the {in_mb(self._limits.size)} allowed"
        if self._limits.latency is not None:
            took = sum(map(self._latency_of, trials))
            if took > self._limits.latency:
                allowed = in_ms(self._limits.latency)
                return f"one image takes them {in_ms(took)}, more than the {allowed} allowed"
        if sum(self.test_seconds(trial) for trial in trials[1:]) > self._seconds:
            return "testing them would take more of the budget than is kept for it"
        return ""

    def test_seconds(self, trial: Trial) -> float:
        """What a pass over the test images is expected to take."""
        return seconds_to_test(self._materials, trial, self._tests)

    def _latency_of(self, trial: Trial) -> float:
        """Seconds for one image: networks of the same layers and image size take the same."""
        key = trial.arm.backbone, trial.side
        if key not in self._latency:
            model = self._materials.model(trial.arm.backbone)
            self._latency[key] = latency_of(model, side=trial.side, clock=self._clock)
        return self._latency[key]


def seconds_to_test(materials: RunCache, trial: Trial, tests: int) -> float:
    """What a pass of a trial's network over so many test images is expected to take."""
    backbone = materials.backbones[trial.arm.backbone]
    return backbone.pace.seconds(tests, side=trial.side or backbone.side)
