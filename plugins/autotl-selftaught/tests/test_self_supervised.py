import itertools
from dataclasses import replace
from importlib.metadata import entry_points

import pytest
import torch
from autotl_selftaught import strategy
from autotl_selftaught.pretraining import Pretraining
from autotl_selftaught.strategy import SelfSupervised

from autotl import plugins
from autotl.api import AdditionalImages, Beat, Machine, Score
from autotl.errors import TrainingError
from autotl.testing import StrategyChecks, tiny_bench, tiny_run

pytest.importorskip("lightly", reason="the package lightly is not installed")

MACHINE = Machine("cpu", 2, 8 * 2**30)
TESTED = SelfSupervised()


class TestSelfSupervised(StrategyChecks):
    strategy = TESTED


@pytest.fixture(scope="module")
def ready(tmp_path_factory):
    return tiny_run(tmp_path_factory.mktemp("cache"), additional=["unlabelled"])


@pytest.fixture
def fresh(tmp_path):
    """A run whose folder no other test has filled."""
    return tiny_run(tmp_path, additional=["unlabelled"])


def settings(ready, **changed):
    small = {"steps": 4, "batch_size": 16, "image_size": 32, "stages": 1, "distill": 1.0}
    return {**TESTED.defaults(ready.task, ready.backbones["tiny"]), **small, **changed}


def state_of(bench):
    return {name: value.clone() for name, value in bench.result.model.state_dict().items()}


def equal(one, other):
    return one.keys() == other.keys() and all(torch.equal(one[name], other[name]) for name in one)


def learned(ready, *, fold=0, seed=0, **changed):
    """Return the workbench after a learning, with its steps."""
    bench = tiny_bench(ready, fold=fold, seed=seed)
    bench.strategy = TESTED.name
    return bench, list(TESTED.build(settings(ready, **changed), bench).fit())


def test_only_the_last_stages_and_the_head_change(ready):
    bench, _ = learned(ready, stages=2)
    before, after = bench.model().state_dict(), state_of(bench)
    changed = [name for name in before if not torch.equal(before[name], after[name])]
    stages = [stage.module for stage in bench.backbone.stages]
    assert any(name.startswith(stages[-1]) for name in changed)
    assert any(name.startswith(stages[-2]) for name in changed)
    assert not any(name.startswith(tuple(stages[:-2])) for name in changed)


@pytest.mark.parametrize("kind", ["multi_label", "regression"])
def test_other_targets_are_learned_too(kind, tmp_path):
    ready = tiny_run(tmp_path, kind=kind, additional=["unlabelled"])
    bench, steps = learned(ready, augment="shift", distill=3.0)
    score, targets = steps[-1], bench.targets()
    constant = torch.from_numpy(bench.target.constant(targets.train.numpy())[:1]).expand(len(targets.val), -1)
    assert isinstance(score, Score)
    assert score.outputs.shape == (len(targets.val), bench.task.target.outputs)
    assert bench.target.loss(score.outputs, targets.val) < bench.target.loss(constant, targets.val)


def test_the_same_settings_give_the_same_weights_in_another_folder(ready, fresh):
    one, _ = learned(ready, distill=0.0, seed=1)
    torch.manual_seed(99)
    other, _ = learned(fresh, distill=0.0, seed=2)
    assert equal(state_of(one), state_of(other))


def test_folds_and_trials_share_the_steps(fresh, monkeypatch):
    first, _ = learned(fresh)
    monkeypatch.setattr(Pretraining, "step", lambda self: pytest.fail("the steps were taken again"))
    second, steps = learned(fresh, fold=None, seed=5, C=0.5)
    one, other = state_of(first), state_of(second)
    heads = {name for name in one if not torch.equal(one[name], other[name])}
    assert len(heads) == 2  # the weight and the bias of the head
    assert isinstance(steps[-1], Score)


def test_the_steps_read_no_labelled_image(fresh, monkeypatch):
    bench = tiny_bench(fresh)
    monkeypatch.setattr(bench, "inputs", lambda **named: pytest.fail("labelled images were read"))
    monkeypatch.setattr(bench, "targets", lambda: pytest.fail("labels were read"))
    steps = TESTED.build(settings(fresh), bench).fit()
    assert [isinstance(next(steps), Beat) for _ in range(4)] == [True] * 4
    steps.close()


