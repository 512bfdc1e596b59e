"""Divide any timm model into stages: where each ends, what it costs, and which parameters it holds."""

from __future__ import annotations

import copy
import math
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor, nn

from autotl.api import Stage
from autotl.backbone.head import heads, pooled
from autotl.backbone.modes import mode
from autotl.backbone.speed.operations import Arithmetic

MOST = 8  # stages; a plain stack of more blocks is grouped
GROUPS = 4
SMALL = 100_000_000
"""Parameters up to which one pass costs less than a copy that computes nothing. Such a copy, on torch's meta
device, also imports torch's compiler and SymPy, which takes longer than importing torch.
"""


@dataclass(frozen=True, slots=True)
class Layout:
    """A model's stages and what is in them.

    ``parameters[i]`` and ``modules[i]`` name what stage i holds: together all of the model but its
    classifier. A module that spans stages is in the last of them, as it is only done there. ``order`` lists
    modules as they first run; ``features`` is the width of the pooled features, ``flops`` the
    arithmetic of one image at the native size.
    """

    stages: tuple[Stage, ...]
    parameters: tuple[frozenset[str], ...]
    modules: tuple[frozenset[str], ...]
    order: tuple[str, ...]
    features: int
    flops: int


REMEMBERED = 16
_known: dict[int, Layout] = {}  # looking takes a quarter of a second, and every trial freezes a model


@dataclass(slots=True)
class _Run:
    """When a module first started and first and last ended in one pass, and what it gave."""

    start: int
    first_end: int = -1
    last_end: int = -1
    flops: int = 0
    shape: tuple[int, ...] = ()


def layout(model: nn.Module) -> Layout:
    """Run one blank image through ``model``, or if it is large a copy that computes nothing, and divide it.

    Stages end where timm's ``feature_info`` says, at the numbered blocks beside those, and at a convolution
    or projection that follows them all. Parameters before the first stage's end belong to it, those between
    two ends to the later stage, and what follows the last end, such as a final norm, to the last stage.
    """
    key = _structure(model)
    if key not in _known:
        if len(_known) >= REMEMBERED:
            _known.pop(next(iter(_known)))
        _known[key] = _divide(model)
    return _known[key]


def _structure(model: nn.Module) -> int:
    """Equal for models of the same make: what is in them, whatever the values of their weights."""
    parts = tuple((name, type(module)) for name, module in model.named_modules())
    return hash((native_side(model), parts, tuple((n, p.shape) for n, p in model.named_parameters())))


def _divide(model: nn.Module) -> Layout:
    side = native_side(model)
    if sum(parameter.numel() for parameter in model.parameters()) <= SMALL:
        runs, flops, features = _watch(model, side)
    else:
        try:
            runs, flops, features = _watch(copy.deepcopy(model).to("meta"), side)
        except (NotImplementedError, RuntimeError):  # an operation that needs real numbers
            runs, flops, features = _watch(model, side)
    ends = _ends(model, runs)
    ticks = [runs[name].first_end for name, _, _ in ends]
    stages = []
    for i, (name, channels, reduction) in enumerate(ends):
        share = runs[name].flops / flops if flops and i < len(ends) - 1 else 1.0
        seen_channels, seen_reduction = _shape(runs[name].shape, side)
        stages.append(Stage(name, name, channels or seen_channels, reduction or seen_reduction, share))

    def stage_at(tick: int) -> int:
        return next((i for i, end in enumerate(ticks) if tick <= end), len(ticks) - 1)

    of_head = {id(module) for head in heads(model) for module in head.modules()}
    parameters: list[set[str]] = [set() for _ in stages]
    modules: list[set[str]] = [set() for _ in stages]
    spent: set[int] = set()
    latest = 0
    for name, module in model.named_modules():
        if id(module) in of_head:
            continue
        run = runs.get(name)
        # A module that is used without being called runs with the one defined before it.
        latest = stage_at(run.start) if run else latest
        for own, parameter in module.named_parameters(recurse=False):
            if id(parameter) not in spent:
                spent.add(id(parameter))
                parameters[latest].add(f"{name}.{own}" if name else own)
        if name:
            container = any(True for _ in module.children())
            modules[stage_at(run.last_end) if run and container else latest].add(name)
    return Layout(
        stages=tuple(stages),
        parameters=tuple(frozenset(each) for each in parameters),
        modules=tuple(frozenset(each) for each in modules),
        order=tuple(sorted(runs, key=lambda name: runs[name].start)),
        features=features,
        flops=flops,
    )


def stages_of(model: nn.Module) -> tuple[Stage, ...]:
    """The model's stages, in the order of the forward pass."""
    return layout(model).stages


def parameters_up_to(model: nn.Module, stage_index: int) -> frozenset[str]:
    """The names of all parameters up to the end of stage ``stage_index`` (-1: none); never the
    classifier's."""
    return frozenset[str]().union(*layout(model).parameters[: stage_index + 1])


def native_side(model: nn.Module) -> int:
    """The image size in pixels that the weights were made for."""
    stock: Any = model
    return int((stock.pretrained_cfg.get("input_size") or (3, 224, 224))[-1])


