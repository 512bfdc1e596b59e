"""A training in phases."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace
from functools import partial
from itertools import pairwise
from pathlib import Path

import pytest
import torch

from autotl.api import Beat, Resumable, Score
from autotl.backbone import freeze, layout
from autotl.pipeline.prepare import Prepared
from autotl.testing import tiny_bench, tiny_run
from autotl.training import Phase, PhasedTraining, Recipe, Training, step_seconds, training_seconds
from autotl.workbench.tensor_files import read_tensors, save_tensors
from autotl.workbench.trial_workbench import TrialWorkbench

RECIPE = Recipe(input_size=32, epochs=1, lr=2e-3, batch_size=16, augment="none")
STEPS = 4
"""40 rows: three steps an epoch, and its score."""


@pytest.fixture(scope="module", autouse=True)
def one_thread() -> Iterator[None]:
    """Sums in another order are other sums."""
    threads = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(threads)


@pytest.fixture(scope="module")
def ready(tmp_path_factory: pytest.TempPathFactory) -> Prepared:
    return tiny_run(tmp_path_factory.mktemp("cache"))


def phases(*plan: tuple[int, int], recipe: Recipe = RECIPE) -> list[Phase]:
    """Return a phase for each pair of frozen stages and epochs."""
    return [
        Phase(replace(recipe, epochs=epochs), partial(freeze, through=depth, norm="batch"), frozen=depth)
        for depth, epochs in plan
    ]


def training(
    ready: Prepared, plan: Sequence[Phase], *, processes: int = 1
) -> tuple[PhasedTraining, TrialWorkbench]:
    bench = tiny_bench(ready)
    bench.processes = processes
    return PhasedTraining(bench.model(), bench, plan), bench


def test_epochs_and_progress_continue_over_phases(ready: Prepared) -> None:
    learner, _ = training(ready, phases((5, 1), (4, 2), (0, 1)))
    steps = list(learner.fit())
    scores = [step for step in steps if isinstance(step, Score)]
    assert [score.epoch for score in scores] == [1, 2, 3, 4]
    assert scores[-1].progress == 1.0
    assert all(one.progress <= other.progress for one, other in pairwise(steps))
    assert isinstance(steps[0], Beat)
    assert 0 < steps[0].progress == pytest.approx(scores[0].progress / 3)


def test_progress_is_the_share_of_the_expected_seconds(ready: Prepared) -> None:
    learner, bench = training(ready, phases((5, 4), (0, 4)))
    scores = [step.progress for step in learner.fit() if isinstance(step, Score)]
    task, backbone = bench.task, bench.backbone
    head, rest = (
        training_seconds(task, backbone, input_size=32, trained=trained, epochs=4, views=1)
        + step_seconds(task, epochs=4, batch_size=RECIPE.batch_size)
        for trained in (0.0, 1.0)
    )
    assert scores[3] == pytest.approx(head / (head + rest))
    assert scores[3] < 0.5
    assert scores[7] - scores[6] == pytest.approx(rest / (head + rest) / 4)


def test_phases_see_the_images_in_another_order(ready: Prepared) -> None:
    learner, _ = training(ready, phases((5, 1), (5, 1), (5, 1)))
    orders = []
    for step in learner.fit():
        if isinstance(step, Beat) and learner._training is not None and learner._training._state is not None:
            state = learner._training._state
            orders += [state._order.get_state()] if len(state.losses) == 1 else []
    assert len(orders) == 3
    assert not any(torch.equal(one, other) for one, other in pairwise(orders))


def test_one_phase_is_a_plain_training(ready: Prepared) -> None:
    learner, bench = training(ready, phases((3, 2)))
    phased = [step.progress for step in learner.fit()]
    other = tiny_bench(ready)
    model = other.model()
    train_mode = freeze(model, 3, norm="batch")
    plain = Training(model, other, replace(RECIPE, epochs=2), train_mode=train_mode, frozen=3)
    assert [step.progress for step in plain.fit()] == phased
    expected = other.result.model.state_dict()
    assert all(torch.equal(value, expected[name]) for name, value in bench.result.model.state_dict().items())


@pytest.mark.parametrize("after", [1, STEPS, STEPS + 2, 3 * STEPS], ids=lambda n: f"after {n}")
@pytest.mark.parametrize(
    "recipe",
    [
        replace(RECIPE, augment="shift", ema=0.9, mixup=0.4),
        replace(RECIPE, optimiser="sgd", schedule="steps", lr=1e-2),
    ],
    ids=["augmented, averaged and mixed", "sgd"],
)
def test_a_resumed_training_is_bit_for_bit_an_uninterrupted_one(
    ready: Prepared, tmp_path: Path, after: int, recipe: Recipe
) -> None:
    plan = phases((5, 1), (4, 1), (0, 2), recipe=recipe)
    whole, bench = training(ready, plan)
    expected = [step.progress for step in whole.fit()]
    first, _ = training(ready, plan)
    assert isinstance(first, Resumable)
    running = first.fit()
    for _ in range(after):
        next(running)
    kept = first.checkpoint()
    running.close()
    assert kept is not None
    read = read_tensors(save_tensors(tmp_path / "checkpoint.safetensors", kept))
    assert read is not None
    torch.manual_seed(1)  # another process has drawn other numbers
    second, again = training(ready, plan)
    second.resume(read)
    assert [step.progress for step in second.fit()] == expected[after:]
    state = again.result.model.state_dict()
    for name, value in bench.result.model.state_dict().items():
        assert torch.equal(state[name], value), name


@pytest.mark.parametrize("number", [None, 7])
def test_a_checkpoint_of_another_training_is_refused(ready: Prepared, number: int | None) -> None:
    plan = phases((5, 1), (4, 1))
    learner, _ = training(ready, plan)
    running = learner.fit()
    next(running)
    kept = dict(learner.checkpoint() or {})
    running.close()
    del kept["phase"]
    other, _ = training(ready, plan)
    other.resume(kept if number is None else {**kept, "phase": torch.tensor(number)})
    with pytest.raises(ValueError, match="of another network or training"):
        next(other.fit())


def test_there_is_no_checkpoint_before_the_first_step(ready: Prepared) -> None:
    assert training(ready, phases((5, 1)))[0].checkpoint() is None


def test_a_training_without_phases_is_refused(ready: Prepared) -> None:
    with pytest.raises(ValueError, match="at least one phase"):
        training(ready, [])


def test_stages_of_a_later_phase_are_cut_behind_those_that_stay_frozen(ready: Prepared) -> None:
    learner, bench = training(ready, phases((5, 1), (3, 1)))
    start, stages = bench.model().state_dict(), layout(bench.model()).parameters
    list(learner.fit())
    state = bench.result.model.state_dict()
    moved = [any(not torch.equal(start[name], state[name]) for name in names) for names in stages]
    assert moved == [False, False, False, True, True]


@pytest.mark.slow
def test_two_processes_give_the_same_training(ready: Prepared) -> None:
    pytest.importorskip("accelerate")
    plan = [
        replace(each, freeze=partial(freeze, through=each.frozen, norm="frozen"))  # statistics would differ
        for each in phases((5, 1), (3, 1), recipe=replace(RECIPE, batch_size=20))
    ]
    curves = [
        [step.loss for step in training(ready, plan, processes=count)[0].fit() if isinstance(step, Score)]
        for count in (1, 2)
    ]
    assert len(curves[0]) == 2
    assert curves[1] == pytest.approx(curves[0], abs=1e-3)
