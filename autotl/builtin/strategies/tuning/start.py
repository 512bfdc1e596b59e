"""The network that a training starts from, and its stages' rates."""

from __future__ import annotations

from typing import TYPE_CHECKING

from autotl.api import HeadSetting, Params, Workbench
from autotl.training import PROBE, PROBE_SETTINGS

if TYPE_CHECKING:
    from torch import nn


def starting_model(params: Params, workbench: Workbench) -> nn.Module:
    """Return the pretrained network, with the probe's head if ``head`` is ``"probe"``."""
    if params["head"] == "probe":
        return probed_model(workbench, PROBE, input_size=params["image_size"])
    return workbench.model()


def probed_model(workbench: Workbench, setting: HeadSetting, *, input_size: int) -> nn.Module:
    """Return the pretrained network with the head of a linear probe.

    Args:
        workbench: Fits the probe.
        setting: Setting of the probe.
        input_size: Image size in pixels.
    """
    from autotl.backbone import set_head  # not needed to list the plugins

    # a setting that others share is fitted together with theirs, once a run
    settings = PROBE_SETTINGS if setting in PROBE_SETTINGS else (setting,)
    heads = workbench.linear_heads(settings, input_size=input_size)
    return set_head(workbench.model(), *heads[settings.index(setting)])


def stage_rates(model: nn.Module, *, lowest: float) -> dict[str, float]:
    """Return factors of the learning rate by the parameter's name.

    They rise from ``lowest`` in the first stage by equal factors to 1 in the head, which has no entry.
    """
    from autotl.backbone import layout  # not needed to list the plugins

    stages = layout(model).parameters
    return {name: lowest ** (1 - index / len(stages)) for index, names in enumerate(stages) for name in names}


def frozen_sentence(workbench: Workbench, depth: int) -> str:
    """Return a sentence on the stages that stay frozen."""
    stages = [stage.name for stage in workbench.backbone.stages]
    if not depth:
        return "No stage was frozen."
    if depth == len(stages):
        return "All stages were frozen: only the head was trained."
    return f"The first {depth} of {len(stages)} stages, up to {stages[depth - 1]}, were frozen."
