"""Open the networks that baselines bring themselves, and choose one for each."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field, replace

from autotl.api import Arm, Backbone, OwnNetworks, Strategy, Task, Weights
from autotl.backbone import Workload, describe
from autotl.clock import Deadline
from autotl.config.run_config import RunConfig
from autotl.errors import FAILURES, LimitError, described
from autotl.preparation.model_limits import filter_by_limits
from autotl.preparation.record import BaselineNetworkRecord


@dataclass(frozen=True, slots=True)
class Own:
    """The networks that strategies bring themselves.

    Attributes:
        networks: The chosen network of each strategy, by the strategy's name.
        refused: Why a strategy has none, by its name and that of its smallest network.
    """

    networks: Mapping[str, Backbone] = field(default_factory=dict)
    refused: Mapping[Arm, str] = field(default_factory=dict)

    @property
    def by_name(self) -> dict[str, Backbone]:
        """The chosen networks by their own names."""
        return {facts.name: facts for facts in self.networks.values()}


def open_own_networks(
    strategies: Mapping[str, Strategy],
    task: Task,
    setup: RunConfig,
    *,
    end: Deadline,
    taken: Collection[str] = (),
) -> Own:
    """Open each strategy's networks in turn, and choose the last one that the strategy accepts.

    Args:
        strategies: All strategies, by name.
        task: The task, with what a trial may cost.
        setup: What the user asked for: device, limits, image size, budget.
        end: The end of the budget, by a share of which the pace is measured.
        taken: The names of the backbones, which no network may have too.
    """
    chosen: dict[str, Backbone] = {}
    refused: dict[Arm, str] = {}
    for name, strategy in strategies.items():
        if not isinstance(strategy, OwnNetworks):
            continue
        try:
            offered = list(strategy.networks(task))
        except FAILURES as error:  # a stranger's code: it must not keep the others from running
            refused[Arm(name, "a network of its own")] = described(error)
            continue
        others = {facts.name: facts.weights for facts in chosen.values()}
        for weights in offered:
            facts, why = _tried(strategy, weights, task, setup, end)
            if weights.name in taken or others.get(weights.name, weights) != weights:
                why = f"another network is called {weights.name!r} too. Rename one of them"
            if facts is None or why:  # the larger ones are slower still
                if name not in chosen:
                    refused[Arm(name, weights.name)] = why
                break
            chosen[name] = facts
    return Own(chosen, refused)


def reopen_own_networks(
    known: Mapping[str, BaselineNetworkRecord], task: Task, setup: RunConfig, *, end: Deadline
) -> Own:
    """Open the networks that a resumed run had chosen, whether or not their strategies are still installed.

    Raises:
        RunError: A network is not what it was.
        WeightsError: A network cannot be made any more.
    """
    return Own(
        {name: each.seen.keep(_opened(each.weights, task, setup, end)) for name, each in known.items()}
    )


def _tried(
    strategy: Strategy, weights: Weights, task: Task, setup: RunConfig, end: Deadline
) -> tuple[Backbone | None, str]:
    """The network, and why it is refused, "" if it is not."""
    try:
        facts = _opened(weights, task, setup, end)
        kept = filter_by_limits(
            setup.limits, {facts.name: facts}, classes=len(task.classes), device=setup.device, clock=end.clock
        )
        facts = kept.backbones[facts.name]
        applies = strategy.applies(task, facts)
    except LimitError:
        return None, f"{weights.name} misses the limits on latency or size on this machine"
    except FAILURES as error:  # as above: its layers and what it says of them are a stranger's
        return None, described(error)
    return facts, "" if applies else applies.why


def _opened(weights: Weights, task: Task, setup: RunConfig, end: Deadline) -> Backbone:
    facts = describe(
        weights,
        side=task.side,
        device=setup.device,
        workload=Workload(task.train_rows, setup.budget.seconds),
        clock=end.clock,
        end=end,
        small=True,
    )
    size = setup.image_size
    return facts if size is None or facts.config.fixed else replace(facts, sides=(size,), side=size)
