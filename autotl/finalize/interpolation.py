"""WiSE-FT: interpolate a fine-tuned network with the pretrained one."""

from __future__ import annotations

from collections.abc import Mapping

import torch
from torch import Tensor, nn

from autotl.api import Task
from autotl.backbone import ends_linear, heads, set_head
from autotl.training import PROBE, PROBE_SETTINGS, head_seconds
from autotl.workbench.run_cache import RunCache
from autotl.workbench.trial_workbench import TrialWorkbench

PRETRAINED_SHARE = 0.5
"""Weight of the pretrained network, as the paper recommends.

The best of several weights would be chosen and judged on the same images.
"""
STATISTICS = ("running_mean", "running_var")


def has_source(run_cache: RunCache, backbone: str, input_size: int) -> bool:
    """Return whether a pretrained network with the probe's head is available.

    Features at another image size would take a pass over all training images.

    Args:
        run_cache: The networks and features of the run.
        backbone: The network.
        input_size: Image size in pixels.
    """
    return (
        run_cache.backbones[backbone].weights.pretrained
        and run_cache.cached_features(backbone, input_size=input_size) is not None
        and ends_linear(run_cache.networks.task(backbone))
    )


def is_tuned(run_cache: RunCache, backbone: str, state: Mapping[str, Tensor]) -> bool:
    """Return whether layers were trained, with the source's BatchNorm statistics.

    Args:
        run_cache: The networks of the run.
        backbone: The network that the training started from.
        state: The trained network's tensors.
    """
    source = run_cache.networks.task(backbone)
    head = head_tensors(source)
    moved = [
        name
        for name, value in source.state_dict().items()
        if name not in head and not torch.equal(state[name], value.cpu())
    ]
    trained = [name for name in moved if not name.endswith("num_batches_tracked")]
    return bool(trained) and not any(name.endswith(STATISTICS) for name in trained)


def probe_seconds(run_cache: RunCache, task: Task, backbone: str, input_size: int) -> float:
    """Return the expected seconds of the linear probe's fit.

    Args:
        run_cache: The networks and heads of the run.
        task: Gives the number of training images and classes.
        backbone: The network.
        input_size: Image size in pixels.

    Returns:
        0 if the head is cached.
    """
    if run_cache.store.find(run_cache.heads_key(backbone, PROBE_SETTINGS, input_size)) is not None:
        return 0.0
    heads_at_once = len(run_cache.splits.first) + 1
    return heads_at_once * head_seconds(task, run_cache.backbones[backbone])


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
