"""The heat lies on the positions that raise an output, in networks of every form."""

from __future__ import annotations

import numpy as np
import pytest
import timm
import torch
from torch import Tensor, nn

from autotl.errors import ExplanationError
from autotl.explanation.attribution import GRAD_CAM, GRADIENT_X_ACTIVATION, attribution_of
from autotl.explanation.layers import positioned_layers

SMALL = {"img_size": 64, "depth": 3, "embed_dim": 24, "num_heads": 2}
WINDOWS = {"img_size": 64, "window_size": 2, "embed_dim": 12, "depths": (1, 1, 1), "num_heads": (1, 1, 2)}


def network(name: str, **more: object) -> nn.Module:
    torch.manual_seed(0)
    size = {"input_size": (3, 64, 64)}
    return timm.create_model(name, num_classes=3, pretrained_cfg_overlay=size, **more).eval()


def images(side: int) -> Tensor:
    return torch.randn(1, 3, side, side, generator=torch.Generator().manual_seed(0))


def test_grad_cam_is_the_formula_of_its_paper() -> None:
    model, x = network("resnet10t"), images(64)
    found = attribution_of(model, x, 0)
    assert (found.method, found.layer.name, found.layer.form) == (GRAD_CAM, "layer4", "maps")
    kept: list[Tensor] = []
    handle = model.get_submodule("layer4").register_forward_hook(lambda m, i, out: kept.append(out))
    outputs = model(x)
    handle.remove()
    (gradient,) = torch.autograd.grad(outputs[0, 0], kept[0])
    maps = (gradient.mean((2, 3), keepdim=True) * kept[0]).sum(1)[0].relu()
    expected = (maps / maps.max()).detach().numpy()
    np.testing.assert_allclose(found.heat(model, x, 0), expected, atol=1e-5)


@pytest.mark.parametrize(
    ("name", "more", "side", "layer", "prefix"),
    [
        ("vit_tiny_patch16_224", {**SMALL}, 64, "blocks.1", 1),
        ("vit_tiny_patch16_224", {**SMALL, "global_pool": "avg"}, 64, "blocks.2", 1),
    ],
)
def test_tokens_of_a_transformer_are_explained_before_they_are_ignored(
    name: str, more: dict[str, object], side: int, layer: str, prefix: int
) -> None:
    model, x = network(name, **more), images(side)
    found = attribution_of(model, x, 0)
    assert (found.method, found.layer.name, found.layer.prefix) == (GRADIENT_X_ACTIVATION, layer, prefix)
    heat = found.heat(model, x, 0)
    assert heat.shape == (4, 4)
    assert (heat.min(), heat.max()) == (0, 1)


def test_channels_may_come_last() -> None:
    model, x = network("swin_tiny_patch4_window7_224", **WINDOWS), images(64)
    found = attribution_of(model, x, 0)
    assert found.layer.form == "channels_last"
    assert found.heat(model, x, 0).max() == 1


def test_a_layer_whose_map_is_one_pixel_is_passed_over() -> None:
    layers = positioned_layers(network("resnet10t"), images(32))
    assert layers[0].name == "layer3"
    assert all(each.height * each.width > 1 for each in layers)


class Flat(nn.Module):
    """A network without positions, with the names of a timm model."""

    num_features, num_classes = 8, 3

    def __init__(self) -> None:
        super().__init__()
        self.pretrained_cfg = {"input_size": (3, 8, 8)}
        self.body, self.fc = nn.Linear(3 * 8 * 8, 8), nn.Linear(8, 3)

    def get_classifier(self) -> nn.Module:
        return self.fc

    def forward_features(self, x: Tensor) -> Tensor:
        return self.body(x.flatten(1))

    def forward_head(self, x: Tensor, pre_logits: bool = False) -> Tensor:
        return x if pre_logits else self.fc(x)

    def forward(self, x: Tensor) -> Tensor:
        return self.forward_head(self.forward_features(x))


def test_a_network_without_positions_is_refused() -> None:
    with pytest.raises(ExplanationError, match=r"layer with positions.*got Flat"):
        attribution_of(Flat().eval(), images(8), 0)
