"""Fix settings of a strategy for a whole run."""

from __future__ import annotations

import json
import math
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import partial
from typing import Any

from autotl import training
from autotl.api import Applies, Backbone, FirstLook, Params, Space, Strategy, Task
from autotl.errors import ArgumentError, TrainingError, UnknownName
from autotl.toolbox.declared import DeclaredStrategy

OPTIONAL = ("networks", "on_request", "deterministic", "reads_weights", "additional", "counterpart")
"""Attributes that only some strategies have."""


class FixedSettings:
    """A strategy with some settings fixed; everything else is the strategy's own.

    Suggestions follow from the fixed settings. Defaults follow from a fixed image size: the strategy sees a
    backbone that has no other. Default epochs are fewer if the fixed settings make each epoch slower.
    """

    def __init__(self, strategy: Strategy, fixed: Mapping[str, Any], *, device: str = "cpu") -> None:
        self._strategy, self._fixed, self._device = strategy, dict(fixed), device
        self.name, self.summary, self.reference = strategy.name, strategy.summary, strategy.reference
        self.baseline, self.api = strategy.baseline, strategy.api
        self.cost, self.build = strategy.cost, strategy.build
        # isinstance does not see the attributes of __getattr__ from Python 3.12 on
        for name in OPTIONAL:
            if hasattr(strategy, name):
                setattr(self, name, getattr(strategy, name))
        if isinstance(strategy, FirstLook):
            self.look = partial(self._fixed_look, strategy.look)

    def __getattr__(self, name: str) -> Any:
        if name.startswith("__") or "_strategy" not in self.__dict__:
            raise AttributeError(name)
        return getattr(self._strategy, name)

    def applies(self, task: Task, backbone: Backbone) -> Applies:
        """Return whether the strategy can be used at a fixed image size."""
        return self._strategy.applies(task, self._at_fixed_size(backbone))

    def defaults(self, task: Task, backbone: Backbone) -> Params:
        """Return the defaults with the fixed settings."""
        own = self._strategy.defaults(task, self._at_fixed_size(backbone))
        found = self._with_fixed(own)
        if task.trial_seconds is None or "epochs" in self._fixed or "epochs" not in found:
            return found

        def seconds(params: Params) -> float:
            return self.cost(params, task, backbone, training.this_machine(self._device)).seconds

        # own defaults may take longer than a trial's time
        return training.fit_epochs(found, seconds, max(task.trial_seconds / task.folds, seconds(own)))

    def suggest(self, space: Space, task: Task, backbone: Backbone) -> Params:
        """Return a suggestion with the fixed settings.

        Args:
            space: Source of suggested values.
            task: The target task.
            backbone: The backbone's facts.
        """
        fixed = _FixedSpace(space, self._fixed)
        return self._with_fixed(self._strategy.suggest(fixed, task, self._at_fixed_size(backbone)))

    def _fixed_look(self, look: Callable[[Task, Backbone], Params], task: Task, backbone: Backbone) -> Params:
        """Return the settings of a first look, which is no longer than the fixed training.

        Args:
            look: The strategy's own method.
            task: The target task.
            backbone: The backbone's facts.
        """
        own = look(task, self._at_fixed_size(backbone))
        fixed = self._with_fixed({name: value for name, value in own.items() if name != "part"})
        return {**own, **fixed, "epochs": min(own["epochs"], fixed["epochs"])}

    def _at_fixed_size(self, backbone: Backbone) -> Backbone:
        """Return the backbone with a fixed image size as the only one."""
        size = self._fixed.get("image_size")
        if not isinstance(size, int) or isinstance(size, bool) or size < 1:
            return backbone
        kept = backbone.kept if size == backbone.input_size else ()  # activations at another size
        return replace(backbone, input_sizes=(size,), input_size=size, kept=kept)

    def _with_fixed(self, params: Params) -> Params:
        """Return settings with the fixed ones. Raises ArgumentError if the strategy refuses them."""
        if unknown := sorted(self._fixed.keys() - params.keys()):
            raise ArgumentError(
                f"--set must name a setting of {self._strategy.name}: {', '.join(sorted(params))} "
                f"(got {unknown[0]})."
            )
        found = {**params, **self._fixed}
        if isinstance(self._strategy, DeclaredStrategy):
            try:
                self._strategy.check(found)
            except TrainingError as error:
                raise ArgumentError(f"--set {self._strategy.name}: {error}") from error
        return found


@dataclass(frozen=True, slots=True)
class _FixedSpace:
    """A space that returns fixed settings, and asks another space for the rest.

    Settings that a strategy computes from its suggestions thus follow from the fixed ones.
    """

    space: Space
    fixed: Mapping[str, Any]

    def suggest_float(self, name: str, low: float, high: float, *, log: bool = False) -> float:
        fixed: Any = self.fixed.get(name)
        return self.space.suggest_float(name, low, high, log=log) if fixed is None else float(fixed)

    def suggest_int(self, name: str, low: int, high: int, *, log: bool = False) -> int:
        fixed: Any = self.fixed.get(name)
        return self.space.suggest_int(name, low, high, log=log) if fixed is None else int(fixed)

    def suggest_categorical(self, name: str, choices: Sequence[Any]) -> Any:
        return self.fixed[name] if name in self.fixed else self.space.suggest_categorical(name, choices)


def fix_settings(
    strategies: Mapping[str, Strategy], fixed: Iterable[str], *, device: str = "cpu"
) -> dict[str, Strategy]:
    """Return the strategies with fixed settings.

    Args:
        strategies: The strategies of a run, by name.
        fixed: Texts ``strategy.setting=value``; a value is read as JSON, else as text.
        device: The device of the trials.

    Raises:
        ArgumentError: A text has another form.
        UnknownName: No strategy of the run has that name.
    """
    values: dict[str, dict[str, Any]] = {}
    for text in fixed:
        path, equals, value = text.partition("=")
        strategy, dot, name = path.partition(".")
        if not (equals and dot and strategy and name):
            raise ArgumentError(
                f"fixed must have the form strategy.setting=value (got {text!r}). "
                "Give for example --set finetune.lr=0.001."
            )
        if strategy not in strategies:
            raise UnknownName("strategy", strategy, strategies)
        values.setdefault(strategy, {})[name] = _value(value)
    return {
        name: FixedSettings(each, values[name], device=device) if name in values else each
        for name, each in strategies.items()
    }


def _value(text: str) -> Any:
    try:
        found = json.loads(text)
    except ValueError:
        return text
    if isinstance(found, float) and not math.isfinite(found):
        raise ArgumentError(f"A fixed setting must be a finite number (got {text}). Give another value.")
    return found if isinstance(found, str | bool | int | float) else text
