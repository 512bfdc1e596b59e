"""Folders of weights that were copied, edited or made wrongly."""

from __future__ import annotations

import json
import os
import shutil
import struct
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import timm
import torch
from safetensors.torch import load_file, save_file
from timm.models import save_for_hf

from autotl.backbone import Workload, describe, find
from autotl.builtin.sources.model_folder import ModelFolder
from autotl.clock import FakeClock
from autotl.errors import WeightsError

Config = dict[str, Any]


@pytest.fixture(scope="module")
def saved(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A small network as timm saves it."""
    folder = tmp_path_factory.mktemp("weights") / "small"
    save_for_hf(timm.create_model("test_resnet", num_classes=3), folder, safe_serialization=True)
    return folder


@pytest.fixture
def folder(saved: Path, tmp_path: Path) -> Path:
    return Path(shutil.copytree(saved, tmp_path / "small"))


def opened(folder: Path) -> Any:
    weights = find(str(folder), {"model_folder": ModelFolder()})
    return describe(weights, typical_size=32, device="cpu", workload=Workload(50, None), clock=FakeClock())


def model(**given: Any) -> Callable[[Config], None]:
    return lambda config: config["model_args"].update(given)


def images(**given: Any) -> Callable[[Config], None]:
    return lambda config: config["pretrained_cfg"].update(given)


def whole(**given: Any) -> Callable[[Config], None]:
    return lambda config: config.update(given)


@pytest.mark.parametrize(
    "change",
    [
        images(mean=[1e300, 0, 0]),
        images(std=[1e-30, 1, 1]),
        images(std=[1, 1]),
        images(input_size="3,64,64"),
        images(input_size=[3, 64, 10**5]),
        images(crop_pct="big"),
        images(label_offset=1),
        whole(pretrained_cfg=[1]),
        whole(pretrained_cfg="x"),
        whole(num_classes=-1),
        whole(num_classes=10**9),
        whole(num_classes="3"),
        whole(label_names=[["a"], ["b"], ["c"]]),
        whole(architecture="hf-hub:someone/else"),
        whole(architecture="local-dir:/etc"),
        whole(architecture="../small"),
        whole(architecture="resnet18"),
        model(in_chans=1),
        model(channels=[1, 2, 3, 4]),
        model(block="os.system"),
        model(act_layer="nonsense"),
        model(nonsense=1),
        model(global_pool="catavgmax"),
    ],
    ids=[
        "huge-mean", "tiny-std", "two-stds", "text-size", "large-size", "text-crop", "offset", "list-cfg",
        "text-cfg", "minus-one-class", "10-9-classes", "text-classes", "names-in-lists", "hub", "folder",
        "step-up", "other-network", "grey", "channels", "function", "activation", "unknown", "pooling",
    ],
)  # fmt: skip
def test_a_wrong_config_is_refused(folder: Path, change: Callable[[Config], None]) -> None:
    config = json.loads((folder / "config.json").read_text())
    change(config)
    (folder / "config.json").write_text(json.dumps(config))
    with pytest.raises(WeightsError):
        opened(folder)


@pytest.mark.parametrize(
    "change",
    [
        images(url="http://example.org/x.pth", file="/etc/passwd", hf_hub_id="someone/else"),
        images(first_conv="nonsense", custom_load=True, state_dict={"a": 1}),
        whole(label_names=["a", "b"]),
        whole(label_names=[1, 2, 3], label_descriptions={"a": None}),
        model(drop_rate=None),
    ],
    ids=["other-places", "loading", "two-names", "numbers", "null"],
)
def test_what_does_not_matter_is_passed_over(folder: Path, change: Callable[[Config], None]) -> None:
    config = json.loads((folder / "config.json").read_text())
    change(config)
    (folder / "config.json").write_text(json.dumps(config))
    assert opened(folder).features > 0


FILES: dict[str, bytes | None] = {
    "empty": b"",
    "one-byte": b"\1",
    "huge-header": struct.pack("<Q", 2**60) + b"{}",
    "header-that-lies": struct.pack("<Q", 100) + b"{}",
    "deep-header": struct.pack("<Q", 100_000) + b"[" * 100_000,
    "pickle": b"\x80\x04.",
    "zip": b"PK\3\4" + bytes(100),
    "lfs-pointer": b"version https://git-lfs.github.com/spec/v1\noid sha256:0\nsize 9\n",
    "cut-short": None,
}


@pytest.mark.parametrize("form", FILES)
def test_a_file_that_holds_no_weights_is_refused(folder: Path, form: str) -> None:
    file = folder / "model.safetensors"
    content = FILES[form]
    file.write_bytes(file.read_bytes()[:-50] if content is None else content)
    with pytest.raises(WeightsError, match="cannot be loaded: Error while deserializing header"):
        opened(folder)


Tensors = dict[str, torch.Tensor]


@pytest.mark.parametrize(
    "change",
    [
        lambda state: {name: value for name, value in state.items() if not name.startswith("fc")},
        lambda state: state | {"one more": torch.zeros(3)},
        lambda state: {name: value[:1].clone() for name, value in state.items()},
        lambda state: {name: value * float("nan") for name, value in state.items()},
        lambda state: {name: value * float("inf") for name, value in state.items()},
    ],
    ids=["no-head", "one-more", "other-shapes", "nan", "infinite"],
)  # fmt: skip
def test_weights_of_another_network_are_refused(folder: Path, change: Callable[[Tensors], Tensors]) -> None:
    file = folder / "model.safetensors"
    state = {name: value for name, value in load_file(file).items() if value.is_floating_point()}
    rest = {name: value for name, value in load_file(file).items() if name not in state}
    save_file(change(state) | rest, file, {"format": "pt"})
    with pytest.raises(WeightsError, match=r"cannot be loaded|must be finite|must not be negative"):
        opened(folder)


@pytest.mark.parametrize("type_", [torch.float16, torch.bfloat16, torch.float64], ids=str)
def test_weights_of_another_precision_are_read(folder: Path, type_: torch.dtype) -> None:
    file = folder / "model.safetensors"
    state = {name: value.to(type_) for name, value in load_file(file).items()}
    save_file(state, file, {"format": "pt"})
    assert opened(folder).features > 0


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="the system has no named pipes")
@pytest.mark.parametrize("name", ["config.json", "model.safetensors"])
@pytest.mark.parametrize("kind", ["pipe", "device", "folder", "link-to-nothing", "nothing"])
def test_a_part_that_is_no_file_is_never_waited_for(folder: Path, name: str, kind: str) -> None:
    path = folder / name
    path.unlink()
    {
        "pipe": lambda: os.mkfifo(path),
        "device": lambda: path.symlink_to("/dev/zero"),
        "folder": path.mkdir,
        "link-to-nothing": lambda: path.symlink_to("gone"),
        "nothing": lambda: None,
    }[kind]()
    with pytest.raises(WeightsError, match=name.replace(".", r"\.")):
        opened(folder)
