"""A damaged or edited model folder with a head that is not linear is an error of the folder."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import pytest
import timm
import torch
from safetensors.torch import load_file, save_file
from torch import nn

from autotl.api import HeadSpec
from autotl.builtin.heads.mlp import Mlp
from autotl.errors import RunError
from autotl.heads import HeadKinds, attach_head
from autotl.pipeline.prepare import Prepared
from autotl.results import write_model
from autotl.testing import tiny_run
from tests.support.head_folders import KINDS, Trees, images, opened, written


@pytest.fixture(scope="module")
def ready(tmp_path_factory: pytest.TempPathFactory) -> Prepared:
    return tiny_run(tmp_path_factory.mktemp("cache"))


@pytest.fixture
def write(ready: Prepared, tmp_path: Path) -> Callable[[str], Path]:
    return lambda kind: written(tmp_path / kind, ready, kind)


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
