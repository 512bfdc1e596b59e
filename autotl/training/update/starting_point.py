"""Pull weights towards the values that they started from."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass

import torch
from torch import Tensor, nn


@dataclass(frozen=True, slots=True)
class StartingPoint:
    """Weights that a training stays near (Li et al., L2-SP, ICML 2018).

    Each step moves a weight by ``strength`` times its learning rate towards its starting value. This is
    AdamW's decoupled weight decay with another centre: Adam would rescale a penalty in the loss (Loshchilov
    & Hutter, ICLR 2019). These weights have no other decay.

    ``weights`` are the starting values by the parameter's name.
    """

    weights: Mapping[str, Tensor]
    strength: float

    @classmethod
    def of(cls, model: nn.Module, names: Collection[str], *, strength: float) -> StartingPoint:
        """Return the present values of a model's parameters as the starting point.

        Args:
            model: The network.
            names: Names of the parameters.
            strength: Strength of the penalty, 0 or more.
        """
        own = dict(model.named_parameters())
        return cls({name: own[name].detach().clone() for name in sorted(names)}, strength)


class Pull:
    """Pulls the trained parameters of an optimiser towards a starting point."""

    def __init__(self, model: nn.Module, optimiser: torch.optim.Optimizer, start: StartingPoint) -> None:
        self._optimiser, self._strength = optimiser, start.strength
        names = {id(value): name for name, value in model.named_parameters()}
        self._values: list[list[Tensor]] = []
        self._centres: list[list[Tensor]] = []
        for group in optimiser.param_groups:
            values = [value for value in group["params"] if names[id(value)] in start.weights]
            self._values.append(values)
            self._centres.append([start.weights[names[id(value)]].to(value.device) for value in values])

    @torch.no_grad()
    def __call__(self) -> None:
        """Move the weights by the rates of the step that was just taken."""
        # read anew at each step: a resumed optimiser has other groups
        for group, values, centres in zip(
            self._optimiser.param_groups, self._values, self._centres, strict=True
        ):
            if values:
                torch._foreach_lerp_(values, centres, min(1.0, self._strength * group["lr"]))
