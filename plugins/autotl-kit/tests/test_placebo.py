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
    made = tmp_path / "mine"
    save_for_hf(timm.create_model("test_resnet", num_classes=4), made, safe_serialization=True)
    return made


def test_a_folder_lends_its_architecture_and_not_its_weights(folder):
    real, sham = (
        timm.create_model(f"local-dir:{folder}", pretrained=True),
        create(Placebo().open(f"placebo:{folder}")),
    )
    shapes = {name: value.shape for name, value in real.state_dict().items()}
    assert {name: value.shape for name, value in sham.state_dict().items()} == shapes
    assert not torch.equal(sham.conv1[0].weight, real.conv1[0].weight)


def test_it_is_the_same_placebo_every_time():
    first, second = (create(Placebo().open("placebo:test_resnet")).state_dict() for _ in range(2))
    assert all(torch.equal(value, second[name]) for name, value in first.items())


def test_nobody_gets_one_without_asking():
    assert Placebo().offers() == ()
    assert not Placebo().opens("resnet18")


def test_a_misspelt_model_is_answered_with_its_neighbours():
    with pytest.raises(UnknownName, match="Did you mean 'placebo:resnet18'"):
        Placebo().open("placebo:resnet81")
