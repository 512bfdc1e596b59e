"""Model folders whose heads are not linear."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import torch
from torch import nn

from autotl.api import HeadSpec
from autotl.backbone import pooled, scale_head
from autotl.builtin.heads.mlp import Mlp
from autotl.builtin.heads.multi_layer import MultiLayer
from autotl.builtin.heads.neighbours import Neighbours
from autotl.heads import HeadKinds, attach_head
from autotl.pipeline.prepare import Prepared
from autotl.results import load_model, write_model


class Trees:
    """A kind of head that its loader cannot build."""

    name, summary = "trees", "made up"

    def build(self, arguments: Mapping[str, Any], features: int, outputs: int) -> nn.Module:
        return nn.Linear(features, outputs)


ITEMS = {each.name: each for each in (Mlp(), MultiLayer(), Neighbours(), Trees())}
KINDS = HeadKinds(ITEMS, {name: "autotl-trees" if name == "trees" else "autotl" for name in ITEMS})
SPECS = {
    "mlp": HeadSpec("mlp", {"hidden": 6}),
    "neighbours": HeadSpec("neighbours", {"rows": 9, "neighbours": 4, "whiten": True}),
    "multi_layer": HeadSpec("multi_layer", {"columns": 12}, ("layer1", "layer3")),
    "trees": HeadSpec("trees", {}),
}


def network(ready: Prepared, kind: str) -> nn.Module:
    model, spec = ready.run_cache.networks.new("tiny"), SPECS[kind]
    features = ready.backbones["tiny"].features + sum(_width(model, name) for name in spec.stages)
    form = KINDS.form(spec, features=features, outputs=3, axes=(1,) * len(spec.stages))
    torch.manual_seed(0)
    attach_head(model, form, KINDS.build(form))
    if kind == "neighbours":
        nn.init.normal_(model.get_submodule("fc.body").get_buffer("bank"))
    return scale_head(model, 1.5).eval()


def _width(model: nn.Module, stage: str) -> int:
    found: list[int] = []
    hook = model.get_submodule(stage).register_forward_hook(lambda m, i, out: found.append(out.shape[1]))
    pooled(model, torch.zeros(1, 3, 32, 32))
    hook.remove()
    return found[0]


def images() -> torch.Tensor:
    return torch.randn(3, 3, 32, 32, generator=torch.Generator().manual_seed(0))


def written(folder: Path, ready: Prepared, kind: str) -> Path:
    """Write a model folder with a head of this kind."""
    model, target = network(ready, kind), ready.task.target
    write_model(folder, model, ready.backbones["tiny"], target, input_size=32, kinds=KINDS)
    return folder


def opened(folder: Path, kinds: HeadKinds = KINDS) -> nn.Module:
    return load_model(folder, heads=lambda: kinds).model
