import json
from pathlib import Path

import pytest
import timm
from timm.models import save_for_hf

from autotl.api import Weights
from autotl.backbone import Workload, create, describe
from autotl.builtin.sources.model_folder import ModelFolder
from autotl.clock import WallClock
from autotl.errors import WeightsError
from autotl.testing.backbone import BackboneSourceChecks

SHARED = Path(__file__).parents[3].parent / "shared" / "weights" / "mobilenetv2_100.in1k"


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A model as timm itself saves it."""
    made = tmp_path / "mine"
    save_for_hf(timm.create_model("test_resnet", num_classes=4), made, safe_serialization=True)
    return made


class TestModelFolder(BackboneSourceChecks):
    source = ModelFolder()

    @pytest.fixture(autouse=True)
    def _openable(self, folder: Path) -> None:
        self.openable = str(folder)


def test_a_folder_opens_by_its_path_or_by_timms_name_for_it(folder, monkeypatch):
    weights = ModelFolder().open(f"local-dir:{folder}")
    assert weights == Weights(
        "mine", f"local-dir:{folder}", origin=f"local folder {folder} (test_resnet)", folder=folder
    )
    monkeypatch.chdir(folder.parent)
    assert ModelFolder().opens("mine")
    assert ModelFolder().open("mine").timm_name == weights.timm_name
    assert create(weights).num_classes == 4


def test_a_folder_without_a_config_gets_an_error_that_names_it(tmp_path):
    assert ModelFolder().opens(str(tmp_path))
    with pytest.raises(WeightsError, match=r"config\.json cannot be read"):
        ModelFolder().open(str(tmp_path))


def test_a_missing_folder_is_named(tmp_path):
    with pytest.raises(WeightsError, match="There is no folder"):
        ModelFolder().open(f"local-dir:{tmp_path / 'nowhere'}")


def test_an_architecture_that_timm_has_not_is_named(folder):
    config = json.loads((folder / "config.json").read_text())
    (folder / "config.json").write_text(json.dumps({**config, "architecture": "resnot18"}))
    with pytest.raises(WeightsError, match=r"must be a model of timm .* .got 'resnot18'"):
        ModelFolder().open(str(folder))


def test_a_pickle_is_refused_with_advice(folder):
    (folder / "model.safetensors").rename(folder / "pytorch_model.bin")
    with pytest.raises(WeightsError, match="a pickle, which autotl does not load"):
        ModelFolder().open(str(folder))


@pytest.mark.skipif(not SHARED.is_dir(), reason="the shared weights are absent")
def test_a_real_folder_is_described_with_its_class_names():
    weights = ModelFolder().open(str(SHARED))
    found = describe(weights, typical_size=64, device="cpu", workload=Workload(10, 60.0), clock=WallClock())
    assert found.name == "mobilenetv2_100.in1k"
    assert found.classes[0].names == ("tench", "Tinca tinca")
    assert (len(found.classes), found.features, found.parameters) == (1000, 1280, 3_504_872)
    assert found.input_sizes == (96, 128, 160, 224)
