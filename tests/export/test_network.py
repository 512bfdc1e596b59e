"""The exported network computes the predictions of autotl, for each target, ensemble and head."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import torch

from autotl.api import TargetSpec
from autotl.backbone import heads
from autotl.errors import ExportError
from autotl.export.files.program import traced
from autotl.export.network import load_exported
from autotl.pipeline.prepare import Prepared
from autotl.results import EnsembleMember, load_predictor, write_ensemble, write_model
from autotl.testing import tiny_run
from tests.support.head_folders import KINDS, written

PIXELS = np.random.default_rng(0).integers(0, 256, (7, 3, 32, 32), dtype=np.uint8)
SHARES = (0.75, 0.25)
TARGETS = (
    TargetSpec("single_label", ("a", "b", "c")),
    TargetSpec("multi_label", ("a", "b", "c")),
    TargetSpec("regression", ("a", "b", "c"), (1.0, -20.0, 5.0), (0.1, 4.0, 30.0)),
)


@pytest.fixture(scope="module")
def ready(tmp_path_factory: pytest.TempPathFactory) -> Prepared:
    return tiny_run(tmp_path_factory.mktemp("cache"))


def network(ready: Prepared, seed: int) -> torch.nn.Module:
    model: torch.nn.Module = ready.run_cache.networks.new("tiny")
    draw = torch.Generator().manual_seed(seed)
    for value in heads(model)[0].parameters():
        value.data = 0.05 * torch.randn(value.shape, generator=draw)
    return model


def check(folder: Path) -> None:
    """Compare the exported network of a model folder with its predictor."""
    model = load_exported(folder, heads=lambda: KINDS)
    predictor = load_predictor(folder, device="cpu", heads=lambda: KINDS)
    expected = predictor.target.predict(predictor.outputs_of_views([PIXELS]))
    with torch.inference_mode():
        found, outputs = model.network(torch.from_numpy(PIXELS.transpose(0, 2, 3, 1)))
    np.testing.assert_allclose(found.numpy(), expected, rtol=1e-4, atol=1e-5)
    again = predictor.target.predict(outputs.numpy())
    np.testing.assert_allclose(again, expected, rtol=1e-4, atol=1e-5)


@pytest.mark.parametrize("target", TARGETS, ids=lambda each: each.kind)
def test_one_network(ready: Prepared, target: TargetSpec, tmp_path: Path) -> None:
    write_model(tmp_path / "model", network(ready, 0), ready.backbones["tiny"], target, input_size=32)
    check(tmp_path / "model")


@pytest.mark.parametrize("target", TARGETS, ids=lambda each: each.kind)
def test_an_ensemble_is_the_mean_of_its_predictions(
    ready: Prepared, target: TargetSpec, tmp_path: Path
) -> None:
    parts = [
        EnsembleMember(network(ready, seed), ready.backbones["tiny"], 32, share, seed)
        for seed, share in enumerate(SHARES)
    ]
    temperature = 1.0 if target.kind == "regression" else 1.7
    write_ensemble(tmp_path / "model", parts, target, temperature=temperature)
    check(tmp_path / "model")


@pytest.mark.parametrize("kind", ["mlp", "neighbours", "multi_layer"])
def test_a_head_that_is_not_linear(ready: Prepared, kind: str, tmp_path: Path) -> None:
    check(written(tmp_path / "model", ready, kind))


def test_a_traced_network_takes_any_number_of_images(ready: Prepared, tmp_path: Path) -> None:
    model = load_exported(written(tmp_path / "model", ready, "multi_layer"), heads=lambda: KINDS)
    graph, pixels = traced(model.network, 32).module(), torch.from_numpy(PIXELS.transpose(0, 2, 3, 1).copy())
    expected, _ = model.network(pixels)
    for size in (1, 2, 7):
        found, outputs = graph(pixels[:size])
        torch.testing.assert_close(found, expected[:size])
        assert outputs.shape == found.shape


def test_a_network_of_a_fixed_number_of_images_is_refused() -> None:
    class Fixed(torch.nn.Module):
        def forward(self, x: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
            outputs = x.float().reshape(2, -1)[:, :3]
            return outputs, outputs.clone()

    with pytest.raises(ExportError, match="any number of images"):
        traced(Fixed(), 32)


def test_networks_with_different_images_are_refused(ready: Prepared, tmp_path: Path) -> None:
    parts = [
        EnsembleMember(network(ready, seed), ready.backbones["tiny"], size, 0.5, seed)
        for seed, size in enumerate((32, 48))
    ]
    write_ensemble(tmp_path / "model", parts, ready.task.target, temperature=1.0)
    with pytest.raises(ExportError, match="Fit without --ensemble"):
        load_exported(tmp_path / "model", heads=lambda: KINDS)
