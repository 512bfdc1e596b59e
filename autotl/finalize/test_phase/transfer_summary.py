"""Compare the final model's weights with its source, stage by stage."""

from __future__ import annotations

from collections.abc import Collection, Mapping

import torch
from safetensors.torch import load_file
from torch import Tensor

from autotl.backbone import layout
from autotl.evaluation import StageChange, TransferSummary
from autotl.workbench.run_cache import RunCache


def transfer_summary(
    run_cache: RunCache, backbone: str, weights: str, *, from_scratch: bool
) -> TransferSummary:
    """Return the stages, their changes, and the BatchNorm policy.

    Args:
        run_cache: The networks of the run.
        backbone: The name of the backbone.
        weights: The weights file of the final model.
        from_scratch: Whether the network was trained from random weights.
    """
    model = run_cache.networks.source(backbone)
    source, ours = model.state_dict(), load_file(weights)
    found = layout(model)
    names = [stage.name for stage in found.stages]
    same = {name: name in ours and torch.equal(value.cpu(), ours[name]) for name, value in source.items()}
    statistics = [name for name in source if name.endswith(("running_mean", "running_var"))]
    # a frozen stage keeps its BatchNorm statistics too; the number of batches has no effect
    statistics_of = [
        {key for key in statistics if key.rpartition(".")[0] in modules} for modules in found.modules
    ]
    kept = [
        all(same[key] for key in (*weights_of, *own))
        for weights_of, own in zip(found.parameters, statistics_of, strict=True)
    ]
    if from_scratch:
        return TransferSummary((), (), "learned from scratch" if statistics else "the network has none")
    parameters = {key for key, _ in model.named_parameters()}
    total = sum(source[key].numel() for key in parameters)
    equal = sum(_equal_values(source[key], ours.get(key)) for key in parameters)
    frozen = tuple(name for name, unchanged in zip(names, kept, strict=True) if unchanged)
    in_stages = frozenset[str]().union(*found.parameters)
    buffers = source.keys() - parameters
    return TransferSummary(
        tuple(names),
        frozen,
        _norm_policy(same, statistics),
        equal / total,
        tuple(_change(name, source, ours, own) for name, own in zip(names, found.parameters, strict=True)),
        sum(value.numel() for key, value in ours.items() if key not in in_stages and key not in buffers),
    )


def _norm_policy(same: Mapping[str, bool], statistics: Collection[str]) -> str:
    """Return the treatment of the BatchNorm statistics, in words."""
    if not statistics:
        return "the network has none"
    if all(same[name] for name in statistics):
        return "source statistics kept"
    if any(same[name] for name in statistics):
        return "source statistics kept in frozen stages, updated in the others"
    return "statistics updated on the target"


def _change(
    stage: str, source: Mapping[str, Tensor], ours: Mapping[str, Tensor], keys: Collection[str]
) -> StageChange:
    """Return how far the weights of a stage moved, without weights of another shape."""
    moved = norm = 0.0
    for key in keys:
        before, after = source[key].cpu().double(), ours.get(key)
        if after is not None and after.shape == before.shape:
            moved += float((after.double() - before).square().sum())
            norm += float(before.square().sum())
    return StageChange(
        stage, sum(source[key].numel() for key in keys), (moved / norm) ** 0.5 if norm else None
    )


def _equal_values(source: Tensor, ours: Tensor | None) -> int:
    """Return how many values of a tensor are the source's bit for bit."""
    if ours is None or ours.shape != source.shape:
        return 0
    return int((source.cpu() == ours).sum())
