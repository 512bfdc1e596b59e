import copy

import pytest
import timm
import torch
from torch import nn

from autotl.backbone import HEAD, Cuts, cut, freeze, layout, new_head, pooled

FAMILIES = ["test_resnet", "test_efficientnet", "mobilenetv3_small_050", "test_convnext", "test_vit"]


def side_of(model: nn.Module) -> int:
    return model.pretrained_cfg["input_size"][-1] if model.pretrained_cfg["fixed_input_size"] else 64


@pytest.mark.parametrize("name", FAMILIES)
def test_the_halves_compute_what_the_whole_does(name):
    model = timm.create_model(name, num_classes=3, drop_path_rate=0.2).eval()
    input_size = side_of(model)
    x = torch.randn(2, 3, input_size, input_size)
    for stage in layout(model).stages[:-1]:
        halves = cut(model, stage.module, input_size=input_size)
        assert halves is not None, stage.module
        prefix, suffix = halves
        with torch.no_grad():
            assert torch.equal(suffix(prefix(x)), model(x))


@pytest.mark.slow
@pytest.mark.parametrize(
    "name", ["resnet18", "mobilenetv2_100", "efficientnet_b0", "convnext_atto", "regnety_002", "densenet121",
             "swin_tiny_patch4_window7_224", "vit_tiny_patch16_224"],
)  # fmt: skip
def test_larger_families_can_be_cut_after_every_stage(name):
    model = timm.create_model(name)
    assert all(cut(model, stage.module) is not None for stage in layout(model).stages)


def test_training_the_suffix_trains_the_model_and_only_behind_the_cut():
    model = timm.create_model("test_resnet", num_classes=2)
    before = {key: value.clone() for key, value in model.state_dict().items()}
    train_mode = freeze(model, 2, norm="batch")
    prefix, suffix = cut(model, layout(model).stages[1].module, input_size=64)
    train_mode(model)
    with torch.no_grad():
        rows = prefix(torch.randn(4, 3, 64, 64))
    optimiser = torch.optim.SGD((p for p in model.parameters() if p.requires_grad), lr=0.1)
    for _ in range(3):  # residual branches start at zero: their weights move from the second step on
        optimiser.zero_grad()
        nn.functional.cross_entropy(suffix(rows), torch.tensor([0, 1, 0, 1])).backward()
        optimiser.step()
    frozen = set().union(*layout(model).modules[:2])
    for key, value in model.state_dict().items():
        if key.rpartition(".")[0] in frozen:
            assert torch.equal(value, before[key])
    assert not torch.equal(model.layer4[0].conv1.weight, before["layer4.0.conv1.weight"])
    assert not torch.equal(model.layer4[0].bn1.running_mean, before["layer4.0.bn1.running_mean"])


def test_the_suffix_drops_paths_in_training_only():
    model = timm.create_model("test_convnext", num_classes=2, drop_path_rate=0.9)
    _, suffix = cut(model, "stages.1", input_size=64)
    rows = torch.randn(16, model.feature_info[1]["num_chs"], 8, 8)
    with torch.no_grad():
        model.train()
        assert not torch.equal(suffix(rows), suffix(rows))
        model.eval()
        assert torch.equal(suffix(rows), suffix(rows))


def test_zero_outputs_of_a_new_head_verify_no_cut():
    model = timm.create_model("test_resnet")
    new_head(model, 3)
    prefix, suffix = cut(model, "layer2", input_size=64)
    nn.init.normal_(model.fc.weight)
    x = torch.randn(2, 3, 64, 64)
    with torch.no_grad():
        model.eval()
        assert torch.equal(suffix(prefix(x)), model(x))


def test_a_module_that_several_values_pass_by_is_no_cut():
    model = timm.create_model("test_resnet")
    assert cut(model, "layer2.0.conv1", input_size=64) is None
    assert cut(model, "no.such.module", input_size=64) is None


def test_cutting_leaves_modes_and_state_alone():
    model = timm.create_model("test_resnet").train()
    model.layer1.eval()
    modes = [module.training for module in model.modules()]
    keys = list(model.state_dict())
    cut(model, "layer1", input_size=64)
    assert [module.training for module in model.modules()] == modes
    assert list(model.state_dict()) == keys


@pytest.mark.parametrize("name", ["test_resnet", "test_efficientnet", "mobilenetv3_small_050", "test_vit"])
def test_pieces_in_a_row_compute_what_the_whole_does_up_to_the_classifier(name):
    model = timm.create_model(name, num_classes=3).eval()
    input_size = side_of(model)
    cuts = Cuts(model, input_size=input_size)
    x = torch.randn(2, 3, input_size, input_size)
    points = [stage.module for stage in layout(model).stages[:-1]]
    with torch.no_grad():
        value, start = x, None
        for point in [*points, HEAD]:
            assert point in cuts
            value, start = cuts.piece(start, point)(value), point
        assert torch.equal(value.flatten(1), pooled(model, x))
        assert torch.equal(cuts.suffix(HEAD)(value), model(x))


def test_blocks_inside_a_stage_can_be_cut_too():
    model = timm.create_model("mobilenetv2_100", num_classes=3)
    cuts = Cuts(model, input_size=64)
    assert "blocks.3.1" in cuts
    assert "blocks.3.1.conv_pw" not in cuts  # its shortcut passes by


def test_the_suffix_of_another_copy_trains_that_copy():
    model = timm.create_model("test_resnet", num_classes=2)
    other = copy.deepcopy(model)
    suffix = Cuts(model, input_size=64).suffix("layer2", other)
    rows = torch.randn(2, model.feature_info[2]["num_chs"], 8, 8)
    suffix(rows).sum().backward()
    assert other.layer4[0].conv1.weight.grad is not None
    assert model.layer4[0].conv1.weight.grad is None