@pytest.mark.parametrize("stop", [2, 6, 8])  # within the steps, after the head's score, within the tuning
def test_a_resumed_training_ends_like_an_uninterrupted_one(stop, tmp_path):
    def started(name):
        ready = tiny_run(tmp_path / name, additional=["unlabelled"])  # each with a folder of its own
        bench = tiny_bench(ready)
        return bench, TESTED.build(settings(ready, epochs=2), bench)

    (whole, expecting), (_, learner), (second, again) = map(started, ("whole", "first", "second"))
    expected = list(expecting.fit())
    steps = learner.fit()
    for _ in range(stop):
        next(steps)
    again.resume(learner.checkpoint())
    steps.close()
    found = list(again.fit())
    assert [each.progress for each in found] == [each.progress for each in expected[stop:]]
    assert equal(state_of(second), state_of(whole))


def test_there_is_no_checkpoint_while_the_head_is_fitted(ready):
    learner = TESTED.build(settings(ready, steps=5), tiny_bench(ready))
    steps = learner.fit()
    for _ in range(6):
        next(steps)
    assert learner.checkpoint() is None
    assert isinstance(next(steps), Score)
    assert learner.checkpoint() is not None


def test_the_checkpoint_of_another_training_is_refused(ready):
    learner = TESTED.build(settings(ready, steps=3), tiny_bench(ready))
    learner.resume({"epoch": torch.tensor(1)})
    with pytest.raises(ValueError, match="another network or training"):
        next(learner.fit())


def test_tuning_follows_the_head_and_progress_rises(ready):
    bench, steps = learned(ready, epochs=2)
    scores = [step for step in steps if isinstance(step, Score)]
    assert [score.epoch for score in scores] == [1, 2, 3]
    assert all(one.progress <= other.progress for one, other in itertools.pairwise(steps))
    assert steps[-1].progress == 1
    assert "4 steps on 60 unlabelled images" in bench.notes[0]
    assert "tuned (epochs: 2)" in bench.notes[1]


def test_it_states_why_it_does_not_apply(ready, monkeypatch):
    task, backbone = ready.task, ready.backbones["tiny"]

    def why(**changed):
        answer = TESTED.applies(replace(task, **changed), backbone)
        assert not answer
        return answer.why

    assert TESTED.applies(task, backbone)
    assert "--unlabelled" in why(additional={})
    assert "32 unlabelled images are needed" in why(additional={"unlabelled": AdditionalImages(31)})
    assert "20 are needed" in why(trial_seconds=1e-3)
    monkeypatch.setattr(strategy, "find_spec", lambda name: None)
    assert "pip install lightly" in why()


def test_a_trial_without_lightly_fails_with_what_to_do(ready, monkeypatch):
    monkeypatch.setattr(strategy, "find_spec", lambda name: None)
    with pytest.raises(TrainingError, match="pip install lightly"):
        TESTED.build(settings(ready), tiny_bench(ready))


@pytest.mark.parametrize(
    ("name", "value"), [("steps", 5001), ("loss", "mse"), ("epochs", -1), ("stages", 0), ("augment", "none")]
)
def test_wrong_settings_are_refused(ready, name, value):
    with pytest.raises(TrainingError, match=name):
        TESTED.build(settings(ready, **{name: value}), tiny_bench(ready))


def test_the_cost_grows_with_the_work_and_folds_share_the_steps(ready):
    def seconds(task=ready.task, **changed):
        return TESTED.cost(settings(ready, **changed), task, ready.backbones["tiny"], MACHINE).seconds

    assert seconds() < seconds(steps=8) < seconds(steps=8, stages=4)
    assert seconds(distill=0.0) < seconds() < seconds(epochs=3)
    assert seconds(replace(ready.task, folds=5), steps=100) < 0.5 * seconds(steps=100)


def test_less_time_means_fewer_steps(ready):
    backbone = ready.backbones["tiny"]
    steps = [
        TESTED.defaults(replace(ready.task, trial_seconds=seconds), backbone)["steps"]
        for seconds in (None, 20.0, 0.01)
    ]
    assert steps[0] == 1000 > steps[1] > steps[2] == 1


def test_its_entry_point_registers_the_strategy():
    found = plugins.load([each for each in entry_points(group=plugins.GROUP) if each.name == "selftaught"])
    assert not found.broken
    assert {*found.strategies.items} == {"self_supervised"}
    assert found.strategies.items["self_supervised"].counterpart == "linear_probe"
