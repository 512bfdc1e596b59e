"""Freeze the leading stages of a model, BatchNorm statistics and dropout included."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from torch import nn
from torch.nn.modules.batchnorm import _BatchNorm

from autotl.backbone.stages import layout

Norm = Literal["frozen", "batch"]


@dataclass(frozen=True, slots=True)
class Frozen:
    """What was frozen: names of parameters, and of modules that are kept in eval mode.

    Calling it puts a model in training mode, what is frozen excepted: ``train_mode = freeze(model, 2,
    norm="batch")``.

    The model stays a stock one: no module is swapped, no key of its state renamed.
    """

    parameters: frozenset[str]
    modules: frozenset[str]

    def __call__(self, model: nn.Module) -> None:
        """Put ``model`` in training mode, what is frozen excepted. Due at the start of every epoch."""
        model.train()
        for name, module in model.named_modules():
            if name in self.modules:
                module.training = False  # this module alone: .eval() would take its children along


def freeze(model: nn.Module, through: int, *, norm: Norm) -> Frozen:
    """Freeze the first ``through`` stages of ``model`` (0: nothing; all: everything but the classifier).

    Frozen layers take no gradient, keep their BatchNorm statistics, and drop nothing. ``norm="frozen"`` keeps
    every BatchNorm's statistics, those of trained stages too; ``"batch"`` lets trained stages use and update
    theirs.
    """
    found = layout(model)
    if not 0 <= through <= len(found.stages):
        raise ValueError(f"through is {through}, but the model has {len(found.stages)} stages.")
    parameters = frozenset[str]().union(*found.parameters[:through])
    modules = frozenset[str]().union(*found.modules[:through])
    if norm == "frozen":
        modules |= {name for name, module in model.named_modules() if isinstance(module, _BatchNorm)}
    for name, parameter in model.named_parameters():
        parameter.requires_grad_(name not in parameters)
    frozen = Frozen(parameters, modules)
    frozen(model)
    return frozen
