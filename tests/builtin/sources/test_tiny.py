import pytest

from autotl.backbone import create, load_reference
from autotl.builtin.sources.tiny import FOLDER, Tiny, autotl_backbones
from autotl.errors import WeightsError
from autotl.testing.backbone import BackboneSourceChecks

there = pytest.mark.skipif(not FOLDER.is_dir(), reason="the embedded weights have not been made")


@there
class TestTiny(BackboneSourceChecks):
    source = Tiny()
    openable = "tiny"


class TestTinyOffered(BackboneSourceChecks):
    source = next(iter(autotl_backbones()))


@there
def test_it_brings_its_reference_and_its_class_names():
    weights = Tiny().open("tiny")
    reference = load_reference(weights.folder)
    model = create(weights)
    assert reference.mean.shape == (model.num_features,)
    assert len(model.pretrained_cfg["label_descriptions"]) == model.num_classes


def test_a_broken_installation_is_reported(tmp_path):
    with pytest.raises(WeightsError, match="Install autotl again"):
        Tiny(tmp_path / "nowhere").open("tiny")
