from pathlib import Path

import pytest
import timm
import torch
from autotl_kit.placebo import Placebo
from timm.models import save_for_hf

from autotl.backbone import create
from autotl.errors import UnknownName
from autotl.testing import BackboneSourceChecks


class TestPlacebo(BackboneSourceChecks):
    source = Placebo()
    openable = "placebo:test_resnet"


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    path = tmp_path / "network"
    save_for_hf(timm.create_model("test_resnet", num_classes=4), path, safe_serialization=True)
    return path


def test_a_folder_gives_its_architecture_without_its_weights(folder):
    real, placebo = (
        timm.create_model(f"local-dir:{folder}", pretrained=True),
        create(Placebo().open(f"placebo:{folder}")),
    )
    shapes = {name: value.shape for name, value in real.state_dict().items()}
    assert {name: value.shape for name, value in placebo.state_dict().items()} == shapes
    assert not torch.equal(placebo.conv1[0].weight, real.conv1[0].weight)


def test_the_random_weights_are_reproducible():
    first, second = (create(Placebo().open("placebo:test_resnet")).state_dict() for _ in range(2))
    assert all(torch.equal(value, second[name]) for name, value in first.items())


def test_it_offers_no_backbones():
    assert Placebo().offers() == ()
    assert not Placebo().opens("resnet18")


def test_the_error_for_an_unknown_model_lists_similar_names():
    with pytest.raises(UnknownName, match="Did you mean 'placebo:resnet18'"):
        Placebo().open("placebo:resnet81")
