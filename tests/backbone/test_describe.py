from dataclasses import replace

import pytest
import timm

from autotl.api import DataConfig, Weights
from autotl.backbone import Workload, create, describe, input_sizes_of
from autotl.backbone.describe import digest_of, source_classes
from autotl.clock import FakeClock, WallClock


class TickingClock(FakeClock):
    """An eighth of a second passes between two looks."""

    def now(self) -> float:
        self.advance(0.125)
        return super().now()


def config(input_size: int, *, fixed: bool = False) -> DataConfig:
    return DataConfig(input_size, (0.5,) * 3, (0.5,) * 3, "bilinear", 1.0, "center", fixed)


@pytest.mark.parametrize(
    ("native", "data", "input_sizes"),
    [
        (224, 300, (96, 128, 160, 224)),
        (64, 64, (32, 48, 64)),
        (224, 16, (96, 128)),
        (224, 8, (96,)),
        (299, 500, (128, 160, 224, 299)),
        (32, 32, (16, 32)),
    ],
)
def test_sizes_climb_to_the_native_one_and_stay_near_the_datas(native, data, input_sizes):
    assert input_sizes_of(config(native), data) == input_sizes


def test_a_fixed_size_is_the_only_one():
    assert input_sizes_of(config(224, fixed=True), 16) == (224,)


def test_a_backbone_is_described_from_its_folder(small):
    found = describe(small, typical_size=64, device="cpu", workload=Workload(100, None), clock=WallClock())
    assert (found.name, found.architecture, found.features) == ("small", "resnet18", 20)
    assert found.config == DataConfig(64, (0.5,) * 3, (0.5,) * 3, "bilinear", 1.0, "center", False)
    assert [c.names for c in found.classes] == [("tench", "Tinca tinca"), ("cat",), ("dog",)]
    assert found.parameters == sum(p.numel() for p in create(small).parameters())
    assert [stage.module for stage in found.stages] == ["act1", "layer1", "layer2", "layer3", "layer4"]
    assert found.input_sizes == (32, 48, 64)
    assert found.input_size == 64
    assert found.pace.input_size == found.input_sizes[len(found.input_sizes) // 2]
    assert found.pace.forward >= found.pace.training > 0


@pytest.mark.parametrize(
    ("seconds", "among", "input_size"),
    [(1.0, 1, 32), (150.0, 1, 48), (10_000.0, 1, 64), (190.0, 1, 64), (190.0, 2, 32), (360.0, 9, 64)],
)
def test_the_recommended_size_is_the_largest_that_takes_a_small_part_of_the_budget(
    small, seconds, among, input_size
):
    # 8 images in 0.125 s are 64 a second at 48 px: 1,000 images take 16 s there, 7 s at 32 px, 28 s at 64 px
    clock = TickingClock()
    found = describe(
        small, typical_size=64, device="cpu", workload=Workload(1000, seconds, among), clock=clock
    )
    assert found.pace.forward == 64
    assert found.input_size == input_size


def test_the_digest_names_the_function_and_not_the_place(small, tmp_path):
    model = create(small)
    assert digest_of(small, model) == digest_of(replace(small, name="other"), create(small))
    assert digest_of(replace(small, pretrained=False), model) != digest_of(small, model)
    changed = create(small)
    changed.pretrained_cfg["mean"] = (0.1, 0.1, 0.1)
    assert digest_of(small, changed) != digest_of(small, model)


def test_imagenet_classes_get_their_names_from_timm_for_its_own_weights_only(tmp_path):
    model = timm.create_model("test_resnet")
    hub = source_classes(Weights("r", "test_resnet.r160_in1k", "timm"), model)
    assert (hub[0].id, hub[0].names) == ("n01440764", ("tench", "Tinca tinca"))
    assert len(hub) == 1000
    (tmp_path / "config.json").write_text('{"architecture": "test_resnet"}', encoding="utf-8")
    own = source_classes(Weights("r", f"local-dir:{tmp_path}", "mine", folder=tmp_path), model)
    assert own == ()
