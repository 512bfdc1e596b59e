from dataclasses import replace

import pytest
import torch
from autotl_prototypes import Prototypes

from autotl import plugins
from autotl.backbone import pooled
from autotl.testing import StrategyChecks, tiny_bench, tiny_run


class TestPrototypes(StrategyChecks):
    strategy = Prototypes()


@pytest.fixture(scope="module")
def bench(tmp_path_factory):
    return tiny_bench(tiny_run(tmp_path_factory.mktemp("cache")))


def fitted(bench, *, shrinkage=0.1):
    learner = Prototypes().build({"shrinkage": shrinkage, "image_size": 32}, bench)
    (epoch,) = learner.fit()
    return learner, epoch


@pytest.mark.parametrize("shrinkage", [1.0, 0.1])
def test_it_predicts_the_nearest_mean(bench, shrinkage):
    _, epoch = fitted(bench, shrinkage=shrinkage)
    x, labels = bench.features(input_size=32), bench.targets().train
    spread = x.train.std(0, correction=0).clamp(min=1e-6)
    train, val = (x.train / spread).double(), (x.val / spread).double()
    means = torch.stack([train[labels == k].mean(0) for k in range(3)])
    within = torch.cov((train - means[labels]).T, correction=0)
    metric = torch.linalg.inv((1 - shrinkage) * within + shrinkage * torch.eye(len(within)))
    differences = val[:, None] - means  # (rows, classes, features)
    distances = torch.einsum("rcf,fg,rcg->rc", differences, metric, differences)
    assert torch.equal(epoch.outputs.argmax(1), distances.argmin(1))


def test_the_network_has_the_logits_of_the_features(bench):
    learner, epoch = fitted(bench)
    images = bench.to_batch(bench.inputs(input_size=32).val)
    with torch.no_grad():
        torch.testing.assert_close(learner.module()(images), epoch.outputs, rtol=1e-3, atol=1e-3)
        torch.testing.assert_close(pooled(learner.module(), images), bench.features(input_size=32).val)


def test_its_confidence_is_near_its_accuracy(bench):
    _, epoch = fitted(bench)
    confidence = epoch.outputs.softmax(1).max(1).values.mean()
    assert confidence < epoch.score + 0.2


class OneShot:
    """A workbench with the first training image of each class."""

    def __init__(self, bench):
        self.task, self._bench = bench.task, bench
        self._rows = [int((bench.targets().train == k).nonzero()[0]) for k in range(3)]

    def labels(self):
        return replace(self._bench.targets(), train=self._bench.targets().train[self._rows])

    def features(self, *, input_size):
        found = self._bench.features(input_size=input_size)
        return replace(found, train=found.train[self._rows])

    def score(self, logits):
        return self._bench.score(logits)


def test_one_image_per_class_is_enough(bench):
    _, epoch = fitted(OneShot(bench))
    assert epoch.outputs.isfinite().all()
    assert epoch.score > 1 / 3


def test_its_entry_point_registers_it():
    assert plugins.load().strategies.origins["prototypes"].distribution == "autotl-prototypes"
