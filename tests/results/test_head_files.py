"""A model folder whose head is not linear opens with autotl, without it, and never runs code of its own."""

from __future__ import annotations

import copy
import json
import runpy
import subprocess
import sys
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import timm
import torch
from torch import nn

from autotl.backbone import pooled
from autotl.builtin.heads.mlp import Mlp
from autotl.errors import RunError
from autotl.heads import HeadKinds
from autotl.pipeline.prepare import Prepared
from autotl.results import (
    EnsembleMember,
    EnsemblePredictor,
    Predictor,
    load_ensemble,
    load_predictor,
    write_ensemble,
)
from autotl.testing import tiny_run
from tests.support.head_folders import KINDS, SPECS, images, network, opened, written

ALONE = """
import json, runpy, sys
sys.modules["autotl"] = None  # every import of it fails
import torch
network = runpy.run_path(sys.argv[1])["load"]()
x = torch.randn(3, 3, 32, 32, generator=torch.Generator().manual_seed(0))
with torch.no_grad():
    print(json.dumps(network(x).tolist()))
"""


@pytest.fixture(scope="module")
def ready(tmp_path_factory: pytest.TempPathFactory) -> Prepared:
    return tiny_run(tmp_path_factory.mktemp("cache"))


@pytest.fixture
def write(ready: Prepared, tmp_path: Path) -> Callable[[str], Path]:
    return lambda kind: written(tmp_path / kind, ready, kind)


@pytest.mark.parametrize("kind", SPECS)
def test_autotl_opens_it(ready: Prepared, write: Callable[[str], Path], kind: str) -> None:
    torch.testing.assert_close(opened(write(kind))(images()), network(ready, kind)(images()))


@pytest.mark.parametrize("kind", ["mlp", "neighbours", "multi_layer"])
def test_its_loader_opens_it_without_autotl(ready: Prepared, write: Callable[[str], Path], kind: str) -> None:
    command = [sys.executable, "-W", "error::UserWarning", "-c", ALONE, str(write(kind) / "load_model.py")]
    ended = subprocess.run(command, capture_output=True, text=True, check=False)
    assert ended.returncode == 0, ended.stderr
    with torch.no_grad():
        expected = network(ready, kind)(images()).numpy()
    np.testing.assert_allclose(np.array(json.loads(ended.stdout)), expected, atol=1e-5)


def loaded_alone(folder: Path) -> nn.Module:
    found: nn.Module = runpy.run_path(str(folder / "load_model.py"))["load"]()
    return found


def test_threads_do_not_mix_images_in_its_loader(write: Callable[[str], Path]) -> None:
    model = loaded_alone(write("multi_layer"))
    batches = [images()[:1] + shift for shift in range(8)]

    def run(batch: torch.Tensor) -> torch.Tensor:
        with torch.no_grad():
            found: torch.Tensor = model(batch)
        return found

    expected = [run(batch) for batch in batches]
    with ThreadPoolExecutor(4) as pool:
        for index, outputs in enumerate(pool.map(run, batches * 10)):
            torch.testing.assert_close(outputs, expected[index % 8])


def test_a_copy_in_its_loader_is_its_own(write: Callable[[str], Path]) -> None:
    model = loaded_alone(write("multi_layer"))
    expected = model(images())
    model(images() + 1)  # leaves nothing that a copy would take
    other = copy.deepcopy(model)
    torch.testing.assert_close(other(images()), expected)
    for value in other.get_submodule("backbone.layer1").parameters():
        value.data.zero_()
    torch.testing.assert_close(model(images()), expected)
    assert not torch.allclose(other(images()), expected)


@pytest.mark.parametrize("kind", SPECS)
def test_timm_opens_it_as_a_feature_extractor(
    ready: Prepared, write: Callable[[str], Path], kind: str
) -> None:
    model = timm.create_model(f"local-dir:{write(kind)}", pretrained=True).eval()
    torch.testing.assert_close(model(images()), pooled(network(ready, kind), images()))


def test_the_loader_of_a_plugins_head_names_the_package(write: Callable[[str], Path]) -> None:
    code = (write("trees") / "load_model.py").read_text()
    space: dict[str, Any] = {"__name__": "loader"}
    exec(code, space)
    with pytest.raises(ImportError, match="Install autotl and autotl-trees"):
        space["load"]()


def test_without_the_plugin_the_error_names_the_package(write: Callable[[str], Path]) -> None:
    with pytest.raises(RunError, match=r"is not installed.*'autotl-trees'; install it only if"):
        opened(write("trees"), HeadKinds({"mlp": Mlp()}))


def test_code_in_the_folder_is_not_run(write: Callable[[str], Path]) -> None:
    folder = write("mlp")
    (folder / "load_model.py").write_text("raise SystemExit('it ran')")
    assert opened(folder)(images()).shape == (3, 3)


def test_members_of_an_ensemble_may_have_such_heads(ready: Prepared, tmp_path: Path) -> None:
    backbone, target = ready.backbones["tiny"], ready.task.target
    models = [network(ready, "mlp"), ready.run_cache.networks.new("tiny").eval()]
    members = [EnsembleMember(model, backbone, 32, 0.5, number) for number, model in enumerate(models)]
    write_ensemble(tmp_path / "model", members, target, temperature=1.0, kinds=KINDS)
    loaded = load_ensemble(tmp_path / "model", heads=lambda: KINDS)
    for model, each in zip(models, loaded.members, strict=True):
        torch.testing.assert_close(each.model(images()), model(images()))
    predictor = load_predictor(tmp_path / "model", device="cpu", heads=lambda: KINDS)
    assert isinstance(predictor, EnsemblePredictor)


def test_a_predictor_uses_the_head(ready: Prepared, write: Callable[[str], Path]) -> None:
    predictor = load_predictor(write("multi_layer"), device="cpu", heads=lambda: KINDS)
    assert isinstance(predictor, Predictor)
    pixels = np.random.default_rng(0).integers(0, 256, (40, 3, 32, 32), dtype=np.uint8)
    mean, std = (
        torch.tensor(each).view(1, 3, 1, 1) for each in (predictor.config.mean, predictor.config.std)
    )
    with torch.no_grad():
        expected = network(ready, "multi_layer")((torch.from_numpy(pixels) / 255 - mean) / std)
    np.testing.assert_allclose(predictor.outputs_of(pixels), expected.numpy(), atol=1e-4)
