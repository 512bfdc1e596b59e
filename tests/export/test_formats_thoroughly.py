"""Every format with every kind of model, which takes minutes."""

from __future__ import annotations

import json
from importlib.util import find_spec
from pathlib import Path

import pytest
import torch
from PIL import Image

import autotl
from autotl.backbone import heads
from autotl.export.exporting import GONE
from autotl.results import EnsembleMember, write_ensemble, write_model
from autotl.terminal import Silence
from autotl.testing import tiny_images, tiny_run
from tests.support.head_folders import written
from tests.support.image_folders import save_folders

pytestmark = pytest.mark.skipif(
    any(find_spec(name) is None for name in ("onnx", "onnxscript", "onnxruntime", "openvino")),
    reason="autotl[export] and autotl[openvino] are not all installed",
)


def drawn(model: torch.nn.Module, seed: int) -> torch.nn.Module:
    for value in heads(model)[0].parameters():
        value.data = 0.05 * torch.randn(value.shape, generator=torch.Generator().manual_seed(seed))
    return model


def written_model(folder: Path, kind: str, cache: Path) -> None:
    """Write a model folder of a kind of target, an ensemble, or a kind of head."""
    target = kind if kind in ("multi_label", "regression") else "single_label"
    ready = tiny_run(cache, kind=target)  # type: ignore[arg-type]  # a literal of these kinds
    if kind in ("mlp", "neighbours", "multi_layer"):
        written(folder, ready, kind)
        return
    networks = [drawn(ready.run_cache.networks.new("tiny"), seed) for seed in range(2)]
    tiny, spec = ready.backbones["tiny"], ready.task.target
    if kind == "ensemble":
        parts = [EnsembleMember(each, tiny, 32, 0.5, seed) for seed, each in enumerate(networks)]
        write_ensemble(folder, parts, spec, temperature=1.7)
    else:
        write_model(folder, networks[0], tiny, spec, input_size=32)


@pytest.mark.slow
def test_every_kind_of_model_in_every_format(tmp_path: Path) -> None:
    for kind in ("multi_label", "regression", "ensemble", "mlp", "neighbours", "multi_layer"):
        run = tmp_path / kind
        written_model(run / "model", kind, tmp_path / "cache" / kind)
        for form in ("onnx", "openvino", "pt2"):
            folder = autotl.load(run, device="cpu").export(form)
            found = json.loads((folder / "export.json").read_text())["verification"]
            assert found["why"] == GONE, (kind, form)
            assert found["equal_labels"] == 1, (kind, form)
    images, names = tiny_images(classes=3, each=120, noise=0.1)
    photos = save_folders(tmp_path / "photos", images, names)
    run = tmp_path / "run"
    autotl.fit(
        photos,
        out=run,
        backbone="tiny",
        strategies=["linear_probe"],
        trials=1,
        image_size=32,
        watch=Silence(),
    )
    folder = autotl.load(run).export("onnx", int8=True)
    record = json.loads((folder / "export.json").read_text())
    assert record["int8"]["decision"]["source"] == "training images"
    assert record["int8"]["decision"]["loss"] <= 0.005
    assert record["facts"]["test_score"] is None
    assert "those of the float32 model" in (folder / "MODEL_CARD.md").read_text()
    float32 = autotl.load(run).export("onnx", images=[Image.fromarray(each) for each in images[:20]])
    assert (folder / "model.onnx").stat().st_size < 0.5 * (float32 / "model.onnx").stat().st_size
    assert json.loads((float32 / "export.json").read_text())["verification"]["source"] == "given images"
