"""Fix settings of a strategy for a whole run."""

from __future__ import annotations

import json
import math
from collections.abc import Callable, Iterable, Mapping
from functools import partial
from typing import Any

from autotl.api import Backbone, Params, Space, Strategy, Task
from autotl.errors import ArgumentError, TrainingError, UnknownName
from autotl.toolbox.declared import DeclaredStrategy


class FixedSettings:
    """A strategy with some settings fixed; everything else is the strategy's own."""

    def __init__(self, strategy: Strategy, fixed: Mapping[str, Any]) -> None:
        self._strategy, self._fixed = strategy, dict(fixed)

    def __getattr__(self, name: str) -> Any:
        if name.startswith("__") or "_strategy" not in self.__dict__:
            raise AttributeError(name)
        found = getattr(self._strategy, name)
        return partial(self._fixed_look, found) if name == "look" else found

    def defaults(self, task: Task, backbone: Backbone) -> Params:
        """Return the defaults with the fixed settings."""
        return self._with_fixed(self._strategy.defaults(task, backbone))

    def suggest(self, space: Space, task: Task, backbone: Backbone) -> Params:
        """Return a suggestion with the fixed settings.

        Args:
            space: Source of suggested values.
            task: The target task.
            backbone: The backbone's facts.
        """
        return self._with_fixed(self._strategy.suggest(space, task, backbone))

    def _fixed_look(self, look: Callable[[Task, Backbone], Params], task: Task, backbone: Backbone) -> Params:
        """Return the settings of a first look, which is no longer than the fixed training.

        Args:
            look: The strategy's own method.
            task: The target task.
            backbone: The backbone's facts.
        """
        own = look(task, backbone)
        fixed = self._with_fixed({name: value for name, value in own.items() if name != "part"})
        return {**own, **fixed, "epochs": min(own["epochs"], fixed["epochs"])}

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


def fix_settings(strategies: Mapping[str, Strategy], fixed: Iterable[str]) -> dict[str, Strategy]:
    """Return the strategies with fixed settings.

    Args:
        strategies: The strategies of a run, by name.
        fixed: Texts ``strategy.setting=value``; a value is read as JSON, else as text.

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
        name: FixedSettings(each, values[name]) if name in values else each
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
