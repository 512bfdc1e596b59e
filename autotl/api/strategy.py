"""The contract between the search and a way of transferring."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Protocol, runtime_checkable

from autotl.api.backbone import Backbone, Weights
from autotl.api.learner import Learner
from autotl.api.task import Applies, Task
from autotl.api.workbench import Workbench

Params = Mapping[str, Any]
"""A strategy's settings by name: numbers, strings and booleans only, so that they survive JSON."""


@dataclass(frozen=True, slots=True)
class Machine:
    """The device, threads and memory that trials run on."""

    device: str
    threads: int
    memory_bytes: int


@dataclass(frozen=True, slots=True)
class Cost:
    """The expected cost of a trial on one fold.

    Attributes:
        seconds: Seconds, validation included.
        bytes: Peak memory on the device; an arm that does not fit is skipped. 0 if it is unknown.
    """

    seconds: float
    bytes: int = 0


class Space(Protocol):
    """The suggesting half of an Optuna trial; it neither reports nor prunes."""

    def suggest_float(self, name: str, low: float, high: float, *, log: bool = False) -> float: ...
    def suggest_int(self, name: str, low: int, high: int, *, log: bool = False) -> int: ...
    def suggest_categorical(self, name: str, choices: Sequence[Any]) -> Any: ...


@runtime_checkable
class Strategy(Protocol):
    """A way of transferring a pretrained backbone to a new task.

    Attributes:
        name: Unique name; it scopes the strategy's parameters.
        summary: A single line of text.
        reference: The paper or documentation that the strategy implements.
        baseline: True if nothing is transferred: transfer is measured against it.
        api: The version of the plugin API that the strategy is written for, as a number. A plugin must not
            take ``VERSION``, which is that of the installed autotl.

    Four attributes are optional: ``deterministic = True`` if the seed changes nothing,
    ``reads_weights = False`` if rows cannot count less, ``additional`` and ``counterpart``. ``additional``
    has the roles of images besides the labelled ones. Without such images the strategy runs only if it is
    named. ``counterpart`` names the strategy that does the same without them. The report compares both. A
    strategy with the role ``DEPLOY`` adapts to the images of the place of use. It is not searched: its
    defaults run once, after the search, and a guard decides.
    """

    name: str
    summary: str
    reference: str
    baseline: bool
    api: int

    def applies(self, task: Task, backbone: Backbone) -> Applies:
        """Return whether the strategy can be used, with the reason."""
        ...

    def defaults(self, task: Task, backbone: Backbone) -> Params:
        """Return the literature's recipe, which is always tried before the search."""
        ...

    def suggest(self, space: Space, task: Task, backbone: Backbone) -> Params:
        """Return settings chosen through ``space``.

        The same answers must always lead to the same settings.

        Args:
            space: Source of suggested values.
            task: The target task.
            backbone: The backbone's facts.
        """
        ...

    def cost(self, params: Params, task: Task, backbone: Backbone, machine: Machine) -> Cost:
        """Return a trial's expected cost on one fold.

        Args:
            params: The trial's settings.
            task: The target task.
            backbone: The backbone's facts.
            machine: The machine that runs the trial.
        """
        ...

    def build(self, params: Params, bench: Workbench) -> Learner:
        """Return a learner that is ready to start.

        May look at the data through ``bench``. An exception fails this trial alone.
        """
        ...


@runtime_checkable
class OwnNetworks(Protocol):
    """Optional part of a baseline: its own networks, used instead of backbones.

    Its trials run on one of these networks, for any choice of backbones.
    """

    def networks(self, task: Task) -> Sequence[Weights]:
        """Return networks without weights, smallest first.

        The search opens them in turn, and takes the last network that :meth:`Strategy.applies` accepts.
        """
        ...


@runtime_checkable
class FirstLook(Protocol):
    """Optional part of a baseline: cheap settings that precede its defaults.

    The defaults are tried only if the forecast from this trial comes near the best trial.
    """

    def look(self, task: Task, backbone: Backbone) -> Params:
        """Return settings like the defaults, with a shorter training.

        The keys are those of the defaults. ``epochs`` must be among them, because forecasts use it. A look
        shorter than an epoch may add ``part``, the share of the images that its epoch takes.
        """
        ...


@runtime_checkable
class OnRequest(Protocol):
    """Optional part of a strategy: it runs only if it is named.

    It has ``on_request = True``.
    """

    on_request: bool
