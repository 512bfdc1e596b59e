"""Strategy ``hasty_scratch``: ``scratch_small`` with a tenth of the training."""

from __future__ import annotations

from typing import Any

from autotl import hookimpl
from autotl.api import Backbone, Params, Task
from autotl.builtin.strategies.baselines.scratch_small import ScratchSmall

EPOCHS_FACTOR = 0.1


class HastyScratch(ScratchSmall):
    """``scratch_small`` with a tenth of the epochs, annealed to zero within them."""

    name = "hasty_scratch"
    summary = "scratch_small with a tenth of the epochs: a baseline that was cut short"

    def defaults(self, task: Task, backbone: Backbone) -> Params:
        """Return the defaults of ``scratch_small`` with fewer epochs."""
        params = super().defaults(task, backbone)
        return {**params, "epochs": max(1, round(EPOCHS_FACTOR * params["epochs"]))}


@hookimpl
def autotl_strategies() -> list[Any]:
    """Provide the strategy."""
    return [HastyScratch()]
