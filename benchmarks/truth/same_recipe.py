"""Strategy ``same_recipe``: ``from_scratch`` under another name, so that its expected gain is zero."""

from __future__ import annotations

from typing import Any

from autotl import hookimpl
from autotl.api import Applies, Backbone, Cost, Learner, Machine, Params, Space, Task, Workbench
from autotl.builtin.strategies.baselines.from_scratch import FromScratch

SCRATCH = FromScratch()


class SameRecipe:
    """A strategy that is registered as transfer, but trains from random weights.

    Every training starts from other random weights. A random checkpoint would be the common start of all
    trainings, so its own gain could differ from zero.
    """

    name = "same_recipe"
    summary = "from_scratch under another name, for a comparison with itself"
    reference = ""
    baseline = False

    def applies(self, task: Task, backbone: Backbone) -> Applies:
        """Return the answer of ``from_scratch``."""
        return SCRATCH.applies(task, backbone)

    def defaults(self, task: Task, backbone: Backbone) -> Params:
        """Return the defaults of ``from_scratch``."""
        return SCRATCH.defaults(task, backbone)

    def suggest(self, space: Space, task: Task, backbone: Backbone) -> Params:
        """Suggest parameters of ``from_scratch``."""
        return SCRATCH.suggest(space, task, backbone)

    def cost(self, params: Params, task: Task, backbone: Backbone, machine: Machine) -> Cost:
        """Return the cost of ``from_scratch``."""
        return SCRATCH.cost(params, task, backbone, machine)

    def build(self, params: Params, bench: Workbench) -> Learner:
        """Return the learner of ``from_scratch``."""
        return SCRATCH.build(params, bench)


@hookimpl
def autotl_strategies() -> list[Any]:
    """Provide the strategy."""
    return [SameRecipe()]
