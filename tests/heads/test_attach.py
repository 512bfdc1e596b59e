"""A head takes the place of the classifier of any stock timm model."""

from __future__ import annotations

import copy
import pickle
from concurrent.futures import ThreadPoolExecutor

import pytest
import timm
import torch
from timm.models.volo import VOLO
from torch import Tensor, nn

from autotl.api import HeadSpec
from autotl.backbone import can_scale, ends_linear, new_head, pooled, scale_head, set_head
from autotl.builtin.heads.mlp import Mlp
from autotl.errors import PluginError, TrainingError, WeightsError
from autotl.heads import Head, HeadForm, HeadKinds, attach_head, attached_head, detach_head, stage_shapes
from autotl.heads.stage_outputs import StageShape, average_positions, channel_axis

KINDS = HeadKinds({"mlp": Mlp()}, {"mlp": "autotl"})
ARGUMENTS = {
    "resnet18": {"layers": [1, 1, 1, 1], "channels": [8, 12, 16, 20]},
    "swin_tiny_patch4_window7_224": {
        "img_size": 32, "window_size": 4, "embed_dim": 8, "depths": (1, 1), "num_heads": (1, 1),
    },
    "vit_tiny_patch16_224": {"img_size": 32, "embed_dim": 12, "depth": 3, "num_heads": 1},
    "mobilenetv3_small_050": {},
    "convnext_atto": {"depths": (1, 1, 1, 1), "dims": (8, 12, 16, 20)},
}  # fmt: skip
"""Feature maps with channels first and last, tokens, layers between pooling and classifier."""


STAGES = {
    "resnet18": "layer1",
    "swin_tiny_patch4_window7_224": "layers.0",
    "vit_tiny_patch16_224": "blocks.1",
    "mobilenetv3_small_050": "blocks.2",
    "convnext_atto": "stages.0",
}


def network(name: str) -> nn.Module:
    torch.manual_seed(0)
    return timm.create_model(name, num_classes=4, **ARGUMENTS[name]).eval()


def images(rows: int = 2) -> Tensor:
    return torch.randn(rows, 3, 32, 32, generator=torch.Generator().manual_seed(0))


def with_head(model: nn.Module, stages: tuple[str, ...] = (), *, outputs: int = 3) -> Head:
    shapes = stage_shapes(model, stages, images(1)).values()
    width = sum(shape.width for shape in shapes) + pooled(model, images()).shape[1]
    axes = tuple(shape.axis for shape in shapes)
    form = KINDS.form(HeadSpec("mlp", {"hidden": 5}, stages), features=width, outputs=outputs, axes=axes)
    torch.manual_seed(1)
    return attach_head(model, form, KINDS.build(form))


@pytest.mark.parametrize("name", ARGUMENTS)
def test_the_network_gives_the_outputs_of_the_head(name: str) -> None:
    model = network(name)
    features = pooled(model, images())
    head = with_head(model)
    outputs = model(images())
    assert outputs.shape == (2, 3)
    torch.testing.assert_close(outputs, head.body(features))
    torch.testing.assert_close(pooled(model, images()), features)
    assert attached_head(model) is head


@pytest.mark.parametrize("name", ARGUMENTS)
def test_the_head_gets_the_averages_of_its_stages(name: str) -> None:
    model = network(name)
    stage = STAGES[name]
    seen: list[Tensor] = []
    model.get_submodule(stage).register_forward_hook(lambda module, inputs, out: seen.append(out))
    head = with_head(model, (stage,))
    given: list[Tensor] = []
    head.body.register_forward_hook(lambda module, inputs, out: given.append(inputs[0]))
    model(images())
    out = seen[-1]
    tokens = out.ndim == 3
    last = getattr(model, "output_fmt", "NCHW") == "NHWC"
    mean = out.mean(1) if tokens else out.flatten(1, 2).mean(1) if last else out.flatten(2).mean(2)
    torch.testing.assert_close(given[0], torch.cat([mean, pooled(model, images())], 1))


@pytest.mark.parametrize("stages", [(), ("layer2",)])
def test_a_copy_and_a_pickle_compute_the_same_and_are_their_own(stages: tuple[str, ...]) -> None:
    model = network("resnet18")
    with_head(model, stages)
    expected = model(images())
    for other in (copy.deepcopy(model), pickle.loads(pickle.dumps(model))):
        torch.testing.assert_close(other(images()), expected)
        scale_head(other, 2.0)
        for value in other.get_submodule("layer2").parameters():
            value.data.zero_()
        torch.testing.assert_close(model(images()), expected)


def test_the_state_holds_backbone_and_head() -> None:
    model = network("resnet18")
    with_head(model, ("layer1",))
    other = network("resnet18")
    with_head(other, ("layer1",))
    nn.init.ones_(model.get_submodule("fc.body.last").weight)
    other.load_state_dict(model.state_dict())
    assert torch.equal(other(images()), model(images()))


