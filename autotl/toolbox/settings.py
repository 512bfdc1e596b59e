"""Declare a setting once: its default, its range, and its check."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Protocol

from autotl.api import Backbone, Space, Task
from autotl.errors import TrainingError
from autotl.training import affordable_epochs, affordable_size, affordable_sizes


@dataclass(frozen=True, slots=True)
class Chosen:
    """The facts that a setting may depend on.

    Attributes:
        task: The target task.
        backbone: The backbone's facts.
        trained: Share of the arithmetic that is trained, in [0, 1].
        values: The settings that are declared earlier, by name.
    """

    task: Task
    backbone: Backbone
    trained: float = 1.0
    values: Mapping[str, Any] = field(default_factory=dict)

    @property
    def input_size(self) -> int:
        """The image size among the values, else the backbone's."""
        return int(self.values.get("image_size", self.backbone.input_size))


class Setting(Protocol):
    """A setting of a strategy."""

    def default_for(self, chosen: Chosen) -> Any:
        """Return the default for a task."""
        ...

    def suggest(self, space: Space, name: str, chosen: Chosen) -> Any:
        """Return a value that is chosen through ``space``.

        Args:
            space: Source of suggested values.
            name: The name of the setting.
            chosen: The facts of the task.
        """
        ...

    def check(self, name: str, value: Any) -> None:
        """Raise TrainingError unless a strategy can use the value."""
        ...


@dataclass(frozen=True, slots=True)
class Float:
    """A number from ``low`` to ``high``; ``log`` searches it by its logarithm."""

    default: float
    low: float
    high: float
    log: bool = False

    def __post_init__(self) -> None:
        _check_range(self.default, self.low, self.high, log=self.log)

    def default_for(self, chosen: Chosen) -> float:
        """See :class:`Setting`."""
        return self.default

    def suggest(self, space: Space, name: str, chosen: Chosen) -> float:
        """See :class:`Setting`.

        Args:
            space: Source of suggested values.
            name: The name of the setting.
            chosen: The facts of the task.
        """
        return space.suggest_float(name, self.low, self.high, log=self.log)

    def check(self, name: str, value: Any) -> None:
        """See :class:`Setting`."""
        _check_number(name, value, self.low, self.high)


@dataclass(frozen=True, slots=True)
class Int:
    """A whole number from ``low`` to ``high``.

    With ``log``, its logarithm is searched.
    """

    default: int
    low: int
    high: int
    log: bool = False

    def __post_init__(self) -> None:
        _check_range(self.default, self.low, self.high, log=self.log)

    def default_for(self, chosen: Chosen) -> int:
        """See :class:`Setting`."""
        return self.default

    def suggest(self, space: Space, name: str, chosen: Chosen) -> int:
        """See :class:`Setting`.

        Args:
            space: Source of suggested values.
            name: The name of the setting.
            chosen: The facts of the task.
        """
        return space.suggest_int(name, self.low, self.high, log=self.log)

    def check(self, name: str, value: Any) -> None:
        """See :class:`Setting`."""
        if isinstance(value, bool) or not isinstance(value, int):
            raise TrainingError(f"{name} must be a whole number (got {value!r}).")
        _check_number(name, value, self.low, self.high)


