"""The input of a search: its space and its time."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from autotl.api import Arm, Backbone, Machine, Params, Strategy, Task
from autotl.clock import Budget, Clock


@dataclass(frozen=True, slots=True)
class SearchSpace:
    """The arms of a search, with all that their trials need.

    Attributes:
        arms: The arms.
        strategies: The strategies, by name.
        backbones: The networks, by name.
        tasks: The task of each network, by the network's name.
        machine: The machine that trials run on.
    """

    arms: Sequence[Arm]
    strategies: Mapping[str, Strategy]
    backbones: Mapping[str, Backbone]
    tasks: Mapping[str, Task]
    machine: Machine

    def strategy(self, arm: Arm) -> Strategy:
        """Return the strategy of ``arm``."""
        return self.strategies[arm.strategy]

    def task(self, arm: Arm) -> Task:
        """Return the task of ``arm``."""
        return self.tasks[arm.backbone]

    def backbone(self, arm: Arm) -> Backbone:
        """Return the network of ``arm``."""
        return self.backbones[arm.backbone]

    def defaults(self, arm: Arm) -> Params:
        """Return the default hyperparameters of ``arm``."""
        return self.strategy(arm).defaults(self.task(arm), self.backbone(arm))

    @property
    def baselines(self) -> list[Arm]:
        """The arms that transfer nothing."""
        return [arm for arm in self.arms if self.strategy(arm).baseline]


@dataclass(frozen=True, slots=True)
class SearchTime:
    """The budget of a search.

    Attributes:
        budget: The budget of the run.
        clock: The clock.
        ends_at: Gives the time on the clock at which trials must end. It moves as the search learns how long
            the final phase will take.
    """

    budget: Budget
    clock: Clock
    ends_at: Callable[[], float]

    @property
    def limited(self) -> bool:
        """Whether the budget has a time limit."""
        return self.budget.seconds is not None

    def left(self) -> float:
        """Return the seconds until trials must end."""
        return self.ends_at() - self.clock.now()
