"""Cut a model into a prefix and a suffix."""

from __future__ import annotations

import warnings
from collections.abc import Callable, Sequence
from typing import Any

import torch
from torch import Tensor, fx, nn
from torch.nn.modules.batchnorm import _BatchNorm

from autotl.backbone.forward_pass import native_size
from autotl.backbone.head import heads
from autotl.backbone.modes import temporary_mode
from autotl.backbone.speed.example_inputs import example_inputs
from autotl.importing.vision import timm, torchvision

TIMM_LAYERS: Any = timm.layers  # typed in part
Graph = fx.Graph
Node = fx.Node

HEAD = "(head)"
"""The cut point right before the classifier; the value there are the pooled features."""
_RELATIVE_TOLERANCE, _ABSOLUTE_TOLERANCE = 1e-5, 1e-6


class Suffix(nn.Module):
    """The part of a model after a cut.

    It is traced once for training and once for evaluation. It follows the mode of the model and shares its
    layers, so that training it trains the model.
    """

    def __init__(self, model: nn.Module, training_graph: nn.Module, evaluation_graph: nn.Module) -> None:
        super().__init__()
        self.training_graph = training_graph
        self.evaluation_graph = evaluation_graph
        self._model = (model,)  # a tuple, so that the model is no submodule

    def forward(self, x: Tensor) -> Tensor:
        # drop-path becomes part of a graph when it is traced: hence two graphs
        graph = self.training_graph if self._model[0].training else self.evaluation_graph
        out: Tensor = graph(x)
        return out


class Cuts:
    """The points at which the computation of a model can be divided.

    A cut point is the name of a module, to cut after it, or ``HEAD``, right before the classifier. Exactly
    one tensor must pass from the first part to the second, and both parts together must compute the outputs
    and features of the model.

    Replace the head or move the model to a device before, not after. All parts share the model's modules in
    their current mode: run a prefix with its modules in evaluation mode.

    >>> cuts = Cuts(model)
    >>> "layer2" in cuts
    True
    """

    def __init__(self, model: nn.Module, *, input_size: int | None = None) -> None:
        """Trace a model.

        Args:
            model: The model.
            input_size: The image size in pixels; None for the model's own.
        """
        self._model, self._input_size = model, input_size or native_size(model)
        self._graphs: dict[bool, tuple[Graph, dict[Node, str]]] = {}
        self._verified: dict[str, bool] = {}
        try:
            with warnings.catch_warnings():
                warnings.simplefilter("ignore")
                self._graphs = {training: _trace(model, training=training) for training in (False, True)}
        except Exception:  # an architecture that torch.fx cannot trace is not cut
            self._graphs = {}

    def __contains__(self, point: object) -> bool:
        """Return whether the model can be cut here.

        The cut is verified on images other than the traced one.
        """
        if not isinstance(point, str) or not self._graphs:
            return False
        if point not in self._verified:
            self._verified[point] = self._verify(point)
        return self._verified[point]

    def piece(self, start: str | None, end: str) -> nn.Module:
        """Return the part between two cut points, for evaluation.

        Args:
            start: The cut point whose value is the input; None for images.
            end: The cut point whose value is the output.

        Raises:
            ValueError: There is no such cut.
        """
        graph, _ = self._graphs[False]
        last, first = self._node(end, training=False), self._node(start, training=False)
        if last is None or (start is not None and first is None):
            raise ValueError(f"start and end must be cut points (got {start or 'the image'!r} and {end!r}).")
        return _subgraph(self._model, graph, first, last)

    def suffix(self, point: str, model: nn.Module | None = None) -> Suffix:
        """Return the part after a cut point.

        Args:
            point: The cut point.
            model: Another model of the same structure whose modules to use; None for this model.

        Raises:
            ValueError: There is no such cut.
        """
        whole = self._model if model is None else model
        graphs = []
        for training in (True, False):
            node = self._node(point, training=training)
            if node is None:
                raise ValueError(f"point must be a cut point (got {point!r}).")
            graphs.append(_subgraph(whole, self._graphs[training][0], node, None))
        return Suffix(whole, *graphs)

    def _node(self, point: str | None, *, training: bool) -> Node | None:
        """Return the node whose value crosses a cut point."""
        if point is None:
            return None
        graph, paths = self._graphs[training]
        return _node_before_head(graph, self._model) if point == HEAD else _crossing_node(graph, paths, point)

    def _verify(self, point: str) -> bool:
        if self._node(point, training=False) is None or self._node(point, training=True) is None:
            return False
        try:
            return _is_equivalent(self._model, self.piece(None, point), self.suffix(point), self._input_size)
        except Exception:  # as in __init__
            return False


def cut(model: nn.Module, point: str, *, input_size: int | None = None) -> tuple[nn.Module, nn.Module] | None:
    """Cut a model into a prefix and a suffix.

    It returns None if the model has no such cut.

    Args:
        model: The model.
        point: The cut point; see :class:`Cuts`.
        input_size: The image size in pixels; None for the model's own.
    """
    cuts = Cuts(model, input_size=input_size)
    return (cuts.piece(None, point), cuts.suffix(point)) if point in cuts else None


