"""Open the networks that baselines bring, and choose one for each baseline."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field, replace

from autotl.api import Arm, Backbone, OwnNetworks, Strategy, Task, Weights
from autotl.backbone import Workload, describe
from autotl.clock import Deadline
from autotl.config.run_settings import RunSettings
from autotl.errors import FAILURES, LimitError, described
from autotl.preparation.model_limits import filter_by_limits
from autotl.preparation.record import BaselineNetworkRecord


@dataclass(frozen=True, slots=True)
class BaselineNetworks:
    """The networks that strategies bring.

    Attributes:
        networks: The chosen network of each strategy, by the strategy's name.
        refused: The reason against a strategy's smallest network, by the names of both.
    """

    networks: Mapping[str, Backbone] = field(default_factory=dict)
    refused: Mapping[Arm, str] = field(default_factory=dict)

    @property
    def by_name(self) -> dict[str, Backbone]:
        """The chosen networks by their own names."""
        return {facts.name: facts for facts in self.networks.values()}

    def __or__(self, other: BaselineNetworks) -> BaselineNetworks:
        """Return the networks of both."""
        return BaselineNetworks({**self.networks, **other.networks}, {**self.refused, **other.refused})


def open_baseline_networks(
    strategies: Mapping[str, Strategy],
    task: Task,
    settings: RunSettings,
    *,
    end: Deadline,
    taken: Collection[str] = (),
) -> BaselineNetworks:
    """Choose the last network of each strategy that the strategy accepts.

    The networks of a strategy are opened in turn.

    Args:
        strategies: All strategies, by name.
        task: The task, with the time per trial.
        settings: The options of the run.
        end: The end of the budget; measuring the pace takes a fraction of it.
        taken: The names of the backbones, which no network may have.
    """
    found = BaselineNetworks()
    for name, strategy in strategies.items():
        if isinstance(strategy, OwnNetworks):
            found |= _choose(name, strategy, task, settings, end, taken, found)
    return found


def reopen_baseline_networks(
    recorded: Mapping[str, BaselineNetworkRecord], task: Task, settings: RunSettings, *, end: Deadline
) -> BaselineNetworks:
    """Open the networks that an earlier start of the run chose.

    Their strategies may be gone.

    Args:
        recorded: The networks by strategy.
        task: The task, with the time per trial.
        settings: The options of the run.
        end: The end of the budget.

    Raises:
        RunError: A network has changed.
        WeightsError: A network cannot be built any more.
    """
    return BaselineNetworks(
        {
            name: each.backbone.restored(_opened(each.weights, task, settings, end))
            for name, each in recorded.items()
        }
    )


def _choose(
    name: str,
    strategy: Strategy,
    task: Task,
    settings: RunSettings,
    end: Deadline,
    taken: Collection[str],
    others: BaselineNetworks,
) -> BaselineNetworks:
    """Return the largest accepted network, or the reason against the smallest."""
    assert isinstance(strategy, OwnNetworks)
    try:
        offered = list(strategy.networks(task))
    except FAILURES as error:  # a plugin's code: it must not keep other strategies from running
        return BaselineNetworks(refused={Arm(name, "own network"): described(error)})
    fitting = [weights for weights in offered if weights.modality == task.modality]
    if offered and not fitting:
        return _of_other_inputs(name, offered[0], task, settings)
    used = {facts.name: facts.weights for facts in others.networks.values()}
    chosen: Backbone | None = None
    for weights in fitting:
        facts, reason = _try(strategy, weights, task, settings, end)
        if weights.name in taken or used.get(weights.name, weights) != weights:
            reason = f"another network is called {weights.name!r} too. Rename one of them"
        if facts is None or reason:  # larger networks are slower still
            if chosen is None:
                return BaselineNetworks(refused={Arm(name, weights.name): reason})
            break
        chosen = facts
    return BaselineNetworks({} if chosen is None else {name: chosen})


def _of_other_inputs(name: str, weights: Weights, task: Task, settings: RunSettings) -> BaselineNetworks:
    """Return the reason against a network of another modality, if the user names its strategy."""
    if name not in settings.search.strategies:
        return BaselineNetworks()
    why = f"{weights.name} takes {weights.modality} inputs, and this data has {task.modality} inputs"
    return BaselineNetworks(refused={Arm(name, weights.name): why})


def _try(
    strategy: Strategy, weights: Weights, task: Task, settings: RunSettings, end: Deadline
) -> tuple[Backbone | None, str]:
    """Return the network, and the reason against it or ""."""
    try:
        facts = _opened(weights, task, settings, end)
        kept = filter_by_limits(
            settings.limits,
            {facts.name: facts},
            classes=task.target.outputs,
            device=settings.device,
            clock=end.clock,
        )
        facts = kept.backbones[facts.name]
        applies = strategy.applies(task, facts)
    except LimitError:
        return None, f"{weights.name} misses the limits on latency or size on this machine"
    except FAILURES as error:  # a plugin's code: its layers, or its opinion on them
        return None, described(error)
    return facts, "" if applies else applies.why


def _opened(weights: Weights, task: Task, settings: RunSettings, end: Deadline) -> Backbone:
    facts = describe(
        weights,
        typical_size=task.typical_size,
        device=settings.device,
        workload=Workload(task.train_rows, settings.budget.seconds),
        clock=end.clock,
        end=end,
        small=True,
    )
    size = settings.image_size
    return (
        facts if size is None or facts.config.fixed else replace(facts, input_sizes=(size,), input_size=size)
    )
