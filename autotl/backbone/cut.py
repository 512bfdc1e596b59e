"""Cut a model in pieces, and prove that together they compute what the whole does."""

from __future__ import annotations

import warnings
from collections.abc import Callable, Sequence
from typing import Any

import torch
from torch import Tensor, fx, nn
from torch.nn.modules.batchnorm import _BatchNorm

from autotl.backbone.head import heads
from autotl.backbone.modes import mode
from autotl.backbone.stages import native_side
from autotl.importing.vision import timm, torchvision

TIMM_LAYERS: Any = timm.layers  # it is typed in part
Graph = fx.Graph
Node = fx.Node

HEAD = "(head)"
"""The place of a cut right before the classifier: its input are the pooled features."""


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


class Cuts:
    """The places where the computation of ``model`` can be divided for images of ``side`` pixels.

    A place is the name of a module, the cut being behind it, or ``HEAD``, right before the classifier. It is
    one only if exactly one value crosses it and the two halves give what the whole gives, the features its
    classifier sees included. Replace the head, or move the model to a device, before and not after. All
    pieces share the model's modules, whatever mode these are in: run a prefix with its modules in eval mode.
    """

    def __init__(self, model: nn.Module, *, side: int | None = None) -> None:
        self._model, self._side = model, side or native_side(model)
        self._graphs: dict[bool, tuple[Graph, dict[Node, str]]] = {}
        self._proofs: dict[str, bool] = {}
        try:
            with warnings.catch_warnings():
                warnings.simplefilter("ignore")
                self._graphs = {training: _trace(model, training=training) for training in (False, True)}
        except Exception:  # a stranger's architecture: whatever torch.fx cannot follow runs uncut
            self._graphs = {}

    def __contains__(self, place: object) -> bool:
        """Whether there is a cut at this place, proven on images the tracing has not seen."""
        if not isinstance(place, str) or not self._graphs:
            return False
        if place not in self._proofs:
            self._proofs[place] = self._prove(place)
        return self._proofs[place]

    def piece(self, start: str | None, end: str) -> nn.Module:
        """From the value at ``start`` (None: from images) to the value at ``end``, as in evaluation."""
        graph, _ = self._graphs[False]
        last, first = self._node(end, training=False), self._node(start, training=False)
        if last is None or (start is not None and first is None):
            raise ValueError(f"There is no cut between {start or 'the image'!r} and {end!r}.")
        return _between(self._model, graph, first, last)

    def suffix(self, place: str, model: nn.Module | None = None) -> Suffix:
        """What follows ``place``, of this model or of another one of the same making."""
        whole = self._model if model is None else model
        halves = []
        for training in (True, False):
            node = self._node(place, training=training)
            if node is None:
                raise ValueError(f"There is no cut at {place!r}.")
            halves.append(_between(whole, self._graphs[training][0], node, None))
        return Suffix(whole, *halves)

    def _node(self, place: str | None, *, training: bool) -> Node | None:
        if place is None:
            return None
        graph, paths = self._graphs[training]
        return _before_head(graph, self._model) if place == HEAD else _crossing(graph, paths, place)

    def _prove(self, place: str) -> bool:
        if self._node(place, training=False) is None or self._node(place, training=True) is None:
            return False
        try:
            return _proven(self._model, self.piece(None, place), self.suffix(place), self._side)
        except Exception:  # as above
            return False


def cut(model: nn.Module, place: str, *, side: int | None = None) -> tuple[nn.Module, nn.Module] | None:
    """``model`` in two, up to ``place`` and the rest; None where it has no such cut. See :class:`Cuts`."""
    cuts = Cuts(model, side=side)
    return (cuts.piece(None, place), cuts.suffix(place)) if place in cuts else None


def _trace(model: nn.Module, *, training: bool) -> tuple[Graph, dict[Node, str]]:
    """The graph of the model in one mode, and the module each node lies in."""
    # Traced through, a BatchNorm would have its mode baked in, and a classifier could not be watched.
    batchnorms = [m for m in model.modules() if isinstance(m, _BatchNorm)]
    whole = {type(module) for module in (*batchnorms, *heads(model))}
    with mode(model, training=training):
        tracer: Any = torchvision.models.feature_extraction.NodePathTracer(
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


def _before_head(graph: Graph, model: nn.Module) -> Node | None:
    """What the classifier is given, if that is the only value alive before it."""
    modules = {id(module): name for name, module in model.named_modules()}
    names = {modules[id(head)] for head in heads(model)}
    nodes = list(graph.nodes)
    found = [node for node in nodes if node.op == "call_module" and node.target in names]
    if len(found) != 1 or len(found[0].all_input_nodes) != 1:
        return None
    (given,) = found[0].all_input_nodes
    used_later = {used for node in nodes[nodes.index(found[0]) :] for used in node.all_input_nodes}
    past = set(nodes[: nodes.index(found[0])])
    return given if {n for n in used_later & past if not _constant(n)} == {given} else None


def _between(model: nn.Module, graph: Graph, first: Node | None, last: Node | None) -> nn.Module:
    """The part of the graph behind ``first`` (None: from the image) up to ``last`` (None: to the end)."""
    nodes = list(graph.nodes)
    at = 0 if first is None else nodes.index(first) + 1
    rest = nodes[at : None if last is None else nodes.index(last) + 1]
    half = Graph()
    copies: dict[Node, Node] = {}
    if first is not None:
        copies[first] = half.placeholder("x")
    needed = {used for node in rest for used in node.all_input_nodes}
    # A default must come after the input in a signature, and so it does here.
    _copy(half, [n for n in nodes[:at] if _constant(n) and n in needed], copies)
    _copy(half, rest, copies)
    if last is not None:
        half.output(copies[last])
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
