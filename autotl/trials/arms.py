"""Pair strategies with backbones, and say why a pair is left out."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from types import MappingProxyType

from autotl.api import Applies, Arm, Backbone, Machine, OwnNetworks, Strategy, Task
from autotl.errors import FAILURES, described


def plan_arms(
    strategies: Mapping[str, Strategy],
    backbones: Mapping[str, Backbone],
    tasks: Mapping[str, Task],
    *,
    machine: Machine,
    own: Mapping[str, Backbone] = MappingProxyType({}),
) -> tuple[list[Arm], dict[Arm, str]]:
    """Return the arms worth trying, and those that are not with the reason.

    A baseline transfers nothing, so it runs once for each architecture, whatever the number of its
    checkpoints.

    Args:
        strategies: All strategies, by name.
        backbones: The pretrained networks, by name.
        tasks: The task, with what a trial may cost, by the name of the network.
        machine: Where trials run.
        own: The network of each strategy that brings its own, by the strategy's name. One that brings its
            own and is not here has no arm.
    """
    arms: list[Arm] = []
    skipped: dict[Arm, str] = {}
    for name, strategy in strategies.items():
        built: dict[str, str] = {}
        for backbone in _networks(name, strategy, backbones, own):
            arm = Arm(name, backbone.name)
            task = tasks[backbone.name]
            try:
                applies = strategy.applies(task, backbone)
                if not isinstance(applies, Applies):
                    raise TypeError(
                        f"applies() gave a {type(applies).__name__}, and an autotl.api.Applies is expected"
                    )
                if applies:
                    strategy.cost(strategy.defaults(task, backbone), task, backbone, machine)
            except FAILURES as error:  # a stranger's code: it must not keep the others from running
                skipped[arm] = described(error)
                continue
            first = built.get(backbone.architecture)
            if not applies:
                skipped[arm] = applies.why
            elif strategy.baseline and first:
                skipped[arm] = f"the same network as {first}, which stands for both"
            else:
                built[backbone.architecture] = backbone.name
                arms.append(arm)
    return arms, skipped


def _networks(
    name: str, strategy: Strategy, backbones: Mapping[str, Backbone], own: Mapping[str, Backbone]
) -> Iterable[Backbone]:
    if not isinstance(strategy, OwnNetworks):
        return backbones.values()
    return [own[name]] if name in own else []
