"""A folder of impossible weights is refused with the reason and a remedy."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from safetensors.torch import load_file, save_file
from torch import Tensor

from autotl.api import Weights
from autotl.backbone import Workload, describe, read_config
from autotl.clock import FakeClock
from autotl.errors import WeightsError

Change = Callable[[dict[str, Any]], Any]
State = Callable[[dict[str, Tensor]], dict[str, Tensor]]


def edited(source: Path, folder: Path, change: Change | None = None, state: State | None = None) -> Weights:
    shutil.copytree(source, folder)
    if change is not None:
        config = json.loads((folder / "config.json").read_text())
        change(config)
        (folder / "config.json").write_text(json.dumps(config))
    if state is not None:
        file = folder / "model.safetensors"
        save_file(state(load_file(file)), file, {"format": "pt"})
    return Weights("edited", f"local-dir:{folder}", "edited by a test", folder=folder)


def described(weights: Weights) -> Any:
    return describe(weights, typical_size=32, device="cpu", workload=Workload(50, None), clock=FakeClock())


def args(**given: Any) -> Change:
    return lambda config: config.setdefault("model_args", {}).update(given)


def wants(**given: Any) -> Change:
    return lambda config: config["pretrained_cfg"].update(given)


def says(**given: Any) -> Change:
    return lambda config: config.update(given)


@pytest.mark.parametrize(
    ("change", "why"),
    [
        (args(features_only=True), "features_only=True, which controls"),
        (args(pretrained_strict=False), "pretrained_strict=False, which controls"),
        (args(global_pool=""), r"must take the \d+ features of the network .got \d+"),
        (args(drop_rate=5), r"drop_rate in \[0, 1\) .got 5"),
        (args(num_classes=2), "network and its weights .got 2 and 3"),
        (says(model_args=[1]), r"model_args.* must be an object .got .1."),
        (says(label_names=5), "label_names.* must hold names of classes .got 5"),
        (says(label_descriptions=5), "label_descriptions.* must hold names of classes .got 5"),
        (wants(std=[0.5, 0.0, 0.5]), "three numbers in"),
        (wants(mean=[0.5, 0.5]), "three numbers in"),
        (wants(mean="abc"), "cannot be used"),
        (wants(input_size=[3, 0, 0]), "input_size .* must be 1 to 4096 pixels .got 0"),
        (wants(input_size=[3, -5, -5]), "input_size .* must be 1 to 4096 pixels .got -5"),
        (wants(input_size=[3, 10**6, 10**6]), "input_size .* must be 1 to 4096 pixels .got 1000000"),
        (wants(crop_pct=-1), "crop_pct .* .got -1.0"),
    ],
)
def test_wrong_entries_of_a_folder_are_refused(
    small_folder: Path, tmp_path: Path, change: Change, why: str
) -> None:
    with pytest.raises(WeightsError, match=why):
        described(edited(small_folder, tmp_path / "edited", change))


@pytest.mark.parametrize(
    ("state", "why"),
    [
        (
            lambda s: {k: -v - 1 if "running_var" in k else v for k, v in s.items()},
            "must not be negative",
        ),
        (lambda s: {k: v for k, v in s.items() if k != "layer1.0.conv1.weight"}, "layer1.0.conv1.weight"),
    ],
)
def test_impossible_weights_are_refused(small_folder: Path, tmp_path: Path, state: State, why: str) -> None:
    with pytest.raises(WeightsError, match=why):
        described(edited(small_folder, tmp_path / "edited", state=state))


def test_a_folder_with_strict_loading_is_accepted(small_folder: Path, tmp_path: Path) -> None:
    assert described(edited(small_folder, tmp_path / "edited", args(pretrained_strict=True))).features > 0


def test_a_config_nested_deeply_is_refused(tmp_path: Path) -> None:
    (tmp_path / "config.json").write_text("[" * 100_000)
    with pytest.raises(WeightsError, match=r"config\.json cannot be read as JSON: it is nested too deeply"):
        read_config(tmp_path)
