"""Divide any timm model into stages."""

from __future__ import annotations

import copy
import math
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass
from typing import Any

from torch import nn

from autotl.api import Stage
from autotl.backbone.forward_pass import ForwardPass, Runs, native_size, record_forward_pass
from autotl.backbone.head import heads

MAX_STAGES = 8  # more blocks of a plain stack are grouped
GROUPED_STAGES = 4
MAX_PARAMETERS_RUN = 100_000_000
"""Parameters up to which a forward pass is cheaper than a copy on torch's meta device.

The meta device computes nothing, but it imports torch's compiler and SymPy, which takes longer than torch.
"""
CACHE_SIZE = 16
_cache: dict[int, Layout] = {}  # tracing takes a quarter of a second, and every trial freezes a model


@dataclass(frozen=True, slots=True)
class Layout:
    """The stages of a model and their content.

    Attributes:
        stages: The stages, in the order of the forward pass.
        parameters: The names of the parameters of each stage. Together they are all but the classifier's.
        modules: The names of the modules of each stage. A module that spans stages is in the last of them.
        order: The names of all modules in the order in which they start.
        features: The width of the pooled features.
        flops: The floating-point operations for one image at the native size.
    """

    stages: tuple[Stage, ...]
    parameters: tuple[frozenset[str], ...]
    modules: tuple[frozenset[str], ...]
    order: tuple[str, ...]
    features: int
    flops: int


@dataclass(frozen=True, slots=True)
class _StageEnd:
    """The module that ends a stage, with its output channels and reduction (0 if unknown)."""

    module: str
    channels: int = 0
    reduction: int = 0


def layout(model: nn.Module) -> Layout:
    """Divide a model into stages by one forward pass.

    A large model is copied to torch's meta device first. Stages end at the modules in timm's
    ``feature_info``, at the numbered blocks beside them, and at a last convolution or projection. Parameters
    before the first end belong to the first stage. Parameters after the last end, such as a final norm,
    belong to the last stage.
    """
    key = _structure_hash(model)
    if key not in _cache:
        if len(_cache) >= CACHE_SIZE:
            _cache.pop(next(iter(_cache)))
        _cache[key] = _divide(model)
    return _cache[key]


def stages_of(model: nn.Module) -> tuple[Stage, ...]:
    """Return the stages of a model, in order."""
    return layout(model).stages


def parameters_up_to(model: nn.Module, stage_index: int) -> frozenset[str]:
    """Return the parameters up to the end of a stage.

    The index -1 gives none. The classifier's parameters are left out.
    """
    return frozenset[str]().union(*layout(model).parameters[: stage_index + 1])


def _structure_hash(model: nn.Module) -> int:
    """Return a hash of a model's structure, without its weights."""
    modules = tuple((name, type(module)) for name, module in model.named_modules())
    return hash((native_size(model), modules, tuple((n, p.shape) for n, p in model.named_parameters())))


def _divide(model: nn.Module) -> Layout:
    input_size = native_size(model)
    recorded = _record(model, input_size)
    runs, flops = recorded.runs, recorded.flops
    ends = _stage_ends(model, runs)
    stages = []
    for i, end in enumerate(ends):
        run = runs[end.module]
        share = run.flops / flops if flops and i < len(ends) - 1 else 1.0
        channels, reduction = _channels_and_reduction(run.shape, input_size)
        stages.append(
            Stage(end.module, end.module, end.channels or channels, end.reduction or reduction, share)
        )
    parameters, modules = _assign_to_stages(model, runs, [runs[end.module].first_end for end in ends])
    return Layout(
        stages=tuple(stages),
        parameters=tuple(map(frozenset, parameters)),
        modules=tuple(map(frozenset, modules)),
        order=tuple(sorted(runs, key=lambda name: runs[name].start)),
        features=recorded.features,
        flops=flops,
    )


def _record(model: nn.Module, input_size: int) -> ForwardPass:
    """Record a forward pass; a large model runs on the meta device."""
    if sum(parameter.numel() for parameter in model.parameters()) > MAX_PARAMETERS_RUN:
        with suppress(NotImplementedError, RuntimeError):  # an operation that needs real numbers
            return record_forward_pass(copy.deepcopy(model).to("meta"), input_size)
    return record_forward_pass(model, input_size)


