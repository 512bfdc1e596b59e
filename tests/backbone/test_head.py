import pytest
import timm
import torch
from torch import nn

from autotl.backbone import classifier_of, heads, new_head, pooled, set_head
from autotl.errors import WeightsError

FAMILIES = [
    "resnet18", "mobilenetv3_small_050", "efficientnet_b0", "convnext_atto", "regnety_002",
    "vit_tiny_patch16_224", "efficientvit_b0", "deit_tiny_distilled_patch16_224", "mambaout_femto",
]  # fmt: skip


def made(name: str) -> tuple[nn.Module, torch.Tensor]:
    model = timm.create_model(name).eval()
    input_size = model.pretrained_cfg["input_size"][-1] if model.pretrained_cfg["fixed_input_size"] else 64
    return model, torch.randn(2, 3, input_size, input_size)


@pytest.mark.parametrize("name", FAMILIES)
@torch.no_grad()
def test_a_classifier_of_the_pooled_features_becomes_the_models_own(name):
    model, x = made(name)
    new_head(model, 3)
    assert torch.equal(model(x), torch.zeros(2, 3))
    features = pooled(model, x)
    weight, bias = torch.randn(4, features.shape[1]), torch.randn(4)
    set_head(model, weight, bias)
    torch.testing.assert_close(model(x), features @ weight.T + bias, rtol=1e-4, atol=1e-4)
    assert all(map(torch.equal, classifier_of(model), (weight, bias)))


@pytest.mark.slow
@pytest.mark.parametrize("name", ["vgg11", "densenet121", "swin_tiny_patch4_window7_224", "mobilenetv2_100"])
def test_a_classifier_of_the_pooled_features_becomes_that_of_larger_models_too(name):
    test_a_classifier_of_the_pooled_features_becomes_the_models_own(name)


@torch.no_grad()
def test_a_classifier_that_is_a_convolution_is_filled_like_a_linear_one():
    model, x = made("resnet18")
    model.fc = nn.Conv2d(512, 2, 1)
    model.num_classes = 2
    weight, bias = torch.randn(2, 512), torch.randn(2)
    set_head(model, weight, bias)
    torch.testing.assert_close(
        model.fc(pooled(model, x)[..., None, None]).flatten(1), pooled(model, x) @ weight.T + bias
    )
    assert torch.equal(classifier_of(model)[0], weight)


def test_a_classifier_with_a_norm_of_its_own_starts_equal_and_is_refused_for_filling():
    model, x = made("levit_128s")
    new_head(model, 3)
    with torch.no_grad():
        assert torch.equal(model(x), torch.zeros(2, 3))
    with pytest.raises(WeightsError, match="linear layer"):
        set_head(model, torch.zeros(3, 384), torch.zeros(3))


def test_a_model_without_a_head_has_none():
    assert heads(timm.create_model("resnet18", num_classes=0)) == ()
