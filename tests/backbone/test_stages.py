import pytest
import timm
import torch

from autotl.backbone import heads, layout, parameters_up_to

FAMILIES = [
    "resnet18", "vgg11", "mobilenetv2_100", "mobilenetv3_small_100", "efficientnet_b0", "convnext_atto",
    "regnety_002", "densenet121", "vit_tiny_patch16_224", "swin_tiny_patch4_window7_224",
    "hrnet_w18_small", "levit_128s",
]  # fmt: skip


def shell(name: str):
    """The model without memory for its weights: fast, and enough to see what runs when."""
    with torch.device("meta"):
        return timm.create_model(name)


@pytest.mark.parametrize("name", FAMILIES)
def test_stages_divide_all_parameters_but_the_heads_in_the_order_of_the_forward_pass(name):
    model = shell(name)
    found = layout(model)
    of_head = {id(p) for head in heads(model) for p in head.parameters()}
    body = [key for key, p in model.named_parameters() if id(p) not in of_head]
    assert sorted(key for part in found.parameters for key in part) == sorted(body)
    assert all(found.parameters)
    assert 3 <= len(found.stages) <= 9
    shares = [stage.flops for stage in found.stages]
    assert shares == sorted(shares)
    assert 0 < shares[0] < 0.5
    assert shares[-1] == pytest.approx(1)
    assert all(stage.channels > 0 and stage.reduction > 0 for stage in found.stages)
    modules = dict(model.named_modules())
    assert all(stage.module in modules for stage in found.stages)
    assert found.features == (model.head_hidden_size or model.num_features)


def test_blocks_that_keep_the_resolution_are_stages_too_and_so_is_a_convolution_behind_them_all():
    found = [stage.module for stage in layout(shell("mobilenetv2_100")).stages]
    assert found == [*(f"blocks.{i}" for i in range(7)), "conv_head"]


def test_the_stem_is_in_the_first_stage_and_what_follows_the_last_block_in_the_last():
    parts = layout(shell("mobilenetv2_100")).parameters
    assert {"conv_stem.weight", "bn1.weight"} <= parts[0]
    assert any(key.startswith("blocks.3.") for key in parts[3])
    assert {"conv_head.weight", "bn2.weight"} <= parts[-1]


def test_transformer_blocks_are_grouped_and_tokens_belong_to_the_first_group():
    found = layout(shell("vit_tiny_patch16_224"))
    assert [stage.module for stage in found.stages] == ["blocks.2", "blocks.5", "blocks.8", "blocks.11"]
    assert {"cls_token", "pos_embed", "patch_embed.proj.weight"} <= found.parameters[0]
    assert {"norm.weight", "norm.bias"} <= found.parameters[-1]


def test_every_module_but_the_heads_is_in_one_stage():
    model = shell("convnext_atto")
    named = [name for part in layout(model).modules for name in part]
    assert sorted([*named, "head.fc"]) == sorted(name for name, _ in model.named_modules() if name)


def test_recording_leaves_the_model_unchanged():
    model = timm.create_model("resnet18").train()
    model.layer1.eval()
    before = {key: value.clone() for key, value in model.state_dict().items()}
    modes = [module.training for module in model.modules()]
    layout(model)
    assert all(torch.equal(value, before[key]) for key, value in model.state_dict().items())
    assert [module.training for module in model.modules()] == modes


def test_parameters_up_to_a_stage_grow_to_all_but_the_head():
    model = shell("resnet18")
    assert parameters_up_to(model, -1) == frozenset()
    assert parameters_up_to(model, 0) == {"conv1.weight", "bn1.weight", "bn1.bias"}
    assert parameters_up_to(model, 4) == {k for k, _ in model.named_parameters()} - {"fc.weight", "fc.bias"}
