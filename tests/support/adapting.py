"""Images of another place, and adaptations to it whose effect is planted.

The images of the place have a patch. Its colour is the class, which no model has learned. The planted
strategies read it, so that they know the labels that they do not get.
"""

from __future__ import annotations

from collections.abc import Callable, Generator
from dataclasses import dataclass
from typing import Any

import numpy as np
import pytest
import torch
from numpy.typing import NDArray
from sklearn.linear_model import LogisticRegression

from autotl import plugins
from autotl.api import (
    DEPLOY,
    VERSION,
    Applies,
    Backbone,
    Cost,
    Machine,
    Params,
    Score,
    Space,
    Task,
    Workbench,
    adapts,
)
from autotl.testing import tiny_images

CLASSES = 3
PATCH, INSIDE = 12, 5
"""The side of the patch in an image of 24 pixels, and a pixel inside it at 32 pixels."""


def source(each: int = 20) -> tuple[NDArray[np.uint8], list[str]]:
    """Return the labelled images."""
    return tiny_images(classes=CLASSES, each=each, noise=0.3)


def place(each: int = 20, seed: int = 9, noise: float = 0.3) -> tuple[NDArray[np.uint8], list[str]]:
    """Return images of another place, with their classes.

    Args:
        each: The number of images of each class.
        seed: The seed.
        noise: The standard deviation of the noise. With 3, only the patch tells the class.
    """
    images, names = tiny_images(classes=CLASSES, each=each, noise=noise, seed=seed)
    order = sorted(set(names))
    for image, name in zip(images, names, strict=True):
        image[:PATCH, :PATCH] = 0
        image[:PATCH, :PATCH, order.index(name)] = 255
    return images, names


def class_by_patch(inputs: Any) -> torch.Tensor:
    """Return the class of each image of the place, by the colour of its patch."""
    return torch.as_tensor(inputs[: len(inputs)])[:, :, INSIDE, INSIDE].long().argmax(1)


@dataclass
class Planted:
    """An adaptation that helps, destroys the model, or swaps the classes at the place of use."""

    name: str = "helps"
    seconds: float = 0.1
    summary: str = "planted"
    reference: str = "none"
    baseline: bool = False
    api: int = VERSION
    additional: tuple[str, ...] = (DEPLOY,)
    counterpart: str = "linear_probe"
    oracle: Callable[[Any], torch.Tensor] = class_by_patch

    def applies(self, task: Task, backbone: Backbone) -> Applies:
        return Applies(DEPLOY in task.additional, "no images of the place of use were given: --deploy")

    def defaults(self, task: Task, backbone: Backbone) -> Params:
        return {"image_size": backbone.input_size}

    def suggest(self, space: Space, task: Task, backbone: Backbone) -> Params:
        raise AssertionError("adaptations are not searched")

    def cost(self, params: Params, task: Task, backbone: Backbone, machine: Machine) -> Cost:
        return Cost(self.seconds)

    def build(self, params: Params, bench: Workbench) -> _Learner:
        return _Learner(self, params["image_size"], bench)


class _Learner:
    def __init__(self, planted: Planted, size: int, bench: Workbench) -> None:
        self.effect, self.oracle = planted.name, planted.oracle
        self.size, self.bench = size, bench

    def fit(self) -> Generator[Score, None, None]:
        bench, size = self.bench, self.size
        rows = bench.additional(DEPLOY)
        assert rows.targets() is None
        assert bench.task.additional[DEPLOY].classes == ()
        if self.effect == "fails":
            raise ValueError("planted")
        if self.effect == "destroys":
            weight = torch.zeros(CLASSES, bench.backbone.features)
            yield bench.score_head(weight, torch.tensor([9.0, 0.0, 0.0]), input_size=size)
            return
        classes = self.oracle(rows.inputs(input_size=size))
        if self.effect == "swaps":
            classes = (classes + 1) % CLASSES
        features = torch.cat([bench.features(input_size=size).train, rows.features(input_size=size)])
        scale = features.std(0) + 1e-6
        head = LogisticRegression(C=10.0, max_iter=2000)
        head.fit((features / scale).numpy(), torch.cat([bench.targets().train, classes]).numpy())
        weight = torch.from_numpy(head.coef_).float() / scale
        yield bench.score_head(weight, torch.from_numpy(head.intercept_).float(), input_size=size)


def install(
    patch: pytest.MonkeyPatch,
    *names: str,
    seconds: float = 0.1,
    oracle: Callable[[Any], torch.Tensor] = class_by_patch,
) -> None:
    """Install planted adaptations for the runs of a test."""
    real = plugins.load

    def load(found: object = None, *, without: Any = ()) -> plugins.Catalog:
        catalog = real(without=without)
        for name in names:
            catalog.strategies.add(
                Planted(name, seconds, oracle=oracle), plugins.Origin(name, "planted", "1.0")
            )
        return catalog

    patch.setattr(plugins, "load", load)


def uninstall_adaptations(patch: pytest.MonkeyPatch) -> None:
    """Load no strategy that adapts, even if one is installed."""
    real = plugins.load

    def load(found: object = None, *, without: Any = ()) -> plugins.Catalog:
        catalog = real(without=without)
        for name in [name for name, each in catalog.strategies.items.items() if adapts(each)]:
            del catalog.strategies.items[name]
        return catalog

    patch.setattr(plugins, "load", load)
