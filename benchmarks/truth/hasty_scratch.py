"""``scratch_small`` that is stopped after a tenth of its training: a baseline that needs more time."""

from __future__ import annotations

from typing import Any

from autotl import hookimpl
from autotl.api import Backbone, Params, Task
from autotl.builtin.strategies.scratch_small import ScratchSmall

SHARE = 0.1


class HastyScratch(ScratchSmall):
    """The defaults of ``scratch_small`` with a tenth of the epochs, annealed to zero like them."""

    name = "hasty_scratch"
    summary = "scratch_small with a tenth of the epochs, to see what is said of a baseline short of time"

    def defaults(self, task: Task, backbone: Backbone) -> Params:
        planned = super().defaults(task, backbone)
        return {**planned, "epochs": max(1, round(SHARE * planned["epochs"]))}


@hookimpl
def autotl_strategies() -> list[Any]:
    return [HastyScratch()]
