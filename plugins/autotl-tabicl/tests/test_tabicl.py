from dataclasses import replace
from importlib.metadata import entry_points
from typing import ClassVar

import pytest
import torch
from autotl_tabicl import strategy, weights
from autotl_tabicl.kind import TabICLKind
from autotl_tabicl.strategy import TabICLProbe

from autotl import plugins
from autotl.api import Machine, Score
from autotl.errors import TrainingError, WeightsError
from autotl.testing import HeadKindChecks, StrategyChecks, tiny_bench, tiny_run, tiny_task

pytest.importorskip("tabicl", reason="the package tabicl is not installed")

SMALL = {
    "embed_dim": 16,
    "col_num_blocks": 1,
    "col_nhead": 2,
    "row_num_blocks": 1,
    "row_nhead": 2,
    "row_num_cls": 2,
    "icl_num_blocks": 1,
    "icl_nhead": 2,
    "zero_init": False,
}
"""Arguments of a TabICL with random weights, which knows nothing."""
CPU = Machine("cpu", 2, 8 * 2**30)


@pytest.fixture(scope="module", autouse=True)
def file(tmp_path_factory):
    from tabicl._model.tabicl import TabICL

    torch.manual_seed(0)
    written = tmp_path_factory.mktemp("weights") / "tabicl.safetensors"
    weights.write_weights(written, SMALL, TabICL(**SMALL).state_dict())
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv(weights.VARIABLE, str(written))
        yield written


class TestTabICL(StrategyChecks):
    strategy = TabICLProbe()
    expected_failures: ClassVar = {"learns": "random weights know nothing of the images"}


class TestKind(HeadKindChecks):
    kind = TabICLKind()
    arguments: ClassVar = {"network": SMALL, "rows": 9, "components": 4, "members": 2, "classes": 3}


@pytest.fixture(scope="module")
def ready(tmp_path_factory):
    return tiny_run(tmp_path_factory.mktemp("cache"))


@pytest.fixture
def bench(ready):
    return tiny_bench(ready)


def settings(**changed):
    return {"components": 8, "members": 2, "context": 300, "image_size": 32, **changed}


def test_the_delivered_network_gives_the_scored_outputs(bench):
    *_, score = TabICLProbe().build(settings(), bench).fit()
    assert isinstance(score, Score)
    images = bench.to_batch(bench.inputs(input_size=32).val[:8])
    with torch.no_grad():
        outputs = bench.result.model(images)
    torch.testing.assert_close(outputs, score.outputs[:8], rtol=1e-3, atol=1e-3)
    (note,) = bench.notes
    assert "8 principal components" in note


def test_weights_of_another_network_are_refused(bench, tmp_path, monkeypatch):
    weights.write_weights(tmp_path / "other.safetensors", SMALL, {"a": torch.ones(1)})
    monkeypatch.setenv(weights.VARIABLE, str(tmp_path / "other.safetensors"))
    with pytest.raises(TrainingError, match="must fit its version"):
        list(TabICLProbe().build(settings(), bench).fit())


def test_weights_that_vanished_are_an_error(bench, tmp_path, monkeypatch):
    monkeypatch.setenv(weights.VARIABLE, str(tmp_path / "none.safetensors"))
    with pytest.raises(WeightsError, match="does not exist"):
        list(TabICLProbe().build(settings(), bench).fit())


def test_it_says_what_it_needs(ready, tmp_path, monkeypatch):
    backbone, many = ready.backbones["tiny"], tiny_task({f"class {i}": 2 for i in range(101)})
    probe = TabICLProbe()
    assert probe.applies(ready.task, backbone)
    assert "at most 100 classes, and there are 101" in probe.applies(many, backbone).why
    with monkeypatch.context() as patch:
        patch.setenv(weights.VARIABLE, str(tmp_path / "none.safetensors"))
        assert "run `python -m autotl_tabicl` once" in probe.applies(ready.task, backbone).why
    monkeypatch.setattr(strategy, "find_spec", lambda name: None)
    assert "pip install tabicl" in probe.applies(ready.task, backbone).why


def test_the_cost_grows_with_the_table_and_shrinks_with_the_machine(ready):
    def seconds(machine=CPU, **changed):
        return TabICLProbe().cost(settings(**changed), ready.task, ready.backbones["tiny"], machine).seconds

    assert seconds() < seconds(components=16) < seconds(components=16, members=8)
    assert seconds(replace(CPU, threads=8)) < seconds()
    assert seconds(replace(CPU, device="cuda")) < seconds(replace(CPU, threads=8))


def test_its_entry_point_registers_the_strategy_and_the_kind():
    found = plugins.load([each for each in entry_points(group=plugins.GROUP) if each.name == "tabicl"])
    assert not found.broken
    assert {*found.strategies.items} == {*found.heads.items} == {"tabicl"}
    assert found.strategies.items["tabicl"].on_request
