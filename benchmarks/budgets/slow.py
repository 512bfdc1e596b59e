"""A strategy that sleeps for three seconds at each step without including it in its cost."""

from __future__ import annotations

import time
from collections.abc import Generator
from contextlib import closing

from autotl import hookimpl
from autotl.api import Beat, Learner, Params, Score, Workbench
from autotl.builtin.strategies.tuning.finetune import FineTune

PAUSE = 3.0


class SlowLearner:
    """A learner with a pause after each step of another one."""

    def __init__(self, learner: Learner) -> None:
        self._learner = learner

    def fit(self) -> Generator[Beat | Score, None, None]:
        with closing(self._learner.fit()) as steps:
            for step in steps:
                time.sleep(PAUSE)
                yield step


class Slow(FineTune):
    """Fine-tuning that takes three seconds longer per step."""

    name = "slow"
    summary = "fine-tuning that sleeps three seconds at each step"

    # the contract of a strategy allows any learner, but FineTune declares its own
    def build(self, params: Params, bench: Workbench) -> Learner:  # type: ignore[override]
        return SlowLearner(super().build(params, bench))


@hookimpl
def autotl_strategies() -> list[Slow]:
    return [Slow()]
