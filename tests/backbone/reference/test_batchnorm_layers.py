"""Inputs of BatchNorm layers are compared with their running statistics."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from torch import nn

from autotl.api import LayerLikeness, Likeness
from autotl.backbone import (
    batchnorm_inputs,
    batchnorm_layers,
    first_departed_layer,
    layer_similarity,
    moment_extractor,
    split_moments,
)


class Gap:
    """The squared difference of means, in variances of the source."""

    name, summary, reference = "gap", "made up", "none"

    def layer_distance(self, mean, var, source_mean, source_var):  # type: ignore[no-untyped-def]
        return float(((mean - source_mean) ** 2 / source_var).mean())


@pytest.fixture(scope="module")
def model() -> nn.Module:
    import timm

    torch.manual_seed(0)
    return timm.create_model("resnet10t", num_classes=3).eval()


def images(n: int, seed: int) -> torch.Tensor:
    return torch.randn(n, 3, 64, 64, generator=torch.Generator().manual_seed(seed))


def test_the_moments_are_those_that_batchnorm_itself_would_learn(model: nn.Module) -> None:
    layers = batchnorm_layers(model)
    assert len(layers) == sum(isinstance(module, nn.BatchNorm2d) for module in model.modules())
    x = images(6, 0)
    moments = split_moments(moment_extractor(model, layers)(x).double().numpy(), layers)
    first = layers[0]
    norm = model.get_submodule(first.name)
    fed: list[torch.Tensor] = []
    hook = norm.register_forward_pre_hook(lambda module, inputs: fed.append(inputs[0]))
    with torch.no_grad():
        model(x)
    hook.remove()
    mean, var = moments.of(first, np.arange(6))
    np.testing.assert_allclose(mean, fed[0].mean((0, 2, 3)), atol=1e-5)
    np.testing.assert_allclose(var, fed[0].var((0, 2, 3), correction=0), atol=1e-4)


def test_other_values_of_the_same_pass_are_appended(model: nn.Module) -> None:
    layers, x = batchnorm_layers(model), images(3, 0)
    alone, run = moment_extractor(model, layers)(x), batchnorm_inputs(model)
    both = moment_extractor(model, layers, run=run)(x)
    assert torch.equal(both, torch.cat([alone, run(x)], 1))
    moments = split_moments(both.double().numpy(), layers)
    assert moments.mean.shape == moments.square.shape == (3, alone.shape[1] // 2)


def test_recording_changes_neither_mode_nor_statistics(model: nn.Module) -> None:
    before = {name: value.clone() for name, value in model.state_dict().items()}
    model.train()
    moment_extractor(model, batchnorm_layers(model))(images(2, 1))
    assert model.training
    model.eval()
    assert all(torch.equal(value, before[name]) for name, value in model.state_dict().items())


def test_images_like_the_source_are_near_one_and_noise_is_zero(model: nn.Module) -> None:
    layers, look = batchnorm_layers(model), moment_extractor(model, batchnorm_layers(model))
    rows = {
        name: split_moments(look(x).double().numpy(), layers)
        for name, x in {
            "own": images(40, 2),
            "like": images(40, 3),
            "half": images(40, 4) + 1.5,
            "noise": images(40, 5) + 3,
        }.items()
    }

    def like(name: str) -> Likeness:
        return layer_similarity(rows[name], layers, rows["noise"], Gap(), own=rows["own"], seed=0)

    assert like("like").calibrated > 0.9
    assert 0.2 < like("half").calibrated < 0.8
    assert like("noise").calibrated < 0.1
    low, high = like("half").ci95
    assert low <= like("half").calibrated <= high
    assert [each.depth for each in like("half").layers] == sorted(each.depth for each in like("half").layers)


def test_the_departed_layer_starts_the_last_low_similarities() -> None:
    def of(*places: float) -> Likeness:
        layers = tuple(LayerLikeness(f"l{i}", i / 10, place) for i, place in enumerate(places))
        return Likeness(1.0, 0.5, (0.4, 0.6), "batchnorm", layers=layers)

    assert first_departed_layer(of(0.9, 0.3, 0.8)) is None
    found = first_departed_layer(of(0.9, 0.3, 0.8, 0.4, 0.1))
    assert found is not None
    assert found.layer == "l3"


def test_a_network_without_batchnorm_has_no_such_layers() -> None:
    import timm

    assert batchnorm_layers(timm.create_model("vit_tiny_patch16_224", num_classes=2)) == []
