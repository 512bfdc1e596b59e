import warnings

import pytest
import timm
import torch
from autotl_peft.layers import updatable_layers
from autotl_peft.updates import Update, UpdatedNetwork
from torch import nn

pytest.importorskip("peft", reason="the package peft is not installed")

UPDATES = [Update(4, 8, dropout, dora) for dora in (False, True) for dropout in (0.0, 0.1)]
NETWORKS = ["test_resnet", "test_efficientnet", "test_vit", "test_convnext"]


def stock(name):
    torch.manual_seed(0)
    return timm.create_model(name, pretrained=False, num_classes=3).eval()


def images():
    return torch.randn(2, 3, 160, 160, generator=torch.Generator().manual_seed(1))


def updated(model, update, *, seed=0):
    layers = updatable_layers(model, 0)
    return UpdatedNetwork(model, layers, update, torch.Generator().manual_seed(seed)), layers


def train(network):
    """Change all that training changes."""
    generator = torch.Generator().manual_seed(2)
    with torch.no_grad():
        for name, value in network.model.named_parameters():
            if ".lora_" in name:
                value.add_(0.05 * torch.randn(value.shape, generator=generator))


@pytest.mark.parametrize("update", UPDATES, ids=lambda each: f"dora={each.dora}-{each.dropout}")
@pytest.mark.parametrize("name", NETWORKS)
def test_the_merged_network_computes_what_was_trained(name, update):
    network, layers = updated(stock(name), update)
    plain, _ = stock(name), train(network)
    before = plain(images())
    plain.load_state_dict(network.merged_state())  # refuses other names
    network.model.eval()
    with torch.no_grad():
        expected, found = network.model(images()), plain(images())
    assert layers
    assert not torch.allclose(before, expected, rtol=1e-2)
    torch.testing.assert_close(found, expected, rtol=1e-3, atol=1e-4)


@pytest.mark.parametrize("update", UPDATES[::2], ids=lambda each: f"dora={each.dora}")
def test_updates_start_at_zero(update):
    network, _ = updated(stock("test_resnet"), update)
    source = stock("test_resnet").state_dict()
    for name, value in network.merged_state().items():
        torch.testing.assert_close(value, source[name], rtol=1e-5, atol=1e-7)


def test_a_merge_leaves_the_trained_network_alone():
    network, _ = updated(stock("test_resnet"), UPDATES[2])
    train(network)
    before = {name: value.clone() for name, value in network.model.state_dict().items()}
    once, twice = network.merged_state(), network.merged_state()
    after = network.model.state_dict()
    assert all(torch.equal(once[name], twice[name]) for name in once)
    assert all(torch.equal(before[name], after[name]) for name in before)


def test_only_updates_require_gradients():
    network, layers = updated(stock("test_resnet"), UPDATES[0])
    trained = [name for name, value in network.model.named_parameters() if value.requires_grad]
    assert len(trained) == 2 * len(layers)
    assert all(".lora_" in name for name in trained)


def test_the_generator_alone_draws_the_first_matrices():
    def drawn(seed, global_seed):
        torch.manual_seed(global_seed)
        network, _ = updated(stock("test_resnet"), UPDATES[0], seed=seed)
        return torch.cat([v.flatten() for n, v in network.model.named_parameters() if ".lora_A." in n])

    assert torch.equal(drawn(0, 1), drawn(0, 2))
    assert not torch.equal(drawn(0, 1), drawn(1, 1))


def test_a_broken_update_is_an_error():
    network, _ = updated(stock("test_resnet"), UPDATES[0])
    with torch.no_grad():
        next(v for n, v in network.model.named_parameters() if ".lora_B." in n).fill_(torch.nan)
    with pytest.raises(ValueError, match="NaN"):
        network.merged_state()


def test_no_layer_gets_an_update_by_the_end_of_its_name():
    model = stock("test_resnet")
    chosen = next(name for name in updatable_layers(model, 0) if name.endswith("0.conv1"))
    UpdatedNetwork(model, [chosen], UPDATES[0], torch.Generator())
    found = {name.partition(".lora_")[0] for name, _ in model.named_parameters() if ".lora_" in name}
    assert found == {chosen}


def test_grouped_convolutions_and_the_classifier_get_none():
    model = stock("test_efficientnet")
    found = {name: dict(model.named_modules())[name] for name in updatable_layers(model, 0)}
    assert any(isinstance(each, nn.Conv2d) and each.groups > 1 for each in model.modules())
    assert found
    assert all(each.groups == 1 for each in found.values() if isinstance(each, nn.Conv2d))
    assert model.get_classifier() not in found.values()


def test_standardised_and_dilated_convolutions_get_none():
    from timm.layers import StdConv2d

    model = timm.create_model("resnet18", num_classes=3, layers=[1] * 4, channels=[8] * 4, output_stride=8)
    model.conv1 = StdConv2d(3, 64, 7, stride=2, padding=3)
    named = dict(model.named_modules())
    found = updatable_layers(model, 0)
    assert "conv1" not in found
    assert any(isinstance(each, nn.Conv2d) and each.dilation[0] > 1 for each in named.values())
    assert all(named[name].dilation == (1, 1) for name in found)


def test_layers_whose_weight_is_read_without_a_call_get_none():
    model = timm.create_model("beit_base_patch16_224", num_classes=3, depth=1, embed_dim=32, num_heads=2)
    found = updatable_layers(model, 0)
    assert "blocks.0.mlp.fc1" in found
    assert "blocks.0.attn.qkv" not in found


def test_later_stages_only():
    model = stock("test_resnet")
    early, late = updatable_layers(model, 0), updatable_layers(model, 2)
    assert 0 < len(late) < len(early)
    assert early[-len(late) :] == late


def test_peft_warns_of_nothing():
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        updated(stock("test_vit"), UPDATES[3])[0].merged_state()
