from dataclasses import replace

import pytest
import timm
import torch
from autotl_adapt.adaptive_norm import AdaptiveNorm
from autotl_adapt.dann import Dann
from autotl_adapt.deep_coral import DeepCoral
from autotl_adapt.joint_training import DeployBatches
from autotl_adapt.norm_statistics import NormStatistics, _Sums, has_norms, norm_layers
from autotl_adapt.penalties import DomainClassifier, OutputMoments
from torch import Tensor, nn
from torch.nn.functional import binary_cross_entropy_with_logits, cross_entropy, layer_norm

from autotl.api import DEPLOY, Machine, Score, Weights
from autotl.errors import TrainingError
from autotl.testing import StrategyChecks, tiny_bench, tiny_run
from autotl.toolbox import PROBE_SETTINGS, pooled, set_head

MACHINE = Machine("cpu", 2, 8 * 2**30)
SIZE = 32


class TestAdaptiveNorm(StrategyChecks):
    strategy = AdaptiveNorm()


class TestDeepCoral(StrategyChecks):
    strategy = DeepCoral()


class TestDann(StrategyChecks):
    strategy = Dann()


@pytest.fixture(scope="module")
def ready(tmp_path_factory):
    return tiny_run(tmp_path_factory.mktemp("cache"), additional=[DEPLOY])


@pytest.fixture
def bench(ready):
    return tiny_bench(ready)


def trained(strategy, bench, **changed):
    """Return the delivered network, and the values of its scores."""
    settings = {**strategy.defaults(bench.task, bench.backbone), "image_size": SIZE, **changed}
    scores = [step.value for step in strategy.build(settings, bench).fit() if isinstance(step, Score)]
    return bench.result.model, scores


@pytest.fixture
def place(ready, monkeypatch):
    """A bench whose deploy images have other colours, with these images and their classes."""
    bench = tiny_bench(ready)
    rows = ShiftedRows(bench.additional(DEPLOY), bench)
    monkeypatch.setattr(bench, "additional", lambda role: rows)
    images = bench.to_batch(rows.inputs(input_size=SIZE))
    numbers = [int(item.split()[-1]) for item in ready.additional[DEPLOY].dataset.table["item"]]
    return bench, images, torch.tensor(numbers) // 20  # the images were made class by class


def probe_accuracy(bench, images, truth):
    head = bench.linear_heads(PROBE_SETTINGS, input_size=SIZE)[-1]
    return network_accuracy(probed(bench, head), images, truth)


def test_the_statistics_of_the_place_of_use_help_if_colours_change(place):
    bench, images, truth = place
    model, _ = trained(AdaptiveNorm(), bench)
    assert network_accuracy(model, images, truth) >= probe_accuracy(bench, images, truth) + 0.1


def test_equal_moments_of_the_outputs_help_if_colours_change(place):
    bench, images, truth = place
    reached = []
    for weight in (1.0, 0.03):
        model, _ = trained(DeepCoral(), bench, weight=weight, epochs=12, freeze=0, lr=1e-3)
        bench.progress = type(bench.progress)()  # the next training counts its own epochs
        reached.append(network_accuracy(model, images, truth))
    assert reached[0] >= reached[1] + 0.05
    assert reached[0] >= probe_accuracy(bench, images, truth) + 0.1


@pytest.mark.parametrize(("weight", "least", "most"), [(0.0, 0.0, 0.4), (3.0, 0.5, 1.0)])
def test_a_classifier_of_the_domains_makes_features_that_are_alike(weight, least, most):
    """Some features are good for the training images alone, and others in both domains."""
    torch.manual_seed(0)
    random = torch.Generator().manual_seed(3)
    classes = torch.arange(240) % 3
    shared = [2 * torch.eye(3)[classes] + torch.randn(240, 3, generator=random) for _ in range(2)]
    centres = (2 * torch.eye(3)[classes], torch.tensor([3.0, 0, -3]))
    own = [centre + 0.3 * torch.randn(240, 3, generator=random) for centre in centres]
    rows = torch.cat([torch.cat(pair, 1) for pair in zip(shared, own, strict=True)])
    network, head = nn.Sequential(nn.Linear(6, 16), nn.ReLU()), nn.Linear(16, 3)
    penalty = DomainClassifier(torch.zeros(16), torch.ones(16), hidden=16, generator=random)
    groups = [
        {"params": [*network.parameters(), *head.parameters()]},
        {"params": penalty.parameters(), "lr": 1e-2},
    ]
    optimiser = torch.optim.Adam(groups, lr=5e-3)
    for step in range(300):
        features = network(rows)
        outputs = head(features)
        loss = cross_entropy(outputs[:240], classes) + weight * penalty(features, outputs, 240, step / 300)
        optimiser.zero_grad()
        loss.backward()
        optimiser.step()
    reached = float((head(network(rows[240:])).argmax(1) == classes).float().mean())
    assert least <= reached <= most


