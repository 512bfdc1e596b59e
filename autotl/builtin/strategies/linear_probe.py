"""Train a linear classifier on frozen features."""

from __future__ import annotations

import math
from collections.abc import Generator
from typing import TYPE_CHECKING, Any

import numpy as np

from autotl import hookimpl
from autotl.api import Applies, Backbone, Cost, Epoch, HeadSetting, Machine, Params, Space, Task, Workbench
from autotl.training import PROBE_SETTINGS, head_seconds

if TYPE_CHECKING:
    from torch import Tensor, nn

CS = tuple(float(f"{c:.2g}") for c in np.logspace(-4, 1, 16))
DEFAULT = PROBE_SETTINGS[-1]
GRID = tuple(
    HeadSetting(c, standardise, balanced)
    for standardise in (True, False)
    for balanced in (False, True)
    for c in CS
)
GRID_STEPS = 120
"""What settings take to fit on average: where C is large many more than the default."""
AT_ONCE = 6
"""Heads of one setting that are fitted together: one for each of five folds, and one for all rows."""
SHARE = 0.3
"""Of a trial's time: where all settings at once take more, each is fitted when it is tried, and an image size
is not tried at which a look at the images takes more.
"""


class LinearProbe:
    """Multinomial logistic regression on pooled features, folded into the network's own classifier."""

    name = "linear_probe"
    summary = "freeze the whole backbone, learn a linear classifier on its features"
    reference = "Kornblith et al., Do Better ImageNet Models Transfer Better?, CVPR 2019"
    baseline = False

    def applies(self, task: Task, backbone: Backbone) -> Applies:
        return Applies(True, f"{backbone.features} frozen features fit any number of images")

    def defaults(self, task: Task, backbone: Backbone) -> Params:
        return {
            "C": DEFAULT.c,
            "standardise": DEFAULT.standardise,
            "class_weight": "none",
            "image_size": backbone.side,
        }

    def suggest(self, space: Space, task: Task, backbone: Backbone) -> Params:
        sides = [
            side for side in backbone.sides if side <= backbone.side and _affordable(task, backbone, side)
        ]
        return {
            "C": space.suggest_categorical("C", CS),
            "standardise": space.suggest_categorical("standardise", [True, False]),
            "class_weight": space.suggest_categorical("class_weight", ["none", "balanced"]),
            "image_size": space.suggest_categorical("image_size", sides),
        }

    def cost(self, params: Params, task: Task, backbone: Backbone, machine: Machine) -> Cost:
        side = params["image_size"]
        once = 0.0 if backbone.has_seen(side) else backbone.pace.seconds(task.train_rows, side=side)
        look = once / 5  # shared by five folds
        return Cost(look + head_seconds(task, backbone), 4 * task.train_rows * backbone.features)

    def build(self, params: Params, bench: Workbench) -> _Probe:
        return _Probe(params, bench)


class _Probe:
    def __init__(self, params: Params, bench: Workbench) -> None:
        self._bench, self._side = bench, int(params["image_size"])
        self._setting = HeadSetting(
            float(params["C"]), bool(params["standardise"]), params["class_weight"] == "balanced"
        )
        self._head: tuple[Tensor, Tensor] | None = None

    @property
    def side(self) -> int:
        return self._side

    def fit(self) -> Generator[Epoch, None, None]:
        bench = self._bench
        # The default is fitted apart: it is due soon, and may be all there is time for.
        searched = self._setting in GRID and self._setting != DEFAULT
        whole = AT_ONCE * len(GRID) * head_seconds(bench.task, bench.backbone, steps=GRID_STEPS)
        room = math.inf if bench.task.trial_seconds is None else SHARE * bench.task.trial_seconds
        several = searched and whole < room
        known = PROBE_SETTINGS if self._setting in PROBE_SETTINGS else (self._setting,)
        settings = GRID if several else known
        self._head = weight, bias = bench.heads(settings, side=self._side)[settings.index(self._setting)]
        logits = bench.features(side=self._side).val @ weight.T + bias  # (rows, classes)
        yield Epoch(1, bench.score(logits), 1.0, logits)

    def module(self) -> nn.Module:
        from autotl.backbone import set_head

        model = self._bench.model()
        if self._head is not None:
            set_head(model, *self._head)
        return model.eval()


def _affordable(task: Task, backbone: Backbone, side: int) -> bool:
    """Whether it is the recommended size, or a pass for features takes little of a trial's time."""
    if side == backbone.side or task.trial_seconds is None:
        return True
    return backbone.pace.seconds(task.train_rows, side=side) <= SHARE * task.trial_seconds


@hookimpl
def autotl_strategies() -> list[Any]:
    return [LinearProbe()]
