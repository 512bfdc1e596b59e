"""``from_scratch`` under another name: a strategy whose gain over it is zero, whatever its recipe is."""

from __future__ import annotations

from typing import Any

from autotl import hookimpl
from autotl.api import Applies, Backbone, Cost, Learner, Machine, Params, Space, Task, Workbench
from autotl.builtin.strategies.from_scratch import FromScratch

SCRATCH = FromScratch()


class SameRecipe:
    """Counts as a strategy that transfers, but transfers nothing.

    To start from one random checkpoint would not do: all its trainings share that start, which may be a lucky
    one, and then the gain of this very checkpoint is not zero.
    """

    name = "same_recipe"
    summary = "from_scratch under another name, to be measured against itself"
    reference = ""
    baseline = False

    def applies(self, task: Task, backbone: Backbone) -> Applies:
        return SCRATCH.applies(task, backbone)

    def defaults(self, task: Task, backbone: Backbone) -> Params:
        return SCRATCH.defaults(task, backbone)

    def suggest(self, space: Space, task: Task, backbone: Backbone) -> Params:
        return SCRATCH.suggest(space, task, backbone)

    def cost(self, params: Params, task: Task, backbone: Backbone, machine: Machine) -> Cost:
        return SCRATCH.cost(params, task, backbone, machine)

    def build(self, params: Params, bench: Workbench) -> Learner:
        return SCRATCH.build(params, bench)


@hookimpl
def autotl_strategies() -> list[Any]:
    return [SameRecipe()]
