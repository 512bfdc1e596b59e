"""A strategy whose trainings all take the same few seconds."""

from __future__ import annotations

from autotl import hookimpl
from autotl.api import Backbone, Params, Space, Task
from autotl.builtin.finetune import FineTune

EPOCHS = 4


class Brief(FineTune):
    """Fine-tuning of the whole network for EPOCHS epochs: nothing but the learning rate is searched."""

    name = "brief"
    summary = "fine-tuning for a few epochs"

    def defaults(self, task: Task, backbone: Backbone) -> Params:
        fixed = {"freeze": 0, "head": "new", "epochs": EPOCHS, "augment": "none", "norm": "batch"}
        return super().defaults(task, backbone) | fixed

    def suggest(self, space: Space, task: Task, backbone: Backbone) -> Params:
        return self.defaults(task, backbone) | {"lr": space.suggest_float("lr", 1e-4, 1e-2, log=True)}


@hookimpl
def autotl_strategies() -> list[Brief]:
    return [Brief()]