def _trace(model: nn.Module, *, training: bool) -> tuple[Graph, dict[Node, str]]:
    """Return a model's graph, and the module of each node."""
    # A traced BatchNorm would keep its mode, and the inputs of a traced classifier could not be recorded.
    batchnorms = [m for m in model.modules() if isinstance(m, _BatchNorm)]
    untraced = {type(module) for module in (*batchnorms, *heads(model))}
    with temporary_mode(model, training=training):
        tracer: Any = torchvision.models.feature_extraction.NodePathTracer(
            autowrap_functions=list(TIMM_LAYERS.get_notrace_functions()),
            leaf_modules=[*TIMM_LAYERS.get_notrace_modules(), *untraced],
        )
        graph: Graph = tracer.trace(model)
    return graph, dict(tracer.node_to_qualname)


def _crossing_node(graph: Graph, paths: dict[Node, str], module: str) -> Node | None:
    """Return the only value in use after ``module``, or None."""
    nodes = list(graph.nodes)
    inside = [node for node in nodes if _is_inside(paths.get(node, ""), module)]
    if not inside:
        return None
    last_use = {used: i for i, node in enumerate(nodes) for used in node.all_input_nodes}
    for node in reversed(inside):
        i = nodes.index(node)
        alive = [n for n in nodes[: i + 1] if last_use.get(n, -1) > i and not _is_constant(n)]
        if alive == [node]:
            # The suffix would repeat computations that follow inside the module.
            following = inside[inside.index(node) + 1 :]
            return node if not any(n.op == "call_module" for n in following) else None
    return None


def _is_inside(path: str, module: str) -> bool:
    return path == module or path.startswith(module + ".")


def _is_constant(node: Node) -> bool:
    """Return whether both parts have the value.

    It is a weight, or an argument with its default.
    """
    return node.op == "get_attr" or (node.op == "placeholder" and bool(node.args))


def _node_before_head(graph: Graph, model: nn.Module) -> Node | None:
    """Return the classifier's input, if it alone is in use."""
    names_by_id = {id(module): name for name, module in model.named_modules()}
    head_names = {names_by_id[id(head)] for head in heads(model)}
    nodes = list(graph.nodes)
    calls = [node for node in nodes if node.op == "call_module" and node.target in head_names]
    if len(calls) != 1 or len(calls[0].all_input_nodes) != 1:
        return None
    (features,) = calls[0].all_input_nodes
    position = nodes.index(calls[0])
    used_later = {used for node in nodes[position:] for used in node.all_input_nodes}
    before = set(nodes[:position])
    alive = {node for node in used_later & before if not _is_constant(node)}
    return features if alive == {features} else None


def _subgraph(model: nn.Module, graph: Graph, first: Node | None, last: Node | None) -> nn.Module:
    """Return the part of a graph between two nodes.

    ``first`` is None for the image, and ``last`` is None for the end.
    """
    nodes = list(graph.nodes)
    start = 0 if first is None else nodes.index(first) + 1
    part = nodes[start : None if last is None else nodes.index(last) + 1]
    subgraph = Graph()
    copies: dict[Node, Node] = {}
    if first is not None:
        copies[first] = subgraph.placeholder("x")
    needed = {used for node in part for used in node.all_input_nodes}
    # In a signature, defaults follow the input.
    _copy(subgraph, [node for node in nodes[:start] if _is_constant(node) and node in needed], copies)
    _copy(subgraph, part, copies)
    if last is not None:
        subgraph.output(copies[last])
    return fx.GraphModule(model, subgraph)


def _copy(subgraph: Graph, nodes: Sequence[Node], copies: dict[Node, Node]) -> None:
    for node in nodes:
        copies[node] = subgraph.node_copy(node, lambda used: copies[used])


def _is_equivalent(model: nn.Module, prefix: nn.Module, suffix: nn.Module, input_size: int) -> bool:
    """Return whether prefix and suffix compute the same."""
    like = next(model.parameters())
    noise = example_inputs(model, 3, input_size, torch.Generator().manual_seed(0)).contiguous()
    x = noise.to(like.device)
    if noise.is_floating_point():
        x = (noise * 2 - 1).to(device=like.device, dtype=like.dtype)
    with temporary_mode(model, training=False), torch.no_grad():
        expected = _outputs_and_features(model, lambda: model(x))
        found = _outputs_and_features(model, lambda: suffix(prefix(x)))
    return len(found) == len(expected) and all(
        torch.allclose(a, b, rtol=_RELATIVE_TOLERANCE, atol=_ABSOLUTE_TOLERANCE)
        for a, b in zip(found, expected, strict=True)
    )


def _outputs_and_features(model: nn.Module, run: Callable[[], Tensor]) -> list[Tensor]:
    """Return the outputs of ``run`` and the inputs of the classifier.

    The outputs alone prove nothing, because a new head outputs zeros.
    """
    features: list[Tensor] = []

    def record(module: nn.Module, inputs: tuple[Any, ...]) -> None:
        features.append(inputs[0])

    hooks = [head.register_forward_pre_hook(record) for head in heads(model)]
    try:
        return [run(), *features]
    finally:
        for hook in hooks:
            hook.remove()
