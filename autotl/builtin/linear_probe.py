"""Train a linear classifier on frozen features."""

from __future__ import annotations

from collections.abc import Generator
from typing import Any

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from autotl import hookimpl
from autotl.api import Applies, Backbone, Cost, Epoch, Machine, Params, Rows, Space, Task, Workbench
from autotl.backbone import set_head

ROUNDS, STEPS = 20, 15  # L-BFGS steps between two looks at the clock; far past convergence in all


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
        mean, std = features.train.mean(0), features.train.std(0).clamp(min=1e-6)
        x = Rows((features.train - mean) / std, (features.val - mean) / std)  # (rows, features)
        classes = len(self._bench.task.classes)
        weight = torch.zeros(classes, x.train.shape[1], requires_grad=True)
        bias = torch.zeros(classes, requires_grad=True)
        solver = torch.optim.LBFGS(
            [weight, bias],
            max_iter=STEPS,
            history_size=10,
            tolerance_grad=1e-5,
            line_search_fn="strong_wolfe",
        )
        # scikit-learn's objective over n, so that C means the same here as there
        decay = 0.5 / (self._c * len(x.train))

        def loss() -> Tensor:
            solver.zero_grad()
            value = F.cross_entropy(x.train @ weight.T + bias, labels.train) + decay * weight.square().sum()
            value.backward()  # type: ignore[no-untyped-call]
            return value

        before = float("inf")
        for step in range(1, ROUNDS + 1):
            now = float(solver.step(loss).detach())  # type: ignore[no-untyped-call]
            with torch.no_grad():
                self._head = (weight / std, bias - (weight / std) @ mean)
                logits = x.val @ weight.T + bias
            converged = before - now < 1e-5 * max(abs(now), 1e-3)
            before = now
            done = converged or step == ROUNDS
            yield Epoch(step, self._bench.score(logits) if done else None, step / ROUNDS, logits)
            if done:
                return

    def module(self) -> nn.Module:
        model = self._bench.model()
        if self._head is not None:
            set_head(model, *self._head)
        return model.eval()


@hookimpl
def autotl_strategies() -> list[Any]:
    return [LinearProbe()]
