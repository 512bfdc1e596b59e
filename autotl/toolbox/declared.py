"""A strategy whose settings are declared once."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from autotl.api import Applies, Backbone, Cost, Learner, Machine, Params, Space, TargetKind, Task, Workbench
from autotl.errors import TrainingError
from autotl.toolbox.settings import Chosen, Setting
from autotl.training import probe_seconds, training_seconds

FIRST_VERSION = 2
"""The first version of the plugin API with this module.

A strategy that names no version counts as written for this one. A newer autotl then leaves it out, instead of
running code that was never written for it.
"""


TARGET_WORDS: Mapping[TargetKind, str] = {
    "single_label": "one class each",
    "multi_label": "several labels",
    "regression": "numbers",
}
"""The targets of images of each kind, for reasons."""


class DeclaredStrategy(ABC):
    """A base of strategies: ``defaults``, ``suggest`` and ``cost`` follow from ``settings``.

    A subclass sets the attributes and defines :meth:`build`. Override any other method as needed.

    Attributes:
        api: The version of the plugin API that the strategy is written for, as a number.
        settings: The settings by name. A setting may depend on those declared before it.
        trained: Share of the arithmetic that is trained, in [0, 1]; 0 if only a head is fitted.
        baseline: Whether nothing is transferred.
        deterministic: Whether all seeds give the same network.
        reads_weights: Whether rows count by ``bench.weights()``.
        on_request: Whether the strategy runs only if it is named.
        additional: Roles of the images besides the labelled ones that it learns from.
        counterpart: The strategy that does the same without these images; "" if there is none.
        targets: The kinds of targets that it can predict.
    """

    api: int = FIRST_VERSION
    name: str
    summary: str
    reference: str
    baseline: bool = False
    settings: Mapping[str, Setting]
    trained: float = 1.0
    deterministic: bool = False
    reads_weights: bool = True
    on_request: bool = False
    additional: tuple[str, ...] = ()
    counterpart: str = ""
    targets: tuple[TargetKind, ...] = ("single_label", "multi_label", "regression")

    def applies(self, task: Task, backbone: Backbone) -> Applies:
        """Return whether the strategy can predict this kind of target."""
        if task.target.kind not in self.targets:
            known = " or ".join(TARGET_WORDS[kind] for kind in self.targets)
            given = TARGET_WORDS[task.target.kind]
            return Applies(False, f"it needs images with {known}, and these have {given}")
        return Applies(True, "it can be used with every network")

    def defaults(self, task: Task, backbone: Backbone) -> Params:
        """Return the default of each setting."""
        chosen = Chosen(task, backbone, self.trained)
        for name, setting in self.settings.items():
            chosen = replace(chosen, values={**chosen.values, name: setting.default_for(chosen)})
        return chosen.values

    def suggest(self, space: Space, task: Task, backbone: Backbone) -> Params:
        """Return a suggestion for each setting.

        Args:
            space: Source of suggested values.
            task: The target task.
            backbone: The backbone's facts.
        """
        chosen = Chosen(task, backbone, self.trained)
        for name, setting in self.settings.items():
            chosen = replace(chosen, values={**chosen.values, name: setting.suggest(space, name, chosen)})
        return chosen.values

    def cost(self, params: Params, task: Task, backbone: Backbone, machine: Machine) -> Cost:
        """Return the expected cost of one fold.

        It is that of the epochs, or of a head on frozen features.

        Args:
            params: The trial's settings.
            task: The target task.
            backbone: The backbone's facts.
            machine: The machine that runs the trial.
        """
        size = int(params.get("image_size", backbone.input_size))
        if self.trained and "epochs" in params:
            seconds = training_seconds(
                task, backbone, input_size=size, trained=self.trained, epochs=int(params["epochs"])
            )
            return Cost(seconds, 16 * backbone.parameters)
        seconds = probe_seconds(task, backbone, input_size=size)
        return Cost(seconds, 4 * task.train_rows * backbone.features)

    def check(self, params: Params) -> None:
        """Raise TrainingError unless these settings can be used."""
        if params.keys() != self.settings.keys():
            raise TrainingError(
                f"The settings of {self.name} must be {', '.join(self.settings)} (got {', '.join(params)})."
            )
        for name, setting in self.settings.items():
            setting.check(name, params[name])

    @abstractmethod
    def build(self, params: Params, bench: Workbench) -> Learner:
        """Return a learner that is ready to start."""

    def __repr__(self) -> str:
        return f"<strategy {self.name}: {', '.join(f'{name}' for name in self.settings)}>"


def settings_of(declared: Mapping[str, Any]) -> dict[str, Setting]:
    """Return declared settings. Raises TrainingError for a value that declares none."""
    for name, each in declared.items():
        if not hasattr(each, "default_for") or not hasattr(each, "suggest"):
            raise TrainingError(
                f"The setting {name} must be a Float, Int, Choice, Epochs or InputSize (got {each!r})."
            )
    return dict(declared)
