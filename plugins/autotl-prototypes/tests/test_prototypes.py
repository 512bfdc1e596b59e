import pytest
import torch
from autotl_prototypes import nearest_mean, prototypes

from autotl import plugins
from autotl.testing import StrategyChecks, tiny_bench, tiny_run


class TestPrototypes(StrategyChecks):
    strategy = prototypes


@pytest.fixture(scope="module")
def bench(tmp_path_factory):
    return tiny_bench(tiny_run(tmp_path_factory.mktemp("cache")))


def fitted(bench, *, shrinkage=0.1):
    (score,) = prototypes.build({"shrinkage": shrinkage, "image_size": 32}, bench).fit()
    return score


@pytest.mark.parametrize("shrinkage", [1.0, 0.1])
def test_it_predicts_the_nearest_mean(bench, shrinkage):
    score = fitted(bench, shrinkage=shrinkage)
    x, labels = bench.features(input_size=32), bench.targets().train
    spread = x.train.std(0, correction=0).clamp(min=1e-6)
    train, val = (x.train / spread).double(), (x.val / spread).double()
    means = torch.stack([train[labels == k].mean(0) for k in range(3)])
    within = torch.cov((train - means[labels]).T, correction=0)
    metric = torch.linalg.inv((1 - shrinkage) * within + shrinkage * torch.eye(len(within)))
    differences = val[:, None] - means  # (rows, classes, features)
    distances = torch.einsum("rcf,fg,rcg->rc", differences, metric, differences)
    assert torch.equal(score.outputs.argmax(1), distances.argmin(1))


def test_its_confidence_is_near_its_accuracy(bench):
    score = fitted(bench)
    confidence = score.outputs.softmax(1).max(1).values.mean()
    assert confidence < score.value + 0.2


def test_one_image_per_class_is_enough(bench):
    x, labels = bench.features(input_size=32), bench.targets()
    rows = [int((labels.train == k).nonzero()[0]) for k in range(3)]
    weight, bias = nearest_mean(x.train[rows], labels.train[rows], 3, 0.1)
    answers = (x.val @ weight.T + bias).argmax(1)
    assert (answers == labels.val).float().mean() > 1 / 3


@pytest.mark.parametrize("kind", ["multi_label", "regression"])
def test_other_targets_than_classes_are_refused_with_a_reason(kind, tmp_path):
    ready = tiny_run(tmp_path, kind=kind)
    answer = prototypes.applies(ready.task, ready.backbones["tiny"])
    assert not answer
    assert answer.why.startswith("it needs images with one class each, and these have")


def test_its_entry_point_registers_it():
    assert plugins.load().strategies.origins["prototypes"].distribution == "autotl-prototypes"
