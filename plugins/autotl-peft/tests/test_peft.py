import pickle
from dataclasses import replace
from importlib.metadata import entry_points

import pytest
import torch
from autotl_peft import dora, layers, lora, strategy

from autotl import plugins
from autotl.api import Machine, Score
from autotl.errors import TrainingError
from autotl.testing import StrategyChecks, tiny_bench, tiny_run

pytest.importorskip("peft", reason="the package peft is not installed")

MACHINE = Machine("cpu", 2, 8 * 2**30)


class TestLora(StrategyChecks):
    strategy = lora


class TestDora(StrategyChecks):
    strategy = dora


@pytest.fixture(scope="module")
def ready(tmp_path_factory):
    return tiny_run(tmp_path_factory.mktemp("cache"))


@pytest.fixture
def bench(ready):
    return tiny_bench(ready)


def settings(bench, **changed):
    return {**lora.defaults(bench.task, bench.backbone), "epochs": 2, "image_size": 32, **changed}


def test_stages_without_updates_keep_their_weights_and_are_cached(bench, monkeypatch):
    cuts, cut = [], bench.cut
    monkeypatch.setattr(bench, "cut", lambda *given, **named: cuts.append(cut(*given, **named)) or cuts[-1])
    before = {name: value.clone() for name, value in bench.model().state_dict().items()}
    scores = [step for step in lora.build(settings(bench, stages=1), bench).fit() if isinstance(step, Score)]
    after = bench.result.model.state_dict()
    changed = [name for name in before if not torch.equal(before[name], after[name])]
    first = bench.backbone.stages[0].module
    assert [each.through for each in cuts] == [len(bench.backbone.stages) - 1]
    assert len(scores) == 2
    assert len(changed) > 2  # the weight and bias of the head, and updated layers
    assert not any(name.startswith(first) for name in changed)


def test_all_stages_get_updates_if_there_are_fewer(bench):
    lora.build(settings(bench, stages=64), bench)
    (note,) = bench.notes
    assert "rank 8 (LoRA)" in note


def test_the_first_score_of_an_untrained_network_is_that_of_the_probe(bench):
    learner = lora.build(settings(bench, lr=1e-4, epochs=1), bench)
    *_, score = learner.fit()
    (probe,) = bench.linear_heads([strategy.PROBE], input_size=32)
    expected = bench.score_head(*probe, input_size=32)
    assert score.value == pytest.approx(expected.value, abs=0.2)


@pytest.mark.parametrize(("name", "value"), [("rank", 0), ("dropout", 1.0), ("stages", 0), ("lr", "high")])
def test_wrong_settings_are_refused(bench, name, value):
    with pytest.raises(TrainingError, match=name):
        lora.build(settings(bench, **{name: value}), bench)


def test_stages_without_a_layer_to_update_are_refused(bench, monkeypatch):
    monkeypatch.setattr(layers, "updatable_layers", lambda model, through: [])
    with pytest.raises(TrainingError, match="stages must include"):
        lora.build(settings(bench), bench)


def test_fewer_stages_cost_less_and_dora_costs_more(bench):
    def seconds(tested, **changed):
        return tested.cost(settings(bench, **changed), bench.task, bench.backbone, MACHINE).seconds

    whole = seconds(lora, stages=len(bench.backbone.stages))
    assert seconds(lora, stages=1) < whole < seconds(dora, stages=len(bench.backbone.stages))


def test_less_time_means_fewer_stages_then_fewer_epochs(ready):
    task, backbone = ready.task, ready.backbones["tiny"]
    chosen = [
        lora.defaults(replace(task, trial_seconds=seconds), backbone) for seconds in (1000.0, 0.02, 0.001)
    ]
    stages, epochs = ([each[name] for each in chosen] for name in ("stages", "epochs"))
    assert stages[0] == len(backbone.stages)
    assert stages == sorted(stages, reverse=True)
    assert epochs == sorted(epochs, reverse=True)
    assert epochs[-1] < epochs[0]


def test_it_does_not_apply_without_peft(bench, monkeypatch):
    monkeypatch.setattr(strategy, "find_spec", lambda name: None)
    answer = lora.applies(bench.task, bench.backbone)
    assert not answer
    assert "pip install peft" in answer.why


def test_other_processes_find_the_strategies():
    assert pickle.loads(pickle.dumps(lora)) is lora
    assert pickle.loads(pickle.dumps(dora)) is dora


def test_its_entry_point_registers_both_and_dora_runs_if_it_is_named():
    found = plugins.load([each for each in entry_points(group=plugins.GROUP) if each.name == "peft"])
    assert not found.broken
    assert {*found.strategies.items} == {"lora", "dora"}
    assert (lora.on_request, dora.on_request) == (False, True)


def test_updates_are_trained_in_one_process(bench):
    bench.processes = 2
    learner = lora.build(settings(bench, epochs=1, stages=1), bench)
    steps = list(learner.fit())
    names = bench.model().state_dict().keys()
    assert isinstance(steps[-1], Score)
    assert bench.result.model.state_dict().keys() == names
