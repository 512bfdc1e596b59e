"""Freeze the first stages of a model, including BatchNorm statistics and dropout."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from torch import nn
from torch.nn.modules.batchnorm import _BatchNorm

from autotl.backbone.stages import layout

Norm = Literal["frozen", "batch"]


@dataclass(frozen=True, slots=True)
class Frozen:
    """The frozen parts of a model.

    Calling it puts the other parts in training mode.

    >>> train_mode = freeze(model, 2, norm="batch")
    >>> train_mode(model)

    The model remains a stock model: no module is replaced, and no key of its state is renamed.

    Attributes:
        parameters: The names of frozen parameters.
        modules: The names of modules that stay in evaluation mode.
    """

    parameters: frozenset[str]
    modules: frozenset[str]

    def __call__(self, model: nn.Module) -> None:
        """Put ``model`` in training mode, except for frozen modules.

        Call it at the start of each epoch.
        """
        model.train()
        for name, module in model.named_modules():
            if name in self.modules:
                module.training = False  # .eval() would also change the submodules


def freeze(model: nn.Module, through: int, *, norm: Norm) -> Frozen:
    """Freeze the first stages of a model.

    Frozen layers get no gradient, keep their BatchNorm statistics, and use no dropout.

    Args:
        model: The model.
        through: The number of stages to freeze, from 0 to all; the classifier is never frozen.
        norm: ``"frozen"`` keeps the statistics of every BatchNorm; ``"batch"`` lets trained stages use and
            update theirs.

    Raises:
        ValueError: ``through`` is out of range.
    """
    found = layout(model)
    if not 0 <= through <= len(found.stages):
        raise ValueError(
            f"through must be in 0 to {len(found.stages)}, the stages of the model (got {through})."
        )
    parameters = frozenset[str]().union(*found.parameters[:through])
    modules = frozenset[str]().union(*found.modules[:through])
    if norm == "frozen":
        modules |= {name for name, module in model.named_modules() if isinstance(module, _BatchNorm)}
    for name, parameter in model.named_parameters():
        parameter.requires_grad_(name not in parameters)
    frozen = Frozen(parameters, modules)
    frozen(model)
    return frozen
