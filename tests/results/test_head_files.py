"""A model folder whose head is not linear opens with autotl, without it, and never runs code of its own."""

from __future__ import annotations

import copy
import json
import runpy
import subprocess
import sys
from collections.abc import Callable, Mapping
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import timm
import torch
from safetensors.torch import load_file, save_file
from torch import nn

from autotl.api import HeadSpec
from autotl.backbone import pooled
from autotl.builtin.heads.mlp import Mlp
from autotl.errors import RunError
from autotl.heads import HeadKinds, attach_head
from autotl.pipeline.prepare import Prepared
from autotl.results import (
    EnsembleMember,
    EnsemblePredictor,
    Predictor,
    load_ensemble,
    load_predictor,
    write_ensemble,
    write_model,
)
from autotl.testing import tiny_run
from tests.support.head_folders import KINDS, SPECS, Trees, images, network, opened

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
    def written(kind: str) -> Path:
        folder, target = tmp_path / kind, ready.task.target
        model = network(ready, kind)
        write_model(folder, model, ready.backbones["tiny"], target, input_size=32, kinds=KINDS)
        return folder

    return written


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


def edit_json(name: str, **values: Any) -> Callable[[Path], object]:
    def edit(folder: Path) -> None:
        path = folder / name
        path.write_text(json.dumps({**json.loads(path.read_text()), **values}))

    return edit


def edit_tensors(**values: torch.Tensor) -> Callable[[Path], object]:
    def edit(folder: Path) -> None:
        path = folder / "head.safetensors"
        save_file(
            {**load_file(path), **{name.replace("__", "."): each for name, each in values.items()}}, path
        )

    return edit


EDITS = [
    lambda folder: (folder / "head.json").write_text("{"),
    lambda folder: (folder / "head.json").write_text("[]"),
    edit_json("head.json", arguments={"hidden": 7}),
    edit_json("head.json", arguments={}),
    edit_json("head.json", features=20),
    edit_json("head.json", outputs=4),
    edit_json("head.json", kind="trees"),
    edit_json("head.json", stages=["layer9"], axes=[1]),
    edit_json("head.json", stages=["layer1"], axes=[1]),
    edit_json("config.json", num_classes=3),
    lambda folder: (folder / "head.safetensors").unlink(),
    lambda folder: (folder / "head.safetensors").write_bytes(b"12"),
    edit_tensors(scale=torch.tensor(float("nan"))),
    edit_tensors(body__last__weight=torch.zeros(2, 2)),
    edit_tensors(extra=torch.zeros(1)),
    lambda folder: (folder / "head.json").unlink(),
]


@pytest.mark.parametrize("number", range(len(EDITS)))
def test_a_damaged_folder_is_an_error(write: Callable[[str], Path], number: int) -> None:
    folder = write("mlp")
    EDITS[number](folder)
    with pytest.raises(RunError, match=r"cannot be (opened|read)|not installed"):
        opened(folder)


class Counted(Mlp):
    """Counts the heads that get memory."""

    built = 0

    def build(self, arguments: Mapping[str, Any], features: int, outputs: int) -> nn.Module:
        made = super().build(arguments, features, outputs)
        self.built += next(made.parameters()).device.type != "meta"
        return made


HUGE = [
    edit_json("head.json", arguments={"hidden": 10**9}),
    edit_json("head.json", features=10**7),
    edit_json("head.json", outputs=10**7),
    edit_tensors(body__last__weight=torch.zeros(3, 7)),
]


@pytest.mark.parametrize("number", range(len(HUGE)))
def test_a_head_of_another_size_gets_no_memory(write: Callable[[str], Path], number: int) -> None:
    folder, counted = write("mlp"), Counted()
    HUGE[number](folder)
    with pytest.raises(RunError, match=r"must (be|have the shape) .* \(got"):
        opened(folder, HeadKinds({"mlp": counted}))
    assert counted.built == 0


class Numbers(Trees):
    """A kind that needs real numbers to build its head."""

    def build(self, arguments: Mapping[str, Any], features: int, outputs: int) -> nn.Module:
        return nn.Linear(features, int(torch.tensor(outputs)))


def test_a_kind_that_needs_real_numbers_is_opened(write: Callable[[str], Path]) -> None:
    assert opened(write("trees"), HeadKinds({"trees": Numbers()}))(images()).shape == (3, 3)


def test_a_stage_that_never_runs_is_an_error_of_the_folder(ready: Prepared, tmp_path: Path) -> None:
    model, width = ready.run_cache.networks.new("tiny"), ready.backbones["tiny"].features
    form = KINDS.form(HeadSpec("mlp", {"hidden": 6}, ("fc",)), features=2 * width, outputs=3, axes=(1,))
    attach_head(model, form, KINDS.build(form))  # the head replaces its own stage
    backbone, target = ready.backbones["tiny"], ready.task.target
    write_model(tmp_path / "model", model, backbone, target, input_size=32, kinds=KINDS)
    with pytest.raises(RunError, match="must run before the head"):
        opened(tmp_path / "model")


def test_a_stage_without_a_tensor_is_an_error_of_the_folder(
    write: Callable[[str], Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    folder, create_model = write("multi_layer"), timm.create_model

    def with_tuples(*args: Any, **options: Any) -> nn.Module:
        model: nn.Module = create_model(*args, **options)
        stage, after = model.get_submodule("layer3"), model.get_submodule("layer4")
        stage.register_forward_hook(lambda module, inputs, out: (out,))
        after.register_forward_pre_hook(lambda module, inputs: inputs[0])
        return model

    monkeypatch.setattr(timm, "create_model", with_tuples)
    with pytest.raises(RunError, match=r"must return a tensor .* \(got tuple\)"):
        opened(folder)


def test_labels_of_the_bank_that_are_no_class_are_an_error(write: Callable[[str], Path]) -> None:
    folder = write("neighbours")
    edit_tensors(body__labels=torch.full((9,), 3))(folder)
    with pytest.raises(RunError, match="labels must be from 0 to 2"):
        opened(folder)


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
