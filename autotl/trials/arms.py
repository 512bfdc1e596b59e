"""Pair strategies with backbones."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from types import MappingProxyType

from autotl.api import Applies, Arm, Backbone, Machine, OwnNetworks, Strategy, Task
from autotl.errors import FAILURES, ArgumentError, described
from autotl.trials.trial import Trial


def plan_arms(
    strategies: Mapping[str, Strategy],
    backbones: Mapping[str, Backbone],
    tasks: Mapping[str, Task],
    *,
    machine: Machine,
    own: Mapping[str, Backbone] = MappingProxyType({}),
) -> tuple[list[Arm], dict[Arm, str]]:
    """Return the arms to try, and the arms to skip.

    A baseline transfers nothing. It therefore runs once for each architecture, even if several checkpoints
    have that architecture.

    Args:
        strategies: All strategies, by name.
        backbones: The pretrained networks, by name.
        tasks: The task of each network, by the network's name.
        machine: The machine that trials run on.
        own: The network of each strategy that brings its own, by the strategy's name. A strategy that brings
            its own network and is not in this mapping has no arm.

    Returns:
        The arms, and the reason why each of the others is skipped.
    """
    arms: list[Arm] = []
    skipped: dict[Arm, str] = {}
    for name, strategy in strategies.items():
        by_architecture: dict[str, str] = {}
        for backbone in _networks(name, strategy, backbones, own):
            arm = Arm(name, backbone.name)
            try:
                applies = _applies(strategy, tasks[backbone.name], backbone, machine)
            except ArgumentError:  # a wrong --set is the user's error
                raise
            except FAILURES as error:  # code of a plugin: its error must not stop the others
                skipped[arm] = described(error)
                continue
            first = by_architecture.get(backbone.architecture)
            if not applies:
                skipped[arm] = applies.why
            elif strategy.baseline and first:
                skipped[arm] = f"the same network as {first}, which stands for both"
            else:
                by_architecture[backbone.architecture] = backbone.name
                arms.append(arm)
    return arms, skipped


def _applies(strategy: Strategy, task: Task, backbone: Backbone, machine: Machine) -> Applies:
    """Ask if the strategy applies, and check its cost."""
    applies = strategy.applies(task, backbone)
    if not isinstance(applies, Applies):
        raise TypeError(f"applies() must return autotl.api.Applies (got {type(applies).__name__})")
    if applies:
        cost = strategy.cost(strategy.defaults(task, backbone), task, backbone, machine)
        if cost.bytes > machine.memory_bytes:
            need, have = (f"{size / 2**30:.1f} GiB" for size in (cost.bytes, machine.memory_bytes))
            return Applies(False, f"it needs {need} of memory, and {machine.device} has {have}")
    return applies


def _networks(
    name: str, strategy: Strategy, backbones: Mapping[str, Backbone], own: Mapping[str, Backbone]
) -> Iterable[Backbone]:
    if not isinstance(strategy, OwnNetworks):
        return backbones.values()
    return [own[name]] if name in own else []


def baseline_arms(
    arms: Iterable[Arm],
    strategies: Mapping[str, Strategy],
    networks: Mapping[str, Backbone],
    trials: Iterable[Trial] = (),
) -> list[Arm]:
    """Return the arms that transfer nothing, including all arms on random weights.

    Args:
        arms: The arms.
        strategies: The strategies, by name.
        networks: The networks, by name.
        trials: Past trials; those of strategies that are gone know whether these were baselines.
    """
    known = {name for name, strategy in strategies.items() if strategy.baseline}
    known |= {trial.arm.strategy for trial in trials if trial.baseline}
    random = {name for name, each in networks.items() if not each.weights.pretrained}
    return [arm for arm in arms if arm.strategy in known or arm.backbone in random]
