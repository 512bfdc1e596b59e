"""WiSE-FT: interpolate a fine-tuned network with the pretrained one."""

from __future__ import annotations

from collections.abc import Mapping

import torch
from safetensors import safe_open
from torch import Tensor, nn

from autotl.backbone import ends_linear, heads, set_head
from autotl.training import PROBE, PROBE_SETTINGS
from autotl.trials.trial import Trial
from autotl.workbench.run_cache import RunCache
from autotl.workbench.trial_workbench import TrialWorkbench

PRETRAINED_SHARES = (0.5, 0.25, 0.75)
"""Weights of the pretrained network that are tried, in this order: the paper recommends the first."""


STATISTICS = ("running_mean", "running_var")


def can_interpolate(run_cache: RunCache, trial: Trial) -> bool:
    """Return whether interpolating a trial's first network makes sense.

    Its layers were trained, with the source's BatchNorm statistics, and the linear probe's head is at hand.
    Features at another image size would take a pass over all training images.
    """
    name, size = trial.arm.backbone, trial.input_size
    source = run_cache.networks.task(name)
    if (
        trial.baseline
        or not run_cache.backbones[name].weights.pretrained
        or run_cache.cached_features(name, input_size=size) is None
        or not ends_linear(source)
    ):
        return False
    head = head_tensors(source)
    with safe_open(str(trial.model), framework="pt") as file:
        moved = [
            each
            for each, value in source.state_dict().items()
            if each not in head and not torch.equal(file.get_tensor(each), value.cpu())
        ]
    trained = [each for each in moved if not each.endswith("num_batches_tracked")]
    return bool(trained) and not any(each.endswith(STATISTICS) for each in trained)


def probed_network(bench: TrialWorkbench, run_cache: RunCache, input_size: int) -> dict[str, Tensor]:
    """Return the pretrained network's weights with the linear probe's head.

    They are the counterpart of the paper's zero-shot network.

    Args:
        bench: The workbench of the fold that the other network was trained on.
        run_cache: The networks of the run.
        input_size: Image size in pixels of the other network.

    Returns:
        CPU tensors by name.
    """
    weight, bias = bench.linear_heads(PROBE_SETTINGS, input_size=input_size)[PROBE_SETTINGS.index(PROBE)]
    model = set_head(run_cache.networks.new(bench.backbone.name), weight, bias)
    return {name: value.detach().cpu() for name, value in model.state_dict().items()}


def interpolate(
    trained: Mapping[str, Tensor], pretrained: Mapping[str, Tensor], share: float
) -> dict[str, Tensor]:
    """Return the weighted mean of two networks.

    Args:
        trained: Weights of the fine-tuned network.
        pretrained: Weights of the pretrained one.
        share: Weight of the pretrained network, in [0, 1].
    """
    return {
        name: torch.lerp(value, pretrained[name], share) if value.is_floating_point() else value
        for name, value in trained.items()
    }


def head_tensors(model: nn.Module) -> frozenset[str]:
    """Return the names of the classifier's tensors."""
    own = {id(value) for head in heads(model) for value in head.state_dict(keep_vars=True).values()}
    return frozenset(name for name, value in model.state_dict(keep_vars=True).items() if id(value) in own)
