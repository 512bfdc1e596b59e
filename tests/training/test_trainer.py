"""The training loop."""

from __future__ import annotations

import math
from dataclasses import replace
from multiprocessing import active_children
from pathlib import Path

import pytest
import torch
from torch import nn

from autotl.api import Beat, Score
from autotl.backbone import freeze
from autotl.pipeline.prepare import Prepared
from autotl.testing import tiny_bench, tiny_run
from autotl.training import Diverged, Recipe, Training
from autotl.training.batches import batch_source
from autotl.training.spec import TrainingSpec
from autotl.training.state import TrainingState
from autotl.workbench.trial_workbench import TrialWorkbench

RECIPE = Recipe(input_size=32, epochs=2, lr=2e-3, batch_size=16)


@pytest.fixture(scope="module")
def ready(tmp_path_factory: pytest.TempPathFactory) -> Prepared:
    return tiny_run(tmp_path_factory.mktemp("cache"))


@pytest.fixture
def bench(ready: Prepared) -> TrialWorkbench:
    return tiny_bench(ready)


def test_it_learns(bench: TrialWorkbench) -> None:
    learner = Training(bench.model(), bench, replace(RECIPE, epochs=6))
    scores = [step.value for step in learner.fit() if isinstance(step, Score)]
    assert len(scores) == 6
    assert max(scores) > 0.6  # three classes


def test_every_step_yields_so_that_a_deadline_can_hold(bench: TrialWorkbench) -> None:
    steps = list(Training(bench.model(), bench, RECIPE).fit())
    beats = [step for step in steps if isinstance(step, Beat)]
    assert len(beats) == 2 * 3  # 40 rows in batches of at most 16
    assert steps[-1].progress == 1


def test_closing_gives_the_network_of_the_last_scored_epoch(bench: TrialWorkbench) -> None:
    learner = Training(bench.model(), bench, replace(RECIPE, epochs=4))
    running = learner.fit()
    for step in running:
        if isinstance(step, Score):
            scored = {name: value.clone() for name, value in learner._model.state_dict().items()}
            break
    next(running)
    next(running)
    running.close()
    kept = bench.result.model.state_dict()
    assert all(torch.equal(kept[name], value) for name, value in scored.items())


def test_a_loss_that_is_no_number_ends_the_training_with_the_step(bench: TrialWorkbench) -> None:
    model = bench.model()
    with torch.no_grad():
        next(model.parameters()).fill_(float("nan"))
    with pytest.raises(Diverged, match=r"nan at step 1 of 6"):
        list(Training(model, bench, RECIPE).fit())


def test_no_batch_is_a_single_row(ready: Prepared) -> None:
    bench = tiny_bench(ready)  # 40 rows: batches of 39 would leave one row, on which BatchNorm raises
    assert list(Training(bench.model(), bench, replace(RECIPE, epochs=1, batch_size=39)).fit())


def test_an_epoch_of_a_part_takes_so_many_images_and_each_time_others(ready: Prepared) -> None:
    bench = tiny_bench(ready)
    rows = len(bench.targets().train)
    batches = batch_source(bench.model(), bench, RECIPE, frozen=0)
    recipe = replace(RECIPE, epochs=2, batch_size=4, part=0.25)
    targets = bench.targets().train
    spec = TrainingSpec(
        bench.model(), batches, bench.target, targets, targets, recipe, nn.Module.train, "cpu", 0
    )
    state = TrainingState(spec)
    taken = []
    for _ in range(2):
        taken.append(torch.cat(state.batches()))
        state.end_epoch()
    assert [len(each) for each in taken] == [round(rows / 4)] * 2
    assert state.total_steps == 2 * math.ceil(rows / 4 / 4)
    assert set(taken[0].tolist()) != set(taken[1].tolist())


def test_augmented_training_uses_the_margin_and_validates_without(
    bench: TrialWorkbench, tmp_path: Path
) -> None:
    plain, margin = (bench.inputs(input_size=32, augmented=wanted) for wanted in (False, True))
    assert plain.train.shape[-1] == 32
    assert margin.train.shape[-1] > 32
    assert torch.equal(plain.val, margin.val)


@pytest.mark.parametrize("frozen", [0, pytest.param(3, marks=pytest.mark.slow)])
def test_two_processes_give_the_same_training(ready: Prepared, frozen: int) -> None:
    pytest.importorskip("accelerate")
    recipe = replace(RECIPE, augment="none", batch_size=20)
    curves = []
    for processes in (1, 2):
        bench = tiny_bench(ready)
        bench.processes = processes
        model = bench.model()
        train_mode = freeze(model, frozen, norm="frozen")  # statistics of half a batch would differ
        learner = Training(model, bench, recipe, train_mode=train_mode, frozen=frozen)
        scores = [step for step in learner.fit() if isinstance(step, Score)]
        curves.append([score.loss for score in scores])
        assert scores[-1].progress == 1
    assert len(curves[0]) == recipe.epochs
    assert curves[1] == pytest.approx(curves[0], abs=1e-3)


@pytest.mark.slow
def test_processes_end_with_the_generator_and_report_errors(ready: Prepared) -> None:
    pytest.importorskip("accelerate")
    bench = tiny_bench(ready)
    bench.processes = 2
    running = Training(bench.model(), bench, replace(RECIPE, epochs=50)).fit()
    next(running)
    assert len(active_children()) == 2
    running.close()
    assert active_children() == []
    model = bench.model()
    with torch.no_grad():
        next(model.parameters()).fill_(float("nan"))
    with pytest.raises(RuntimeError, match="the loss became nan"):
        list(Training(model, bench, RECIPE).fit())


@pytest.mark.parametrize("balance", ["none", "weights", "sampling"])
def test_a_row_without_weight_teaches_nothing(
    ready: Prepared, monkeypatch: pytest.MonkeyPatch, balance: str
) -> None:
    labels = ready.run_cache.targets
    monkeypatch.setattr(ready.run_cache, "weights", (labels != 2).float() * len(labels) / (labels != 2).sum())
    bench = tiny_bench(ready)
    weights = bench.weights()
    assert weights is not None
    assert float(weights.mean()) == pytest.approx(1)
    learner = Training(bench.model(), bench, replace(RECIPE, epochs=5, balance=balance))
    last = [step for step in learner.fit() if isinstance(step, Score)][-1]
    answers = last.outputs.argmax(1)
    assert (answers != 2).all()
    known = bench.targets().val != 2
    assert (answers[known] == bench.targets().val[known]).float().mean() > 0.6
