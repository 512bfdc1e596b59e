"""The contract between the search and one way of transferring."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Protocol, runtime_checkable

from autotl.api.backbone import Backbone, Weights
from autotl.api.learner import Learner, Workbench
from autotl.api.task import Applies, Task

Params = Mapping[str, Any]
"""A strategy's settings by name: numbers, strings and booleans only, so that they survive JSON."""


@dataclass(frozen=True, slots=True)
class Machine:
    """Where trials run."""

    device: str
    threads: int
    memory_bytes: int


@dataclass(frozen=True, slots=True)
class Cost:
    """What one trial is expected to take."""

    seconds: float
    bytes: int = 0


class Space(Protocol):
    """The suggesting half of an Optuna trial. Nothing here reports or prunes."""

    def suggest_float(self, name: str, low: float, high: float, *, log: bool = False) -> float: ...
    def suggest_int(self, name: str, low: int, high: int, *, log: bool = False) -> int: ...
    def suggest_categorical(self, name: str, choices: Sequence[Any]) -> Any: ...


@runtime_checkable
class Strategy(Protocol):
    """One way of moving a pretrained backbone to a new task.

    ``name`` is unique and scopes its parameters; ``summary`` is one line; ``reference`` names the paper or
    documentation it implements. ``baseline`` is True where nothing is transferred: what transfer is measured
    against.
    """

    name: str
    summary: str
    reference: str
    baseline: bool

    def applies(self, task: Task, backbone: Backbone) -> Applies:
        """Whether it can be used, and why (not)."""
        ...

    def defaults(self, task: Task, backbone: Backbone) -> Params:
        """The literature's recipe, always tried before the search."""
        ...

    def suggest(self, space: Space, task: Task, backbone: Backbone) -> Params:
        """Settings chosen through ``space``. The same answers must always lead to the same settings."""
        ...

    def cost(self, params: Params, task: Task, backbone: Backbone, machine: Machine) -> Cost:
        """What a trial with these settings is expected to take on one fold."""
        ...

    def build(self, params: Params, bench: Workbench) -> Learner:
        """A learner ready to start. May look at the data through ``bench``; raising fails this trial
        alone.
        """
        ...


@runtime_checkable
class OwnNetworks(Protocol):
    """Optional part of a baseline: its own networks, used in place of the backbones.

    Its trials run on one of them, whatever the backbones are.
    """

    def networks(self, task: Task) -> Sequence[Weights]:
        """Networks without weights, the smallest first.

        The search opens them in turn and takes the last one that :meth:`Strategy.applies` accepts.
        """
        ...


@runtime_checkable
class FirstLook(Protocol):
    """Optional part of a baseline: cheap settings that are tried before its defaults.

    The defaults are tried only if the forecast from this trial comes near the best trial.
    """

    def look(self, task: Task, backbone: Backbone) -> Params:
        """Settings like the defaults, with the same keys and a shorter training.

        ``epochs`` must be among them: forecasts are made by it. A look shorter than an epoch may add
        ``part``, the share of the images that its epoch takes.
        """
        ...


@runtime_checkable
class OnRequest(Protocol):
    """Optional part of a strategy: with ``on_request = True`` it runs only if it is named."""

    on_request: bool
