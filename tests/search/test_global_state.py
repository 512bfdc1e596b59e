"""Global state that a strategy changes outside of its trials."""

from __future__ import annotations

from pathlib import Path
from types import ModuleType
from typing import Any

import torch

from autotl.api import Job
from autotl.clock import Budget
from tests.support.search_rig import SearchRig


def test_a_strategy_that_changes_global_state_outside_of_its_trials_harms_none(
    fakes: ModuleType, tmp_path: Path
) -> None:
    class Rude(fakes.Fake):  # type: ignore[name-defined,misc]
        def suggest(self, space: Any, task: object, backbone: object) -> dict[str, float]:
            torch.set_default_dtype(torch.float64)
            torch.manual_seed(1)
            return {"x": space.suggest_float("x", 0.0, 1.0)}

        def cost(self, *given: Any) -> Any:
            torch.set_grad_enabled(False)
            return super().cost(*given)

    seen: list[tuple[torch.dtype, bool, int]] = []

    def state(job: Job | None = None) -> str:
        seen.append((torch.get_default_dtype(), torch.is_grad_enabled(), torch.initial_seed()))
        return ""

    rig = SearchRig(fakes, [Rude("rude"), fakes.Fake("other")], Budget(trials=6), tmp_path, fails=state)
    torch.set_grad_enabled(True)  # the rig has planned the arms outside of a run
    seed = torch.initial_seed()
    rig.run()
    state()
    assert len(seen) >= 7
    assert set(seen) == {(torch.float32, True, seed)}
