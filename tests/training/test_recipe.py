"""Recipes from a trial's settings."""

from __future__ import annotations

from autotl.training import Recipe


def test_a_recipe_takes_the_settings_that_are_named_like_its_fields() -> None:
    params = {"image_size": 64, "epochs": 3, "lr": 0.1, "part": 0.5, "freeze": 2}
    assert Recipe.from_params(params, batch_size=16) == Recipe(
        input_size=64, epochs=3, lr=0.1, part=0.5, batch_size=16
    )