@dataclass(frozen=True, slots=True)
class Choice:
    """A choice among texts, numbers or booleans.

    ``for_numbers`` is the default if numbers are to be predicted; None for the same. ``within`` names an
    attribute of the task that lists the options it allows, the default of a narrower task first.
    """

    default: Any
    options: tuple[Any, ...]
    for_numbers: Any = None
    within: str = ""

    def __post_init__(self) -> None:
        defaults = (self.default,) if self.for_numbers is None else (self.default, self.for_numbers)
        if wrong := [each for each in defaults if each not in self.options]:
            raise TrainingError(f"The default must be one of {self.options} (got {wrong[0]!r}).")

    def default_for(self, chosen: Chosen) -> Any:
        """See :class:`Setting`."""
        numbers = chosen.task.target.kind == "regression" and self.for_numbers is not None
        default, allowed = self.for_numbers if numbers else self.default, self._allowed(chosen)
        return default if default in allowed else allowed[0]

    def _allowed(self, chosen: Chosen) -> list[Any]:
        listed = getattr(chosen.task, self.within) if self.within else self.options
        return [each for each in self.options if each in listed]

    def suggest(self, space: Space, name: str, chosen: Chosen) -> Any:
        """See :class:`Setting`.

        Args:
            space: Source of suggested values.
            name: The name of the setting.
            chosen: The facts of the task.
        """
        return space.suggest_categorical(name, self._allowed(chosen))

    def check(self, name: str, value: Any) -> None:
        """See :class:`Setting`."""
        if value not in self.options:
            raise TrainingError(
                f"{name} must be one of {', '.join(map(repr, self.options))} (got {value!r})."
            )


@dataclass(frozen=True, slots=True)
class Epochs:
    """Epochs that fit into the time of a trial.

    They are at most twice the default.

    Declare it after the image size, which the time depends on.
    """

    default: int

    def default_for(self, chosen: Chosen) -> int:
        """See :class:`Setting`."""
        return self._affordable(chosen, self.default)

    def suggest(self, space: Space, name: str, chosen: Chosen) -> int:
        """See :class:`Setting`.

        Args:
            space: Source of suggested values.
            name: The name of the setting.
            chosen: The facts of the task.
        """
        return self._affordable(chosen, space.suggest_int(name, 1, 2 * self.default, log=True))

    def check(self, name: str, value: Any) -> None:
        """See :class:`Setting`."""
        Int(1, 1, 2 * self.default).check(name, value)

    def _affordable(self, chosen: Chosen, wanted: int) -> int:
        return affordable_epochs(
            chosen.task,
            chosen.backbone,
            input_size=chosen.input_size,
            trained=chosen.trained,
            wanted=wanted,
        )


@dataclass(frozen=True, slots=True)
class InputSize:
    """An image size of the backbone, in pixels.

    With ``epochs``, it is the largest at which so many epochs fit. Without, it is the size at which frozen
    features are cached, or a smaller one.
    """

    epochs: int = 0

    def default_for(self, chosen: Chosen) -> int:
        """See :class:`Setting`."""
        if not self.epochs:
            return chosen.backbone.input_size
        return affordable_size(chosen.task, chosen.backbone, trained=chosen.trained, epochs=self.epochs)

    def suggest(self, space: Space, name: str, chosen: Chosen) -> int:
        """See :class:`Setting`.

        Args:
            space: Source of suggested values.
            name: The name of the setting.
            chosen: The facts of the task.
        """
        sizes = [size for size in chosen.backbone.input_sizes if size <= chosen.backbone.input_size]
        if self.epochs:
            half = max(1, self.epochs // 2)
            sizes = affordable_sizes(chosen.task, chosen.backbone, trained=chosen.trained, epochs=half)
        found: int = space.suggest_categorical(name, sizes)
        return found

    def check(self, name: str, value: Any) -> None:
        """See :class:`Setting`."""
        Int(32, 1, 4096).check(name, value)


def _check_range(default: float, low: float, high: float, *, log: bool) -> None:
    """Raise TrainingError unless a default lies in its range."""
    if not low <= default <= high or (log and low <= 0):
        raise TrainingError(
            f"The default must lie in its range, which must be above 0 with log=True (got {default} in "
            f"[{low}, {high}])."
        )


def _check_number(name: str, value: Any, low: float, high: float) -> None:
    number = isinstance(value, int | float) and not isinstance(value, bool)
    if not number or not low <= value <= high:
        raise TrainingError(f"{name} must be a number in [{low:g}, {high:g}] (got {value!r}).")
