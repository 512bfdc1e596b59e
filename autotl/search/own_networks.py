"""Open the networks that baselines bring themselves, and choose one for each."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace

from autotl.api import Arm, Backbone, OwnNetworks, Strategy, Task, Weights
from autotl.backbone import describe
from autotl.clock import Deadline
from autotl.errors import LimitError
from autotl.search.allowed import Limits
from autotl.search.limits import within
from autotl.search.setup import Setup


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
    setup: Setup,
    *,
    end: Deadline,
    keep: Callable[[Backbone], Backbone] | None = None,
) -> Own:
    """Open each strategy's networks in turn, and choose the last one that the strategy accepts.

    Args:
        strategies: All strategies, by name.
        task: The task, with what a trial may cost.
        setup: What the user asked for: device, limits, image size, budget.
        end: The end of the budget, by a share of which the pace is measured.
        keep: Gives a network the facts that a resumed run had decided on. Raises KeyError if there are none.
    """
    chosen: dict[str, Backbone] = {}
    refused: dict[Arm, str] = {}
    for name, strategy in strategies.items():
        if not isinstance(strategy, OwnNetworks):
            continue
        try:
            offered = strategy.networks(task)
        except Exception as error:  # a stranger's code: it must not keep the others from running
            refused[Arm(name, "a network of its own")] = f"{type(error).__name__}: {error}"
            continue
        for weights in offered:
            why: str | None = None
            try:
                facts = _opened(weights, task, setup, end=end)
                if keep is None:
                    facts = _limited(facts, setup.limits, task, setup.device, end)
                    applies = strategy.applies(task, facts)
                    why = None if applies else applies.why
            except LimitError:
                why = f"{weights.name} misses the limits on latency or size on this machine"
            except Exception as error:  # as above: its layers and what it says of them are a stranger's
                why = f"{type(error).__name__}: {error}"
            if why is not None:  # the larger ones are slower still
                if name not in chosen:
                    refused[Arm(name, weights.name)] = why
                break
            if keep is None:
                chosen[name] = facts
                continue
            try:
                chosen[name] = keep(facts)
            except KeyError:  # it was not the one that the run had chosen
                continue
            break
    return Own(chosen, refused)


def _opened(weights: Weights, task: Task, setup: Setup, *, end: Deadline) -> Backbone:
    facts = describe(
        weights,
        side=task.side,
        device=setup.device,
        seconds=setup.budget.seconds,
        images=task.train_rows,
        clock=end.clock,
        end=end,
        small=True,
    )
    size = setup.image_size
    return facts if size is None or facts.config.fixed else replace(facts, sides=(size,), side=size)


def _limited(facts: Backbone, limits: Limits, task: Task, device: str, end: Deadline) -> Backbone:
    kept = within(limits, {facts.name: facts}, classes=len(task.classes), device=device, clock=end.clock)
    return kept.backbones[facts.name]
