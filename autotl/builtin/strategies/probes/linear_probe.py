"""Train a linear classifier on frozen features."""

from __future__ import annotations

import math
from collections.abc import Generator
from typing import Any

import numpy as np

from autotl import hookimpl
from autotl.api import (
    VERSION,
    Applies,
    Backbone,
    Beat,
    Cost,
    HeadSetting,
    Machine,
    Params,
    Score,
    Space,
    Task,
    Workbench,
)
from autotl.training import PROBE_SETTINGS, head_seconds, probe_seconds

C_VALUES = tuple(float(f"{c:.2g}") for c in np.logspace(-4, 1, 16))
DEFAULT_SETTING = PROBE_SETTINGS[-1]
GRID = tuple(
    HeadSetting(c, standardise, balanced)
    for standardise in (True, False)
    for balanced in (False, True)
    for c in C_VALUES
)
GRID_STEPS = 120
"""Mean optimiser steps of a setting in GRID; a large C takes many more than the default."""
HEADS_PER_SETTING = 6
"""Heads of one setting that are fitted together: one per fold of five, and one for all rows."""
MAX_TIME_SHARE = 0.3
"""Largest fraction of a trial's time for fitting all of GRID at once, or for features at another size."""


class LinearProbe:
    """A linear model of pooled features, stored in the network's classifier.

    It is a multinomial logistic regression of classes, a logistic regression of each label, or a ridge
    regression of numbers.
    """

    name = "linear_probe"
    summary = "freeze the whole backbone, learn a linear classifier on its features"
    reference = "Kornblith et al., Do Better ImageNet Models Transfer Better?, CVPR 2019"
    baseline = False
    api = VERSION
    deterministic = True

    def applies(self, task: Task, backbone: Backbone) -> Applies:
        return Applies(True, f"{backbone.features} frozen features fit any number of images")

    def defaults(self, task: Task, backbone: Backbone) -> Params:
        return {
            "C": DEFAULT_SETTING.c,
            "standardise": DEFAULT_SETTING.standardise,
            "class_weight": "none",
            "image_size": backbone.input_size,
        }

    def suggest(self, space: Space, task: Task, backbone: Backbone) -> Params:
        sizes = [
            size
            for size in backbone.input_sizes
            if size <= backbone.input_size and _is_affordable(task, backbone, size)
        ]
        return {
            "C": space.suggest_categorical("C", C_VALUES),
            "standardise": space.suggest_categorical("standardise", [True, False]),
            "class_weight": space.suggest_categorical("class_weight", _class_weights(task)),
            "image_size": space.suggest_categorical("image_size", sizes),
        }

    def cost(self, params: Params, task: Task, backbone: Backbone, machine: Machine) -> Cost:
        seconds = probe_seconds(task, backbone, input_size=params["image_size"])
        return Cost(seconds, 4 * task.train_rows * backbone.features)

    def build(self, params: Params, workbench: Workbench) -> _ProbeLearner:
        return _ProbeLearner(params, workbench)


class _ProbeLearner:
    def __init__(self, params: Params, workbench: Workbench) -> None:
        self._workbench, self._input_size = workbench, int(params["image_size"])
        self._setting = HeadSetting(
            float(params["C"]), bool(params["standardise"]), params["class_weight"] == "balanced"
        )

    def fit(self) -> Generator[Beat | Score, None, None]:
        settings = self._settings_to_fit()
        heads = self._workbench.linear_heads(settings, input_size=self._input_size)
        weight, bias = heads[settings.index(self._setting)]
        yield self._workbench.score_head(weight, bias, input_size=self._input_size)

    def _settings_to_fit(self) -> tuple[HeadSetting, ...]:
        """Return GRID if it fits into a trial, else few settings."""
        task, backbone = self._workbench.task, self._workbench.backbone
        # without GRID the default is fitted soon; it may be the only trial that the time allows
        in_grid = self._setting in GRID and self._setting != DEFAULT_SETTING
        seconds = HEADS_PER_SETTING * len(GRID) * head_seconds(task, backbone, steps=GRID_STEPS)
        limit = math.inf if task.trial_seconds is None else MAX_TIME_SHARE * task.trial_seconds
        if in_grid and seconds < limit:
            return GRID
        return PROBE_SETTINGS if self._setting in PROBE_SETTINGS else (self._setting,)


def _class_weights(task: Task) -> list[str]:
    """Return the weights to search: numbers have no classes to weight."""
    return ["none"] if task.target.kind == "regression" else ["none", "balanced"]


def _is_affordable(task: Task, backbone: Backbone, input_size: int) -> bool:
    """Return whether the size is recommended or its features cost little."""
    if input_size == backbone.input_size or task.trial_seconds is None:
        return True
    return (
        backbone.pace.seconds(task.train_rows, input_size=input_size) <= MAX_TIME_SHARE * task.trial_seconds
    )


@hookimpl
def autotl_strategies() -> list[Any]:
    return [LinearProbe()]