@pytest.mark.parametrize("strategy", [DeepCoral(), Dann()], ids=["deep_coral", "dann"])
def test_the_delivered_network_is_the_stock_one(strategy, bench):
    model, scores = trained(strategy, bench, epochs=2)
    assert model.state_dict().keys() == bench.model().state_dict().keys()
    assert len(scores) == 2
    assert "deploy images" in bench.notes[0]


def stock(name):
    torch.manual_seed(0)
    return timm.create_model(name, pretrained=False, num_classes=3).eval()


def pictures(rows=6):
    return 1 + 2 * torch.randn(rows, 3, 64, 64, generator=torch.Generator().manual_seed(1))


def test_the_statistics_are_those_that_torch_measures():
    model, other = stock("test_resnet"), stock("test_resnet")
    statistics = NormStatistics(model, alpha=1.0)
    statistics.see(pictures())
    statistics.keep()
    for layer in norm_layers(other):
        layer.momentum = 1.0
    other.train()(pictures())
    for one, expected in zip(norm_layers(model), norm_layers(other), strict=True):
        torch.testing.assert_close(one.running_mean, expected.running_mean, rtol=1e-3, atol=1e-4)
        torch.testing.assert_close(one.running_var, expected.running_var, rtol=0.05, atol=1e-4)


def test_two_batches_count_as_one():
    found = []
    for sizes in ([8], [4, 4]):
        model = stock("test_resnet")
        statistics = NormStatistics(model, alpha=1.0)
        for part in pictures(8).split(sizes):
            statistics.see(part)
        statistics.keep()
        found.append(norm_layers(model)[0])
    torch.testing.assert_close(found[0].running_mean, found[1].running_mean)
    torch.testing.assert_close(found[0].running_var, found[1].running_var)


def test_without_a_share_the_statistics_stay():
    model, source = stock("test_resnet"), stock("test_resnet").state_dict()
    statistics = NormStatistics(model, alpha=0.0)
    statistics.see(pictures())
    statistics.keep()
    assert all(torch.equal(value, source[name]) for name, value in model.state_dict().items())


def test_a_network_without_batchnorm_is_refused(ready):
    backbone = ready.backbones["tiny"]
    weights = Weights("vit", "test_vit", "random weights", pretrained=False)
    answer = AdaptiveNorm().applies(ready.task, replace(backbone, name="vit", weights=weights))
    assert AdaptiveNorm().applies(ready.task, backbone)
    assert has_norms(backbone.weights)
    assert not answer
    assert "vit has no BatchNorm layer" in answer.why


def test_equal_outputs_have_no_penalty():
    rows = torch.randn(8, 3, generator=torch.Generator().manual_seed(0))
    penalty = OutputMoments()
    assert float(penalty(rows, torch.cat([rows, rows]), 8, 0.5)) == pytest.approx(0, abs=1e-6)
    assert float(penalty(rows, torch.cat([rows, rows + 1]), 8, 0.5)) == pytest.approx(1, abs=1e-4)


@pytest.mark.parametrize(("progress", "factor"), [(0.0, 0.0), (1.0, 0.9999)])
def test_the_gradient_of_the_network_is_reversed_and_grows(progress, factor):
    generator = torch.Generator().manual_seed(0)
    penalty = DomainClassifier(torch.zeros(4), torch.ones(4), hidden=8, generator=generator)
    rows = torch.randn(6, 4, generator=generator, requires_grad=True)
    penalty(rows, rows, 3, progress).backward()
    again = rows.detach().clone().requires_grad_()
    logits = penalty.layers(layer_norm(again, (4,)))[:, 0]
    wanted = torch.tensor([0.0, 0, 0, 1, 1, 1])
    binary_cross_entropy_with_logits(logits, wanted).backward()
    torch.testing.assert_close(rows.grad, -factor * again.grad, rtol=1e-3, atol=1e-6)
    assert all(bool(value.grad.abs().sum() > 0) for value in penalty.parameters())


