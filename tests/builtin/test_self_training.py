"""The strategy self_training fulfils the contract, and gains where clusters are the classes."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch
from torch import Tensor

from autotl.api import AdditionalImages, HeadSetting, TargetSpec
from autotl.builtin.strategies.probes.pseudo_labels import (
    Head,
    Rows,
    above_threshold,
    class_aligned,
    class_shares,
    refit,
)
from autotl.builtin.strategies.probes.self_training import SelfTraining
from autotl.clock import OutOfTime
from autotl.pipeline.prepare import Prepared
from autotl.testing import StrategyChecks, tiny_bench, tiny_run
from autotl.testing.strategies.settings_checks import MACHINE
from autotl.training import fit_heads


class TestSelfTraining(StrategyChecks):
    strategy = SelfTraining()

    def test_it_needs_unlabelled_images(self, ready: Prepared) -> None:
        backbone = ready.backbones["tiny"]
        assert self.strategy.applies(ready.task, backbone)
        without = self.strategy.applies(replace(ready.task, additional={}), backbone)
        assert (bool(without), without.why) == (False, "no unlabelled images were given: --unlabelled")
        few = replace(ready.task, additional={"unlabelled": AdditionalImages(3)})
        assert "10 unlabelled images are needed, and 3" in self.strategy.applies(few, backbone).why

    def test_it_costs_about_as_much_as_some_probes(self, ready: Prepared) -> None:
        seen = replace(ready.backbones["tiny"], kept=(1.0,))
        costs = []
        for rounds in (1, 6):
            params = {**self.strategy.defaults(ready.task, seen), "rounds": rounds}
            costs.append(self.strategy.cost(params, ready.task, seen, MACHINE).seconds)
        assert 0 < costs[0] < costs[1] < 0.2

    @pytest.mark.parametrize("select", ["share", "threshold"])
    def test_the_delivered_network_is_a_probe_that_notes_its_images(
        self, ready: Prepared, select: str
    ) -> None:
        bench = tiny_bench(ready)
        usual = self.strategy.defaults(ready.task, bench.backbone)
        params = {**usual, "select": select, "threshold": 0.35}
        (*_, last) = self.strategy.build(params, bench).fit()
        assert last.progress == 1
        source, own = bench.model().state_dict(), bench.result.model.state_dict()
        moved = {name for name in own if not torch.equal(own[name], source[name])}
        assert {name.split(".")[0] for name in moved} == {"fc"}
        assert bench.notes[0].startswith("The last of 3 rounds learned from ")
        assert " of 60 unlabelled images" in bench.notes[0]

    def test_without_a_confident_prediction_it_is_the_first_classifier(self, ready: Prepared) -> None:
        bench = tiny_bench(ready)
        usual = self.strategy.defaults(ready.task, bench.backbone)
        (*_, last) = self.strategy.build({**usual, "select": "threshold", "threshold": 1.1}, bench).fit()
        ((weight, bias),) = bench.linear_heads([HeadSetting(usual["C"])], input_size=32)
        expected = bench.features(input_size=32).val @ weight.T + bias
        torch.testing.assert_close(last.outputs, expected, atol=1e-3, rtol=1e-3)


def test_several_labels_have_no_pseudo_labels(tmp_path: Path) -> None:
    ready = tiny_run(tmp_path, additional=["unlabelled"])
    spec = TargetSpec("single_label", ("a", "b"))
    object.__setattr__(spec, "kind", "multi_label")
    found = SelfTraining().applies(replace(ready.task, target=spec), ready.backbones["tiny"])
    assert found.why == "pseudo-labels need one label for each image"


def clusters(count: int, *, seed: int, dimensions: int = 10, distance: float = 5.0) -> tuple[Tensor, Tensor]:
    """Two Gaussian clusters along the first axis, which are the classes; the other axes are noise."""
    rng = np.random.default_rng(seed)
    classes = np.arange(count) % 2
    x = rng.normal(size=(count, dimensions))
    x[:, 0] += distance * (2 * classes - 1) / 2
    return torch.from_numpy(x).float(), torch.from_numpy(classes)


def self_trained(labelled: Rows, unlabelled: Tensor, head: Head, *, rounds: int = 4) -> Head:
    shares = class_shares(labelled.classes, 2)
    for number in range(1, rounds + 1):
        outputs = unlabelled @ head[0].T + head[1]
        pseudo = class_aligned(outputs, shares, number / rounds)
        head = refit(labelled, unlabelled, pseudo, c=0.1, weight=4.0, count=2)
    return head


def test_it_gains_where_the_classes_are_clusters_and_labels_are_few() -> None:
    test, truth = clusters(2000, seed=9)
    unlabelled, _ = clusters(1500, seed=8)
    gains = []
    for seed in range(6):
        x, labels = clusters(10, seed=seed)
        found = fit_heads(x, labels, classes=2, settings=[HeadSetting(0.1)], folds=[torch.arange(10)])
        first = found.weight[0, 0], found.bias[0, 0]
        last = self_trained(Rows(x, labels), unlabelled, first)
        before, after = (
            float(((test @ weight.T + bias).argmax(1) == truth).float().mean())
            for weight, bias in (first, last)
        )
        gains.append(after - before)
    assert min(gains) > 0.03
    assert np.mean(gains) > 0.08


def test_pseudo_labels_keep_the_shares_of_the_classes() -> None:
    outputs = torch.tensor([[3.0, 0.0]] * 60 + [[2.0, 0.0]] * 20 + [[0.0, 1.0]] * 20)
    shares = class_shares(torch.tensor([0, 1, 1, 1]), 2)
    assert shares.tolist() == [0.25, 0.75]
    found = class_aligned(outputs, shares, 0.4)
    assert found.classes.bincount().tolist() == [10, 20]
    assert found.rows.tolist() == sorted(found.rows.tolist())
    assert bool((found.rows[found.classes == 0] < 60).all())  # the most confident ones
    assert above_threshold(outputs, 0.9).classes.bincount().tolist() == [60]
    assert len(above_threshold(outputs, 1.1)) == 0


def test_a_few_pseudo_labels_of_no_weight_change_nothing() -> None:
    x, labels = clusters(30, seed=0)
    unlabelled, _ = clusters(20, seed=1)
    found = fit_heads(x, labels, classes=2, settings=[HeadSetting(0.1)], folds=[torch.arange(30)])
    outputs = unlabelled @ found.weight[0, 0].T + found.bias[0, 0]
    pseudo = class_aligned(outputs, class_shares(labels, 2), 0.5)
    weight, bias = refit(Rows(x, labels), unlabelled, pseudo, c=0.1, weight=1e-6, count=2)
    same = (x @ weight.T + bias).softmax(1) - (x @ found.weight[0, 0].T + found.bias[0, 0]).softmax(1)
    assert float(same.abs().max()) < 0.1


def test_a_deadline_ends_a_fit_to_pseudo_labels() -> None:
    def late() -> None:
        raise OutOfTime

    x, labels = clusters(30, seed=0)
    pseudo = above_threshold(torch.eye(2).repeat(5, 1) * 9, 0.9)
    with pytest.raises(OutOfTime):
        refit(Rows(x, labels), x, pseudo, c=0.1, weight=1.0, count=2, check_cancelled=late)
