"""Cut a model in two after a stage, and prove that the halves compute what the whole does."""

from __future__ import annotations

import warnings
from collections.abc import Callable, Sequence
from typing import Any

import timm.layers
import torch
from torch import Tensor, fx, nn
from torch.nn.modules.batchnorm import _BatchNorm
from torchvision.models.feature_extraction import NodePathTracer

from autotl.backbone.head import heads
from autotl.backbone.modes import mode
from autotl.backbone.stages import native_side

TIMM_LAYERS: Any = timm.layers  # it is typed in part
Graph = fx.Graph
Node = fx.Node


class Suffix(nn.Module):
    """The part after a cut, as it is traced for training and for evaluation; it follows the model's own mode.

    Its layers are the model's: training it trains the model.
    """

    def __init__(self, model: nn.Module, learning: nn.Module, settled: nn.Module) -> None:
        super().__init__()
        self.learning = learning
        self.settled = settled
        self._whole = (model,)  # in a tuple, so that the model is not one of its own parts

    def forward(self, x: Tensor) -> Tensor:
        # drop-path is baked into a graph when it is traced: hence two of them
        chosen = self.learning if self._whole[0].training else self.settled
        out: Tensor = chosen(x)
        return out


def cut(
    model: nn.Module, stage_module: str, *, side: int | None = None
) -> tuple[nn.Module, nn.Module] | None:
    """``model`` in two, up to the end of ``stage_module`` and the rest; None where it has no such cut.

    A cut is given only if exactly one value crosses it and ``suffix(prefix(x))`` equals ``model(x)`` for
    images of ``side`` pixels (the native size unless given), the features its classifier sees included. Both
    halves share the model's modules, whatever mode these are in: run the prefix with its modules frozen in
    eval mode. Replace the head or move the model to a device before cutting, not after.
    """
    side = side or native_side(model)
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            settled, paths = _trace(model, training=False)
            learning, learning_paths = _trace(model, training=True)
        ends, starts = (
            _crossing(settled, paths, stage_module),
            _crossing(learning, learning_paths, stage_module),
        )
        if ends is None or starts is None:
            return None
        prefix = _prefix(model, settled, ends)
        suffix = Suffix(model, _suffix(model, learning, starts), _suffix(model, settled, ends))
        return (prefix, suffix) if _proven(model, prefix, suffix, side) else None
    except Exception:  # a stranger's architecture: whatever torch.fx cannot follow runs uncut
        return None


def _trace(model: nn.Module, *, training: bool) -> tuple[Graph, dict[Node, str]]:
    """The graph of the model in one mode, and the module each node lies in."""
    # Traced through, a BatchNorm would have its mode baked in, and a classifier could not be watched.
    batchnorms = [m for m in model.modules() if isinstance(m, _BatchNorm)]
    whole = {type(module) for module in (*batchnorms, *heads(model))}
    with mode(model, training=training):
        tracer: Any = NodePathTracer(
            autowrap_functions=list(TIMM_LAYERS.get_notrace_functions()),
            leaf_modules=[*TIMM_LAYERS.get_notrace_modules(), *whole],
        )
        graph: Graph = tracer.trace(model)
    return graph, dict(tracer.node_to_qualname)


def _crossing(graph: Graph, paths: dict[Node, str], module: str) -> Node | None:
    """The last node inside ``module``, if its value is the only one that is alive after it."""
    nodes = list(graph.nodes)
    inside = [n for n in nodes if _within(paths.get(n, ""), module)]
    if not inside:
        return None
    last_use = {used: i for i, node in enumerate(nodes) for used in node.all_input_nodes}
    for node in reversed(inside):
        i = nodes.index(node)
        alive = [n for n in nodes[: i + 1] if last_use.get(n, -1) > i and not _constant(n)]
        if alive == [node]:
            # What follows inside the module must not compute: it would be left to the suffix.
            trailing = inside[inside.index(node) + 1 :]
            return node if not any(n.op == "call_module" for n in trailing) else None
    return None


def _within(path: str, module: str) -> bool:
    return path == module or path.startswith(module + ".")


def _constant(node: Node) -> bool:
    """Whether each half can have the value for itself: a weight, or an argument left at its default."""
    return node.op == "get_attr" or (node.op == "placeholder" and bool(node.args))


def _prefix(model: nn.Module, graph: Graph, end: Node) -> nn.Module:
    nodes = list(graph.nodes)
    half = Graph()
    copies: dict[Node, Node] = {}
    _copy(half, nodes[: nodes.index(end) + 1], copies)
    half.output(copies[end])
    return fx.GraphModule(model, half)


def _suffix(model: nn.Module, graph: Graph, end: Node) -> nn.Module:
    nodes = list(graph.nodes)
    at = nodes.index(end) + 1
    half = Graph()
    copies = {end: half.placeholder("x")}
    needed = {used for node in nodes[at:] for used in node.all_input_nodes}
    # A default must come after the input in a signature, and so it does here.
    _copy(half, [n for n in nodes[:at] if _constant(n) and n in needed], copies)
    _copy(half, nodes[at:], copies)
    return fx.GraphModule(model, half)


def _copy(half: Graph, nodes: Sequence[Node], copies: dict[Node, Node]) -> None:
    for node in nodes:
        copies[node] = half.node_copy(node, lambda used: copies[used])


def _proven(model: nn.Module, prefix: nn.Module, suffix: nn.Module, side: int) -> bool:
    """Whether the halves give what the whole gives, on images the tracing has not seen."""
    like = next(model.parameters())
    noise = torch.rand(3, 3, side, side, generator=torch.Generator().manual_seed(0))
    x = (noise * 2 - 1).to(device=like.device, dtype=like.dtype)
    with mode(model, training=False), torch.no_grad():
        expected = _witnessed(model, lambda: model(x))
        found = _witnessed(model, lambda: suffix(prefix(x)))
    return len(found) == len(expected) and all(
        torch.allclose(a, b, rtol=1e-5, atol=1e-6) for a, b in zip(found, expected, strict=True)
    )


def _witnessed(model: nn.Module, run: Callable[[], Tensor]) -> list[Tensor]:
    """What ``run`` gives and the classifier is given: a new head's zeros alone would prove nothing."""
    seen: list[Tensor] = []

    def look(module: nn.Module, given: tuple[Any, ...]) -> None:
        seen.append(given[0])

    hooks = [head.register_forward_pre_hook(look) for head in heads(model)]
    try:
        return [run(), *seen]
    finally:
        for hook in hooks:
            hook.remove()