def test_the_deploy_images_of_an_epoch_do_not_depend_on_earlier_ones(bench):
    one, other = (DeployBatches(bench, input_size=SIZE, augment="shift") for _ in range(2))
    one.start_epoch(1)
    one.batch(100)
    for each in (one, other):
        each.start_epoch(2)
    assert torch.equal(one.batch(70), other.batch(70))


def test_less_time_means_more_frozen_stages(ready):
    task, backbone = ready.task, ready.backbones["tiny"]
    chosen = [
        DeepCoral().defaults(replace(task, trial_seconds=seconds), backbone) for seconds in (1e4, 0.05, 1e-3)
    ]
    assert [each["freeze"] for each in chosen] == sorted(each["freeze"] for each in chosen)
    assert chosen[0]["freeze"] == 0
    assert chosen[-1]["freeze"] == len(backbone.stages)
    assert chosen[-1]["epochs"] < chosen[0]["epochs"]


@pytest.mark.parametrize("strategy", [AdaptiveNorm(), DeepCoral(), Dann()], ids=lambda each: each.name)
def test_it_says_what_it_needs(strategy, ready):
    backbone = ready.backbones["tiny"]
    assert strategy.applies(ready.task, backbone)
    assert "--deploy" in strategy.applies(replace(ready.task, additional={}), backbone).why


@pytest.mark.parametrize(("name", "value"), [("lr", 1.0), ("freeze", -1), ("epochs", 0), ("augment", "all")])
def test_wrong_settings_are_refused(bench, name, value):
    settings = {**Dann().defaults(bench.task, bench.backbone), name: value}
    with pytest.raises(TrainingError, match=name):
        Dann().build(settings, bench)


def test_more_epochs_cost_more(ready):
    task, backbone = ready.task, ready.backbones["tiny"]
    for strategy in (DeepCoral(), Dann()):
        settings = {**strategy.defaults(task, backbone), "image_size": SIZE}
        costs = [
            strategy.cost({**settings, "epochs": epochs}, task, backbone, MACHINE).seconds
            for epochs in (1, 10)
        ]
        assert costs[0] < costs[1]


def network_accuracy(model: torch.nn.Module, images: Tensor, truth: Tensor) -> float:
    """Return the accuracy of a network on normalised images."""
    with torch.no_grad():
        outputs = model.eval()(images)
    return float((outputs.argmax(1) == truth).float().mean())


class ShiftedRows:
    """Additional images whose colours are changed."""

    def __init__(self, rows, bench) -> None:
        self.rows, self.bench = rows, bench

    def __len__(self) -> int:
        return len(self.rows)

    def inputs(self, *, input_size: int, augmented: bool = False) -> Tensor:
        return recoloured(self.rows.inputs(input_size=input_size, augmented=augmented)[:])

    def features(self, *, input_size: int) -> Tensor:
        images = self.bench.to_batch(self.inputs(input_size=input_size))
        with torch.no_grad():
            return pooled(self.bench.model().eval(), images)

    def check_cancelled(self) -> None:
        """The trial never ends early."""


def recoloured(pixels: Tensor) -> Tensor:
    """Return uint8 images of little contrast, in other colours."""
    gain = torch.tensor([0.25, 0.4, 0.15]).view(1, 3, 1, 1)
    offset = torch.tensor([150.0, 20.0, 90.0]).view(1, 3, 1, 1)
    return (pixels.float() * gain + offset).round().clamp(0, 255).byte()


def probed(bench, probe):
    """Return the pretrained network with a linear head."""
    return set_head(bench.model(), *probe).eval()


def test_a_batch_of_one_vector_counts_as_one_number():
    layer = nn.BatchNorm1d(4).eval()
    sums = _Sums(layer, alpha=1.0)
    rows = torch.randn(5, 4, generator=torch.Generator().manual_seed(0))
    sums.add(layer, (rows[:4],))
    sums.add(layer, (rows[4:],))  # the last batch of 65 images in batches of 64
    sums.keep()
    torch.testing.assert_close(layer.running_mean, rows.mean(0))
    torch.testing.assert_close(layer.running_var, rows.var(0, unbiased=False))
