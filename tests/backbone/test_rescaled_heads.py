"""A head can be changed so that its outputs are scaled and shifted."""

from __future__ import annotations

import copy
from typing import Any

import pytest
import timm
import torch
from torch import Tensor, nn

from autotl.api import HeadSpec
from autotl.backbone import pooled, scale_head
from autotl.builtin.heads.mlp import Mlp
from autotl.heads import HeadKinds, attach_head, attached_head

KINDS = HeadKinds({"mlp": Mlp()}, {"mlp": "autotl"})
SCALE, SHIFT = (2.0, 0.5, 10.0), (1.0, -3.0, 100.0)
SMALL: dict[str, dict[str, Any]] = {
    "resnet18": {},
    "mobilenetv3_small_050": {},
    "vgg11": {},  # its classifier is a linear layer behind others
}


def images() -> Tensor:
    return torch.randn(2, 3, 64, 64, generator=torch.Generator().manual_seed(0))


def network(name: str = "resnet18") -> nn.Module:
    torch.manual_seed(0)
    return timm.create_model(name, num_classes=3, **SMALL[name]).eval()


def with_head() -> nn.Module:
    model = network()
    width = pooled(model, images()).shape[1]
    form = KINDS.form(HeadSpec("mlp", {"hidden": 5}), features=width, outputs=3)
    torch.manual_seed(1)
    attach_head(model, form, KINDS.build(form)).eval()
    return model


@pytest.mark.parametrize("model", [*map(network, SMALL), with_head()], ids=[*SMALL, "mlp"])
def test_outputs_are_scaled_and_shifted(model: nn.Module) -> None:
    with torch.no_grad():
        expected = model(images()) * torch.tensor(SCALE) + torch.tensor(SHIFT)
        changed = scale_head(copy.deepcopy(model), SCALE, SHIFT)(images())
    torch.testing.assert_close(changed, expected, rtol=1e-4, atol=1e-4)


def test_a_layer_without_bias_gets_one_if_there_is_a_shift() -> None:
    model = network()
    model.fc = nn.Linear(512, 3, bias=False)
    with torch.no_grad():
        before = model(images())
        torch.testing.assert_close(scale_head(model, 3.0)(images()), 3 * before)
        assert model.fc.bias is None
        after = scale_head(model, 1.0, SHIFT)(images())
    torch.testing.assert_close(after, 3 * before + torch.tensor(SHIFT))


def test_a_head_is_rescaled_twice() -> None:
    model = with_head()
    with torch.no_grad():
        before = model(images())
        scale_head(scale_head(model, SCALE, SHIFT), 2.0, 1.0)
        expected = 2 * (before * torch.tensor(SCALE) + torch.tensor(SHIFT)) + 1
        torch.testing.assert_close(model(images()), expected)


def test_a_rescaled_head_can_be_loaded_into_a_new_one() -> None:
    model = scale_head(with_head(), SCALE, SHIFT)
    other = with_head()
    other.load_state_dict(model.state_dict())
    with torch.no_grad():
        torch.testing.assert_close(other(images()), model(images()))


def test_a_head_without_shift_is_saved_without_it() -> None:
    head = attached_head(scale_head(with_head(), 0.5))
    assert head is not None
    assert "shift" not in head.state_dict()
    assert head.state_dict()["scale"].shape == ()
