"""Train a linear classifier on frozen features."""

from __future__ import annotations

from collections.abc import Generator
from typing import Any

from torch import Tensor, nn

from autotl import hookimpl
from autotl.api import Applies, Backbone, Cost, Epoch, Machine, Params, Space, Task, Workbench
from autotl.backbone import set_head
from autotl.train import logistic_regression


class LinearProbe:
    """Standardised features, multinomial logistic regression, folded into the network's own classifier."""

    name = "linear_probe"
    summary = "freeze the whole backbone, learn a linear classifier on its features"
    reference = "Kornblith et al., Do Better ImageNet Models Transfer Better?, CVPR 2019"
    baseline = False

    def applies(self, task: Task, backbone: Backbone) -> Applies:
        return Applies(True, f"{backbone.features} frozen features fit any number of images")

    def defaults(self, task: Task, backbone: Backbone) -> Params:
        return {"C": 0.01, "image_size": backbone.side}

    def suggest(self, space: Space, task: Task, backbone: Backbone) -> Params:
        sides = [side for side in backbone.sides if side <= backbone.side]
        return {
            "C": space.suggest_float("C", 1e-4, 10.0, log=True),
            "image_size": space.suggest_categorical("image_size", sides),
        }

    def cost(self, params: Params, task: Task, backbone: Backbone, machine: Machine) -> Cost:
        solve = task.train_rows * backbone.features * len(task.classes) * 1e-8
        look = backbone.pace.seconds(task.train_rows, side=params["image_size"]) / 5  # shared by five folds
        return Cost(look + solve, 4 * task.train_rows * backbone.features)

    def build(self, params: Params, bench: Workbench) -> _Probe:
        return _Probe(params, bench)


class _Probe:
    def __init__(self, params: Params, bench: Workbench) -> None:
        self._bench, self._c, self._side = bench, float(params["C"]), int(params["image_size"])
        self._head: tuple[Tensor, Tensor] | None = None

    @property
    def side(self) -> int:
        return self._side

    def fit(self) -> Generator[Epoch, None, None]:
        features, labels = self._bench.features(side=self._side), self._bench.labels()
        classes = len(self._bench.task.classes)
        solver = logistic_regression(features.train, labels.train, classes=classes, c=self._c)
        for step, (weight, bias, final) in enumerate(solver, start=1):
            self._head = weight, bias
            logits = features.val @ weight.T + bias  # (rows, classes)
            score = self._bench.score(logits) if final else None
            yield Epoch(step, score, 1.0 if final else step / (step + 3), logits)

    def module(self) -> nn.Module:
        model = self._bench.model()
        if self._head is not None:
            set_head(model, *self._head)
        return model.eval()


@hookimpl
def autotl_strategies() -> list[Any]:
    return [LinearProbe()]
