import shutil
from dataclasses import replace
from pathlib import Path

import pytest
import torch
from safetensors.torch import load_file, save_file

from autotl.api import Weights
from autotl.backbone import create, weights_file
from autotl.errors import WeightsError


def copy_of(weights: Weights, tmp_path: Path) -> Weights:
    folder = tmp_path / "copy"
    shutil.copytree(weights.folder, folder)
    return replace(weights, timm_name=f"local-dir:{folder}", folder=folder)


def test_the_source_head_is_kept_dropped_or_replaced_by_a_zero_one(small):
    x = torch.randn(2, 3, 64, 64)
    with torch.no_grad():
        assert create(small)(x).shape == (2, 3)
        assert create(small, classes=0)(x).shape == (2, 20)
        logits = create(small, classes=7)(x)
    assert torch.equal(logits, torch.zeros(2, 7))


def test_scratch_depends_on_the_seed_alone_and_leaves_the_global_random_state(small):
    state = torch.get_rng_state()
    first, second = (create(small, classes=2, pretrained=False, seed=1).state_dict() for _ in range(2))
    other = create(small, classes=2, pretrained=False, seed=2).state_dict()
    assert all(torch.equal(first[key], second[key]) for key in first)
    assert not torch.equal(first["layer1.0.conv1.weight"], other["layer1.0.conv1.weight"])
    assert torch.equal(torch.get_rng_state(), state)


def test_scratch_has_the_shape_of_the_pretrained_model(small):
    shapes = [
        {k: v.shape for k, v in create(small, pretrained=p).state_dict().items()} for p in (True, False)
    ]
    assert shapes[0] == shapes[1]


def test_damaged_weights_are_reported(small, tmp_path):
    weights = copy_of(small, tmp_path)
    file = weights_file(weights)
    file.write_bytes(file.read_bytes()[:1000])
    with pytest.raises(WeightsError, match=r"cannot be loaded"):
        create(weights)


def test_weights_of_another_architecture_are_refused(small, tmp_path):
    weights = copy_of(small, tmp_path)
    config = weights.folder / "config.json"
    config.write_text(config.read_text().replace("resnet18", "resnet50"))
    with pytest.raises(WeightsError, match=r"cannot be loaded"):
        create(weights)


def test_weights_that_are_not_finite_are_refused(small, tmp_path):
    weights = copy_of(small, tmp_path)
    state = load_file(weights_file(weights))
    state["layer1.0.conv1.weight"][0] = float("nan")
    save_file(state, weights_file(weights))
    with pytest.raises(WeightsError, match=r"must be finite .* layer1\.0\.conv1\.weight"):
        create(weights)


def test_a_pickle_is_refused_with_advice(small, tmp_path):
    weights = copy_of(small, tmp_path)
    weights_file(weights).rename(weights.folder / "pytorch_model.bin")
    with pytest.raises(WeightsError, match=r"pytorch_model\.bin, a pickle.*safetensors\.torch\.save_file"):
        create(weights)
    create(weights, pretrained=False)
