"""Layers near the input have lower rates, in the groups of timm."""

from __future__ import annotations

from typing import Any

import pytest
import timm
from timm.optim import param_groups_layer_decay
from torch import nn

from autotl.training.update.layer_decay import layer_groups

NETWORKS = ("resnet18", "efficientnet_lite0", "vit_tiny_patch16_224", "convnext_atto", "mobilenetv2_100")


class Plain(nn.Sequential):
    """A network without named layers, of 14 parameters below the classifier."""

    def __init__(self) -> None:
        layers = [layer for _ in range(4) for layer in (nn.Linear(4, 4), nn.BatchNorm1d(4))]
        super().__init__(*layers[:-1], nn.Linear(4, 2))
        self.pretrained_cfg: dict[str, Any] = {"classifier": "7"}


@pytest.mark.parametrize("name", [*NETWORKS, "plain"])
@pytest.mark.parametrize("decay", [0.75, 1.0])
def test_the_groups_are_those_of_timm(name: str, decay: float) -> None:
    model = Plain() if name == "plain" else timm.create_model(name, num_classes=3)
    frozen = next(iter(model.parameters()))
    frozen.requires_grad_(False)
    theirs = param_groups_layer_decay(model, 0.5, layer_decay=decay)
    ours = list(layer_groups(model, decay))
    assert [group.rate for group in ours] == [group["lr_scale"] for group in theirs]
    assert [0.5 if group.decays else 0.0 for group in ours] == [group["weight_decay"] for group in theirs]
    parameters = [[value for _, value in group.parameters] for group in ours]
    assert [[id(each) for each in group] for group in parameters] == [
        [id(each) for each in group["params"]] for group in theirs
    ]
    named = dict(model.named_parameters())
    assert all(named[key] is value for group in ours for key, value in group.parameters)


def test_a_network_with_several_classifiers_keeps_their_rate() -> None:
    model = Plain()
    model.pretrained_cfg = {"classifier": ("6", "7")}
    rates = {name: group.rate for group in layer_groups(model, 0.5) for name, _ in group.parameters}
    assert (rates["7.weight"], rates["6.weight"], rates["0.weight"]) == (1.0, 1.0, 0.5)


def test_a_network_without_a_known_classifier_is_one_layer() -> None:
    model = nn.Linear(3, 2)
    groups = list(layer_groups(model, 0.5))
    assert [(group.rate, group.decays, len(group.parameters)) for group in groups] == [
        (1.0, True, 1),
        (1.0, False, 1),
    ]
