"""The shipped model, as plain numbers in a JSON file."""

from __future__ import annotations

from functools import cache
from importlib import resources
from typing import Any

import numpy as np

from autotl import jsonio
from autotl.forecast.model import Group, Model
from autotl.forecast.regression import Regression

FILE = "table.json"


@cache
def shipped_model() -> Model:
    """Return the model that was fitted to the recorded benchmark results."""
    text = resources.files("autotl.forecast").joinpath(FILE).read_text(encoding="utf-8")
    return from_document(jsonio.parse(text))


def from_document(document: Any) -> Model:
    """Return a model from the result of :func:`to_document`."""
    groups = {}
    for name, each in document["groups"].items():
        mean = np.array([found["estimate"] for found in each["coefficients"].values()])
        regression = Regression(mean, np.array(each["precision"]), each["shape"], each["rate"])
        groups[name] = Group(tuple(each["strategies"]), regression)
    standards = {name: (each["mean"], each["sd"]) for name, each in document["features"].items()}
    return Model(standards, groups)


def to_document(model: Model) -> dict[str, Any]:
    """Return a model as JSON data: each coefficient with its standard deviation."""
    return {
        "features": {name: {"mean": mean, "sd": sd} for name, (mean, sd) in model.standards.items()},
        "groups": {name: _group(model, group) for name, group in model.groups.items()},
    }


def _group(model: Model, group: Group) -> dict[str, Any]:
    found = group.regression
    names = ["mean", *model.standards, *(f"effect of {name}" for name in group.strategies)]
    spreads = found.deviations()
    return {
        "strategies": list(group.strategies),
        "coefficients": {
            name: {"estimate": float(mean), "sd": float(sd)}
            for name, mean, sd in zip(names, found.mean, spreads, strict=True)
        },
        "precision": found.precision.tolist(),
        "shape": found.shape,
        "rate": found.rate,
    }
