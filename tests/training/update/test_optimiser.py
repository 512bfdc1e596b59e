"""The optimiser of a training, and its learning rate."""

from __future__ import annotations

from dataclasses import replace

import pytest
import torch
from torch import nn

from autotl.errors import UnknownName
from autotl.training import Recipe
from autotl.training.update.optimiser import learning_rate_factor, make_optimiser

RECIPE = Recipe(input_size=32, epochs=1, lr=0.1, weight_decay=0.5)


@pytest.fixture
def model() -> nn.Module:
    return nn.Sequential(nn.Linear(3, 4), nn.BatchNorm1d(4), nn.Linear(4, 2))


def settings_of(model: nn.Module, optimiser: torch.optim.Optimizer) -> dict[str, tuple[float, float]]:
    """Return rate and weight decay by the parameter's name."""
    names = {id(value): name for name, value in model.named_parameters()}
    return {
        names[id(value)]: (group["lr"], group["weight_decay"])
        for group in optimiser.param_groups
        for value in group["params"]
    }


def test_each_parameter_has_its_rate_and_vectors_do_not_decay(model: nn.Module) -> None:
    found = settings_of(model, make_optimiser(model, RECIPE, rates={"0.weight": 0.5, "1.bias": 2.0}))
    assert found["0.weight"] == (0.05, 0.5)
    assert found["1.bias"] == (0.2, 0.0)
    assert found["2.weight"] == (0.1, 0.5)
    assert found["0.bias"] == (0.1, 0.0)
    assert found.keys() == dict(model.named_parameters()).keys()


def test_named_parameters_do_not_decay(model: nn.Module) -> None:
    found = settings_of(model, make_optimiser(model, RECIPE, rates={}, undecayed={"0.weight"}))
    assert (found["0.weight"][1], found["2.weight"][1]) == (0.0, 0.5)


def test_parameters_without_gradient_are_left_out(model: nn.Module) -> None:
    model[0].weight.requires_grad_(False)
    assert "0.weight" not in settings_of(model, make_optimiser(model, RECIPE, rates={}))


def test_sgd_has_momentum(model: nn.Module) -> None:
    optimiser = make_optimiser(model, replace(RECIPE, optimiser="sgd"), rates={})
    assert isinstance(optimiser, torch.optim.SGD)
    assert {group["momentum"] for group in optimiser.param_groups} == {0.9}


def test_unknown_names_are_refused(model: nn.Module) -> None:
    with pytest.raises(UnknownName, match="sgdd"):
        make_optimiser(model, replace(RECIPE, optimiser="sgdd"), rates={})
    with pytest.raises(UnknownName, match="stairs"):
        learning_rate_factor(0, 10, replace(RECIPE, schedule="stairs"))


def test_the_rate_rises_and_then_falls_along_a_cosine() -> None:
    factors = [learning_rate_factor(step, 100, RECIPE) for step in range(100)]
    assert factors[:10] == sorted(factors[:10])
    assert factors[10] == 1
    assert factors[10:] == sorted(factors[10:], reverse=True)
    assert factors[55] == pytest.approx(0.5)
    assert factors[-1] < 0.01


def test_the_rate_falls_in_steps_at_30_60_and_90_percent() -> None:
    recipe = replace(RECIPE, schedule="steps", warmup=0.2)
    factors = [learning_rate_factor(step, 100, recipe) for step in (0, 20, 29, 30, 59, 60, 89, 90, 99)]
    assert factors == pytest.approx([1 / 21, 1, 1, 0.1, 0.1, 0.01, 0.01, 0.001, 0.001])


def test_the_rate_falls_where_the_recipe_says() -> None:
    recipe = replace(RECIPE, schedule="steps", warmup=0.2, drops=(0.5,))
    assert [learning_rate_factor(step, 100, recipe) for step in (49, 50, 99)] == pytest.approx([1, 0.1, 0.1])