def _assign_to_stages(
    model: nn.Module, runs: Runs, end_ticks: Sequence[int]
) -> tuple[list[set[str]], list[set[str]]]:
    """Return the parameters and the modules of each stage.

    Args:
        model: The model.
        runs: The calls of each module.
        end_ticks: The tick at which each stage ends.
    """

    def stage_at(tick: int) -> int:
        return next((i for i, end in enumerate(end_ticks) if tick <= end), len(end_ticks) - 1)

    in_head = _ids_in_head(model)
    parameters: list[set[str]] = [set() for _ in end_ticks]
    modules: list[set[str]] = [set() for _ in end_ticks]
    assigned: set[int] = set()
    stage = 0
    for name, module in model.named_modules():
        if id(module) in in_head:
            continue
        run = runs.get(name)
        # A module that is used without a call belongs to the stage of the module defined before it.
        stage = stage_at(run.start) if run else stage
        for own_name, parameter in module.named_parameters(recurse=False):
            if id(parameter) not in assigned:
                assigned.add(id(parameter))
                parameters[stage].add(f"{name}.{own_name}" if name else own_name)
        if name:
            is_container = any(True for _ in module.children())
            modules[stage_at(run.last_end) if run and is_container else stage].add(name)
    return parameters, modules


def _stage_ends(model: nn.Module, runs: Runs) -> list[_StageEnd]:
    """Return the modules that end the stages."""
    stock: Any = model
    stated = [
        _StageEnd(info["module"], info["num_chs"], info["reduction"])
        for info in getattr(model, "feature_info", None) or ()
    ]
    ends = [end for end in stated if end.module in runs]
    if len(ends) < 2:
        ends = [_StageEnd(name) for name in _top_level_blocks(model, runs)]
    names = {end.module for end in ends}
    ends += [_StageEnd(name) for name in _sibling_blocks(stock, names, runs) if name not in names]
    ends = _with_own_parameters(model, runs, sorted(ends, key=lambda end: runs[end.module].first_end))
    if len(ends) > MAX_STAGES:
        size = math.ceil(len(ends) / GROUPED_STAGES)
        ends = ends[::-1][::size][::-1]  # counted from the end: the last block always ends the last stage
    last = runs[ends[-1].module].first_end
    return [*ends, *(_StageEnd(name) for name in _last_weighted_module(stock, runs, last))]


def _with_own_parameters(model: nn.Module, runs: Runs, ends: Sequence[_StageEnd]) -> list[_StageEnd]:
    """Drop ends that add no parameters, such as pooling layers."""
    starts = [
        runs[name].start
        for name, module in model.named_modules()
        if name in runs and any(True for _ in module.parameters(False))
    ]
    kept: list[_StageEnd] = []
    for end in ends:
        previous = runs[kept[-1].module].first_end if kept else 0
        if not kept or any(previous < start <= runs[end.module].first_end for start in starts):
            kept.append(end)
    return kept


def _sibling_blocks(model: nn.Module, ends: set[str], runs: Runs) -> list[str]:
    """Return the numbered blocks beside the ends.

    ``feature_info`` omits blocks that keep the resolution.
    """
    modules = dict(model.named_modules())
    parents = {end.rpartition(".")[0] for end in ends if end.rpartition(".")[2].isdigit()}
    names = [f"{parent}.{child}" for parent in parents for child, _ in modules[parent].named_children()]
    return [name for name in names if name in runs and any(True for _ in modules[name].children())]


def _last_weighted_module(model: nn.Module, runs: Runs, tick: int) -> list[str]:
    """Return the last module with a weight matrix, if any.

    It starts after ``tick`` and is not the classifier.
    """
    in_head = _ids_in_head(model)
    found = [
        name
        for name, module in model.named_modules()
        if name in runs
        and runs[name].start > tick
        and id(module) not in in_head
        and any(p.ndim > 1 for p in module.parameters(recurse=False))
    ]
    return sorted(found, key=lambda name: runs[name].start)[-1:]


def _top_level_blocks(model: nn.Module, runs: Runs) -> list[str]:
    """Return the top-level blocks with parameters, and the blocks inside plain stacks."""
    in_head = _ids_in_head(model)
    names = []
    for name, child in model.named_children():
        is_stack = isinstance(child, nn.Sequential | nn.ModuleList)
        inside = child.named_children() if is_stack else ()
        blocks = [(f"{name}.{k}", block) for k, block in inside] if is_stack else [(name, child)]
        names += [
            n for n, b in blocks if n in runs and id(b) not in in_head and any(True for _ in b.parameters())
        ]
    return names


def _ids_in_head(model: nn.Module) -> set[int]:
    return {id(module) for head in heads(model) for module in head.modules()}


def _channels_and_reduction(shape: tuple[int, ...], input_size: int) -> tuple[int, int]:
    """Return channels and reduction of an output's shape.

    The output has maps (1, c, h, w) or tokens (1, n, c).
    """
    if len(shape) == 4:
        return shape[1], max(input_size // max(shape[-1], 1), 1)
    if len(shape) == 3:
        return shape[-1], max(round(input_size / max(math.isqrt(shape[1]), 1)), 1)
    return (shape[-1] if shape else 0), input_size
