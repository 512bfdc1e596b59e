"""Scales and shifts are folded into the stock weights, exactly."""

from __future__ import annotations

import pytest
import timm
import torch
from torch import nn

from autotl.api import Score
from autotl.builtin.strategies.tuning.scale_shift import add_scale_and_shift, folded_state
from autotl.builtin.strategies.tuning.ssf import ScaleAndShift
from autotl.pipeline.prepare import Prepared
from autotl.testing import StrategyChecks, tiny_bench

SMALL = {
    "resnet18": {"channels": [8, 8, 16, 16], "layers": [1, 1, 1, 1]},  # BatchNorm, layers without bias
    "convnext_atto": {"depths": (1, 1, 1, 1), "dims": (8, 8, 16, 16)},  # LayerNorm, layers with bias
    "vit_tiny_patch16_224": {"img_size": 64, "depth": 2, "embed_dim": 48},
    "nf_regnet_b0": {},  # standardised weights
    "mobilenetv3_small_050": {},  # depthwise layers, a hidden layer before the classifier
}


def random_model(name: str) -> nn.Module:
    """A network with random weights and biases, in evaluation mode."""
    torch.manual_seed(0)
    model = timm.create_model(name, num_classes=3, **SMALL[name]).eval()
    with torch.no_grad():
        for value in model.parameters():
            if value.ndim == 1:
                value.add_(0.3 * torch.randn_like(value))
    return model


@pytest.mark.parametrize("name", SMALL)
def test_folding_is_exact_for_every_kind_of_layer(name: str) -> None:
    model, stock = random_model(name), random_model(name)
    x = torch.randn(4, 3, 64, 64)
    with torch.no_grad():
        before = model(x)
        counted = add_scale_and_shift(model)
        assert torch.equal(model(x), before)
        trained = [key for key, value in model.named_parameters() if value.requires_grad]
        changed = [value for key, value in model.named_parameters() if "parametrizations" in key]
        for value in [value for value in changed if value.requires_grad]:
            value.add_(0.2 * torch.randn_like(value))
        after = model(x)
        stock.load_state_dict(folded_state(model))
        assert counted == sum(value.numel() for value in changed if value.requires_grad)
        assert not torch.allclose(after, before, atol=1e-2)
        assert torch.allclose(stock(x), after, atol=1e-4)
    assert all({"parametrizations", "fc", "head", "classifier"} & {*key.split(".")} for key in trained)


def test_the_output_of_a_layer_is_scaled_and_shifted() -> None:
    model = random_model("convnext_atto")
    layer = model.stem[0]  # type: ignore[index]
    x = torch.randn(2, 3, 64, 64)
    with torch.no_grad():
        before = layer(x)
        add_scale_and_shift(model)
        scaled = layer.parametrizations
        scaled.weight[0].scale.copy_(torch.linspace(0.5, 2, before.shape[1]))
        scaled.bias[0].shift.fill_(0.7)
        expected = before * scaled.weight[0].scale.view(1, -1, 1, 1) + 0.7
        assert torch.allclose(layer(x), expected, atol=1e-5)


class TestScaleAndShift(StrategyChecks):
    strategy = ScaleAndShift()

    def test_the_delivered_weights_are_the_source_times_scales(self, ready: Prepared) -> None:
        bench = tiny_bench(ready)
        params = {**self.strategy.defaults(ready.task, bench.backbone), "epochs": 2, "lr": 0.05}
        scores = [step for step in self.strategy.build(params, bench).fit() if isinstance(step, Score)]
        source, found = bench.model().state_dict(), bench.result.model.state_dict()
        assert len(scores) == 2
        for name, value in source.items():
            if name.endswith(("running_mean", "running_var")):
                assert torch.equal(found[name], value)
            if value.ndim == 4:
                before, after = value.flatten(1), found[name].flatten(1)
                scale = (before * after).sum(1, keepdim=True) / (before * before).sum(1, keepdim=True)
                assert torch.allclose(after, scale * before, atol=1e-6)
                assert not torch.equal(after, before)

    def test_the_scored_outputs_are_those_of_the_delivered_network(self, ready: Prepared) -> None:
        bench = tiny_bench(ready)
        params = {**self.strategy.defaults(ready.task, bench.backbone), "epochs": 1}
        learner = self.strategy.build(params, bench)
        *_, score = learner.fit()
        learner._model.eval()
        with torch.no_grad():
            trained = learner._model(bench.to_batch(bench.inputs(input_size=32).val[:]))
        assert torch.allclose(trained, score.outputs, atol=1e-4)  # type: ignore[union-attr]

    def test_more_processes_train_in_one(self, ready: Prepared) -> None:
        bench = tiny_bench(ready)
        params = {**self.strategy.defaults(ready.task, bench.backbone), "epochs": 1}
        one = [*self.strategy.build(params, bench).fit()][-1]
        several = tiny_bench(ready)
        several.processes = 2
        other = [*self.strategy.build(params, several).fit()][-1]
        assert isinstance(one, Score)
        assert isinstance(other, Score)
        assert torch.equal(one.outputs, other.outputs)
