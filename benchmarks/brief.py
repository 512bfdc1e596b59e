"""A strategy for benchmarks whose trainings all take the same few seconds."""

from __future__ import annotations

from collections.abc import Generator
from contextlib import closing

from autotl import hookimpl
from autotl.api import Backbone, Beat, Params, Score, Space, Task, Workbench
from autotl.builtin.strategies.tuning.finetune import FineTune
from autotl.training import Training

EPOCHS = 4


class Unpruned:
    """A training that reports no score before its end, so that it cannot be pruned."""

    def __init__(self, training: Training) -> None:
        self._training = training

    def fit(self) -> Generator[Beat | Score, None, None]:
        with closing(self._training.fit()) as steps:
            for step in steps:
                yield step if step.progress == 1 else Beat(step.progress)


class Brief(FineTune):
    """Fine-tuning of the whole network for EPOCHS epochs; only the learning rate is searched."""

    name = "brief"
    summary = "fine-tuning for a few epochs"

    def defaults(self, task: Task, backbone: Backbone) -> Params:
        fixed = {"freeze": 0, "head": "new", "epochs": EPOCHS, "augment": "none", "norm": "batch"}
        return super().defaults(task, backbone) | fixed

    def suggest(self, space: Space, task: Task, backbone: Backbone) -> Params:
        return self.defaults(task, backbone) | {"lr": space.suggest_float("lr", 1e-4, 1e-2, log=True)}

    # the contract of a strategy allows any learner, but FineTune declares its own
    def build(self, params: Params, bench: Workbench) -> Unpruned:  # type: ignore[override]
        return Unpruned(super().build(params, bench))


@hookimpl
def autotl_strategies() -> list[Brief]:
    return [Brief()]
