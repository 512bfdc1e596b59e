"""The optimiser of a training, and its learning rate."""

from __future__ import annotations

import math
from collections.abc import Container, Mapping
from typing import Any

import torch
from torch import nn

from autotl.errors import UnknownName
from autotl.importing.optimisers import uncompiled
from autotl.training.recipe import Recipe
from autotl.training.update.layer_decay import layer_groups

OPTIMISERS = ("adamw", "sgd")
SCHEDULES = ("cosine", "steps")
MOMENTUM = 0.9
"""Momentum of SGD."""


def make_optimiser(
    model: nn.Module, recipe: Recipe, *, rates: Mapping[str, float], undecayed: Container[str] = ()
) -> torch.optim.Optimizer:
    """Return the optimiser of the parameters that require gradients.

    Args:
        model: The network.
        recipe: The settings.
        rates: Factors of the learning rate by the parameter's name; 1 for the others.
        undecayed: Names of parameters without weight decay.

    Raises:
        UnknownName: OPTIMISERS has no such name.
    """
    if recipe.optimiser not in OPTIMISERS:
        raise UnknownName("optimiser", recipe.optimiser, OPTIMISERS)
    groups: dict[tuple[int, float, bool], dict[str, Any]] = {}
    for number, group in enumerate(layer_groups(model, recipe.layer_decay)):
        for name, value in group.parameters:
            rate, decays = rates.get(name, 1.0), group.decays and name not in undecayed
            settings = {
                "params": [],
                "lr": recipe.lr * group.rate * rate,
                "weight_decay": recipe.weight_decay if decays else 0.0,
            }
            groups.setdefault((number, rate, decays), settings)["params"].append(value)
    if recipe.optimiser == "sgd":
        return uncompiled(torch.optim.SGD)([*groups.values()], lr=recipe.lr, momentum=MOMENTUM, fused=True)
    return uncompiled(torch.optim.AdamW)([*groups.values()], lr=recipe.lr, fused=True)


def learning_rate_factor(step: int, total: int, recipe: Recipe) -> float:
    """Return the factor of the learning rate: linear warm-up, then decay.

    Args:
        step: Number of completed steps.
        total: Number of all steps.
        recipe: Gives the warm-up and the schedule.

    Raises:
        UnknownName: SCHEDULES has no such name.
    """
    if recipe.schedule not in SCHEDULES:
        raise UnknownName("schedule", recipe.schedule, SCHEDULES)
    rise = max(1, round(total * recipe.warmup))
    if step < rise:
        return (step + 1) / (rise + 1)
    if recipe.schedule == "steps":
        return float(0.1 ** sum(step >= share * total for share in recipe.drops))
    return 0.5 * (1 + math.cos(math.pi * (step - rise) / max(1, total - rise)))