def _watch(model: nn.Module, side: int) -> tuple[dict[str, _Run], int, int]:
    """One pass over a blank image: each module's run, the arithmetic of all, and the features' width."""
    runs: dict[str, _Run] = {}
    tick = 0
    counter = Arithmetic()

    def before(name: str) -> Callable[..., None]:
        def hook(*_: object) -> None:
            nonlocal tick
            tick += 1
            runs.setdefault(name, _Run(start=tick))

        return hook

    def after(name: str) -> Callable[..., None]:
        def hook(module: nn.Module, inputs: object, output: object) -> None:
            nonlocal tick
            tick += 1
            run = runs[name]
            run.last_end = tick
            if run.first_end < 0:
                run.first_end, run.flops = tick, counter.operations
                run.shape = tuple(output.shape) if isinstance(output, Tensor) else ()

        return hook

    hooks = []
    for name, module in model.named_modules():
        if name:
            hooks += [
                module.register_forward_pre_hook(before(name)),
                module.register_forward_hook(after(name)),
            ]
    like = next(model.parameters())
    try:
        with mode(model, training=False), torch.no_grad(), counter:
            features = pooled(
                model, torch.zeros(1, 3, side, side, device=like.device, dtype=like.dtype)
            ).shape[1]
    finally:
        for hook in hooks:
            hook.remove()
    # The model itself is not called, only its two halves: it starts first and ends last.
    runs[""] = _Run(start=0, first_end=tick + 1, last_end=tick + 1)
    return runs, counter.operations, features


def _ends(model: nn.Module, runs: dict[str, _Run]) -> list[tuple[str, int, int]]:
    """The modules that end the stages, with channels and reduction (0 where timm does not say)."""
    stock: Any = model
    known = [(f["module"], f["num_chs"], f["reduction"]) for f in getattr(model, "feature_info", None) or ()]
    known = [end for end in known if end[0] in runs]
    if len(known) < 2:
        known = [(name, 0, 0) for name in _children(model, runs)]
    said = {name for name, _, _ in known}
    known += [(name, 0, 0) for name in _siblings(stock, said, runs) if name not in said]
    known.sort(key=lambda end: runs[end[0]].first_end)
    # A stage that adds no parameters to the one before, such as a pooling layer, is not one of its own.
    ends: list[tuple[str, int, int]] = []
    starts = [
        runs[n].start
        for n, m in stock.named_modules()
        if n in runs and any(True for _ in m.parameters(False))
    ]
    for end in known:
        floor = runs[ends[-1][0]].first_end if ends else 0
        if any(floor < start <= runs[end[0]].first_end for start in starts) or not ends:
            ends.append(end)
    if len(ends) > MOST:
        size = math.ceil(len(ends) / GROUPS)
        ends = ends[len(ends) - 1 :: -size][
            ::-1
        ]  # counted from the end: the last block always ends the last stage
    return [*ends, *((name, 0, 0) for name in _afterwards(stock, runs, runs[ends[-1][0]].first_end))]


def _siblings(model: nn.Module, ends: set[str], runs: dict[str, _Run]) -> list[str]:
    """The numbered blocks beside those that end a stage: ``feature_info`` leaves out the ones that keep the
    resolution.
    """
    modules = dict(model.named_modules())
    beside = {end.rpartition(".")[0] for end in ends if end.rpartition(".")[2].isdigit()}
    names = [f"{parent}.{child}" for parent in beside for child, _ in modules[parent].named_children()]
    return [name for name in names if name in runs and any(True for _ in modules[name].children())]


def _afterwards(model: nn.Module, runs: dict[str, _Run], tick: int) -> list[str]:
    """The last module with a weight matrix that runs behind ``tick`` and is not the classifier, if any."""
    of_head = {id(module) for head in heads(model) for module in head.modules()}
    found = [
        name
        for name, module in model.named_modules()
        if name in runs
        and runs[name].start > tick
        and id(module) not in of_head
        and any(p.ndim > 1 for p in module.parameters(recurse=False))
    ]
    return sorted(found, key=lambda name: runs[name].start)[-1:]


def _children(model: nn.Module, runs: dict[str, _Run]) -> list[str]:
    """Top-level blocks with parameters, plain stacks opened up: where timm has no feature info."""
    of_head = {id(module) for head in heads(model) for module in head.modules()}
    names = []
    for name, child in model.named_children():
        stack = isinstance(child, nn.Sequential | nn.ModuleList)
        blocks = [(f"{name}.{k}", block) for k, block in child.named_children()] if stack else [(name, child)]
        names += [
            n for n, b in blocks if n in runs and id(b) not in of_head and any(True for _ in b.parameters())
        ]
    return names


def _shape(shape: tuple[int, ...], side: int) -> tuple[int, int]:
    """Channels and reduction read off an activation: maps (1, c, h, w), tokens (1, n, c)."""
    if len(shape) == 4:
        return shape[1], max(side // max(shape[-1], 1), 1)
    if len(shape) == 3:
        return shape[-1], max(round(side / max(math.isqrt(shape[1]), 1)), 1)
    return (shape[-1] if shape else 0), side
