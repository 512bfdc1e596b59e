"""Compare the final model's weights with its source, stage by stage."""

from __future__ import annotations

import torch
from safetensors.torch import load_file
from torch import Tensor

from autotl.backbone import layout
from autotl.evaluation import TransferSummary
from autotl.workbench.run_cache import RunCache


def transfer_summary(
    run_cache: RunCache, backbone: str, weights: str, *, from_scratch: bool
) -> TransferSummary:
    """Return the transferred and the frozen stages, and the BatchNorm policy.

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
    if not statistics:
        norm = "the network has none"
    elif all(same[name] for name in statistics):
        norm = "source statistics kept"
    elif any(same[name] for name in statistics):
        norm = "source statistics kept in frozen stages, updated in the others"
    else:
        norm = "statistics updated on the target"
    frozen = tuple(name for name, unchanged in zip(names, kept, strict=True) if unchanged)
    return TransferSummary(tuple(names), frozen, norm, equal / total)


def _equal_values(source: Tensor, ours: Tensor | None) -> int:
    """Return how many values of a tensor are the source's bit for bit."""
    if ours is None or ours.shape != source.shape:
        return 0
    return int((source.cpu() == ours).sum())
