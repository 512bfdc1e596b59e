from dataclasses import replace
from importlib.metadata import entry_points

import pytest
from autotl_adapt import fits
from autotl_adapt.features.coral import Coral
from autotl_adapt.features.optimal_transport import OptimalTransport
from autotl_adapt.features.reweighting import Reweighting
from autotl_adapt.features.subspace_alignment import SubspaceAlignment

from autotl import plugins
from autotl.api import DEPLOY, AdditionalImages, Machine, TargetSpec
from autotl.errors import TrainingError
from autotl.testing import StrategyChecks, tiny_bench, tiny_run

pytest.importorskip("skada", reason="the package skada is not installed")

MACHINE = Machine("cpu", 2, 8 * 2**30)
STRATEGIES = [Coral(), SubspaceAlignment(), OptimalTransport(), Reweighting()]


class TestCoral(StrategyChecks):
    strategy = Coral()


class TestSubspaceAlignment(StrategyChecks):
    strategy = SubspaceAlignment()


class TestOptimalTransport(StrategyChecks):
    strategy = OptimalTransport()


class TestReweighting(StrategyChecks):
    strategy = Reweighting()


@pytest.fixture(scope="module")
def ready(tmp_path_factory):
    return tiny_run(tmp_path_factory.mktemp("cache"), additional=[DEPLOY])


@pytest.mark.parametrize("strategy", STRATEGIES, ids=lambda each: each.name)
def test_it_says_what_it_needs(strategy, ready, monkeypatch):
    task, backbone = ready.task, ready.backbones["tiny"]
    labels = replace(task, target=TargetSpec("multi_label", task.target.names))
    few = replace(task, additional={DEPLOY: AdditionalImages(fits.MIN_IMAGES - 1)})
    assert strategy.applies(task, backbone)
    assert "--deploy" in strategy.applies(replace(task, additional={}), backbone).why
    assert "one label" in strategy.applies(labels, backbone).why
    assert "19 can be used" in strategy.applies(few, backbone).why
    monkeypatch.setattr(fits, "find_spec", lambda name: None)
    assert "pip install skada" in strategy.applies(task, backbone).why


def test_optimal_transport_takes_a_hundred_classes(ready):
    many = replace(ready.task, target=TargetSpec("single_label", tuple(map(str, range(101)))))
    answer = OptimalTransport().applies(many, ready.backbones["tiny"])
    assert not answer
    assert "there are 101" in answer.why


@pytest.mark.parametrize("strategy", STRATEGIES, ids=lambda each: each.name)
def test_the_report_tells_what_was_aligned(strategy, ready):
    bench = tiny_bench(ready)
    list(strategy.build(strategy.defaults(bench.task, bench.backbone), bench).fit())
    (note,) = bench.notes
    assert "deploy images" in note


@pytest.mark.parametrize(("name", "value"), [("C", 0.0), ("shrinkage", "none"), ("image_size", "large")])
def test_wrong_settings_are_refused(ready, name, value):
    bench = tiny_bench(ready)
    settings = {**Coral().defaults(bench.task, bench.backbone), name: value}
    with pytest.raises(TrainingError, match=name):
        Coral().build(settings, bench)


def test_more_rows_cost_more(ready):
    task, backbone = ready.task, ready.backbones["tiny"]
    larger = replace(task, additional={DEPLOY: AdditionalImages(10_000)})
    for strategy in STRATEGIES:
        settings = {**strategy.defaults(task, backbone), "image_size": 64}  # not the cached size
        costs = [strategy.cost(settings, each, backbone, MACHINE).seconds for each in (task, larger)]
        assert costs[0] < costs[1]


def test_its_entry_point_registers_all():
    found = plugins.load([each for each in entry_points(group=plugins.GROUP) if each.name == "adapt"])
    names = {each.name for each in STRATEGIES} | {"adaptive_norm", "deep_coral", "dann"}
    assert not found.broken
    assert {*found.strategies.items} == names