def test_threads_do_not_mix_their_stages() -> None:
    model = network("resnet18")
    with_head(model, ("layer1",))
    batches = [images(1) + shift for shift in range(8)]
    with torch.no_grad():
        expected = [model(batch) for batch in batches]
        with ThreadPoolExecutor(4) as pool:
            found = [*pool.map(lambda batch: torch.no_grad()(model)(batch), batches * 5)]
    for index, outputs in enumerate(found):
        torch.testing.assert_close(outputs, expected[index % 8])


def test_a_temperature_is_folded_into_the_scale() -> None:
    model = network("resnet18")
    assert ends_linear(model)
    with_head(model)
    before = model(images())
    assert can_scale(model)
    assert not ends_linear(model)
    torch.testing.assert_close(scale_head(model, 0.5)(images()), before / 2)


def test_without_its_head_the_network_ends_with_the_pooled_features() -> None:
    model = network("resnet18")
    features = pooled(model, images())
    with_head(model, ("layer1", "layer2"))
    detach_head(model)
    torch.testing.assert_close(model(images()), features)
    assert attached_head(model) is None
    assert not model.get_submodule("layer1")._forward_hooks


def test_a_linear_head_can_replace_it() -> None:
    model = network("resnet18")
    with_head(model, ("layer1",))
    set_head(new_head(model, 2), torch.ones(2, 20), torch.zeros(2))
    assert model(images()).shape == (2, 2)


def test_two_classifiers_are_refused() -> None:
    small = {"img_size": 32, "embed_dim": 12, "depth": 1, "num_heads": 1}
    model = timm.create_model("deit_tiny_distilled_patch16_224", **small)
    with pytest.raises(WeightsError, match="must have one classifier"):
        with_head(model)


def test_maps_with_channels_last_need_no_statement_of_the_network() -> None:
    model = VOLO(
        [1, 1], img_size=32, stem_hidden_dim=8, embed_dims=[12, 12], num_heads=[1, 1],
        downsamples=(True, False), outlook_attention=(True, False),
    )  # fmt: skip
    assert not hasattr(model, "output_fmt")
    assert stage_shapes(model.eval(), ["network.0"], images(1)) == {"network.0": StageShape(12, 3)}


@pytest.mark.parametrize(
    ("shape", "axis"),
    [
        ((2, 5), 1), ((2, 9, 5), 2), ((2, 5, 4, 4), 1), ((2, 4, 4, 5), 3), ((2, 4, 4, 4), 1),
        ((2, 3, 4, 5), 0), ((2, 4, 5, 4), 0), ((2,), 0), ((2, 3, 4, 4, 4), 0),
    ],
)  # fmt: skip
def test_positions_are_the_square_of_a_map(shape: tuple[int, ...], axis: int) -> None:
    assert channel_axis(nn.Identity(), torch.zeros(shape)) == axis


def test_a_network_that_states_its_format_decides_equal_axes() -> None:
    assert channel_axis(network("swin_tiny_patch4_window7_224"), torch.zeros(2, 4, 4, 4)) == 3


@pytest.mark.parametrize("axis", [0, 3])
def test_an_axis_that_outputs_lack_is_an_error(axis: int) -> None:
    with pytest.raises(TrainingError, match=rf"from 1 to 2 \(got {axis}\)"):
        average_positions(torch.zeros(2, 4, 5), axis)


def test_an_unknown_stage_is_named() -> None:
    model = network("resnet18")
    form = HeadForm(HeadSpec("mlp", {"hidden": 5}, ("layer9",)), 20, 3, axes=(1,))
    with pytest.raises(TrainingError, match="layer9"):
        attach_head(model, form, KINDS.build(form))


def test_a_stage_without_a_pass_is_an_error() -> None:
    model = network("resnet18")
    head = with_head(model, ("layer1",))
    with pytest.raises(TrainingError, match="must run before the head"):
        head(torch.zeros(1, 20))


@pytest.mark.parametrize("width", [19, 21])
def test_features_of_another_width_are_refused(width: int) -> None:
    head = with_head(network("resnet18"))
    with pytest.raises(TrainingError, match="must get 20 features"):
        head.outputs_of(torch.zeros(1, width))


def test_a_missing_kind_names_its_package() -> None:
    with pytest.raises(PluginError, match="names the package 'autotl-trees'; install it only if you trust"):
        KINDS.build(HeadForm(HeadSpec("trees"), 4, 2, "autotl-trees"))


def test_wrong_arguments_are_an_error_of_the_plugin() -> None:
    with pytest.raises(PluginError, match="cannot be built"):
        KINDS.build(HeadForm(HeadSpec("mlp", {"hidden": "many"}), 4, 2))
