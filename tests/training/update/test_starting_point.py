"""The pull towards the weights that a training started from."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import replace

import pytest
import torch
from torch import Tensor, nn

from autotl.api import Score
from autotl.backbone import freeze, layout
from autotl.pipeline.prepare import Prepared
from autotl.testing import tiny_bench, tiny_run
from autotl.training import Recipe, StartingPoint, Training
from autotl.training.update.optimiser import make_optimiser
from autotl.training.update.starting_point import Pull

RECIPE = Recipe(input_size=32, epochs=2, lr=2e-3, batch_size=16)


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


def test_a_step_shrinks_the_distance_by_strength_times_rate() -> None:
    model = nn.Linear(3, 2)
    start = StartingPoint.of(model, {"weight"}, strength=5.0)
    optimiser = make_optimiser(model, replace(RECIPE, lr=0.1), rates={"weight": 0.4}, undecayed=start.weights)
    pull, bias = Pull(model, optimiser, start), model.bias.detach().clone()
    with torch.no_grad():
        model.weight.add_(1.0)
    pull()
    torch.testing.assert_close(model.weight.detach() - start.weights["weight"], torch.full((2, 3), 0.8))
    assert torch.equal(model.bias, bias)


def test_a_pull_never_overshoots() -> None:
    model = nn.Linear(3, 2)
    start = StartingPoint.of(model, {"weight"}, strength=1e6)
    with torch.no_grad():
        model.weight.add_(1.0)
    Pull(model, make_optimiser(model, RECIPE, rates={}), start)()
    torch.testing.assert_close(model.weight.detach(), start.weights["weight"])


def test_the_starting_point_is_a_copy() -> None:
    model = nn.Linear(3, 2)
    start = StartingPoint.of(model, {"weight"}, strength=1.0)
    with torch.no_grad():
        model.weight.zero_()
    assert start.weights["weight"].abs().sum() > 0


@pytest.mark.parametrize("after", [1, 4, 6], ids=lambda n: f"after {n}")
def test_a_resumed_training_is_pulled_as_an_uninterrupted_one(ready: Prepared, after: int) -> None:
    def prepared() -> tuple[Training, Mapping[str, Tensor]]:
        bench = tiny_bench(ready)
        model = bench.model()
        train_mode = freeze(model, 0, norm="frozen")
        names = frozenset[str]().union(*layout(model).parameters)
        start = StartingPoint.of(model, names, strength=50.0)
        return Training(model, bench, RECIPE, train_mode=train_mode, start=start), model.state_dict()

    whole, expected = prepared()
    scores = [step.value for step in whole.fit() if isinstance(step, Score)]
    first, _ = prepared()
    running = first.fit()
    for _ in range(after):
        next(running)
    kept = first.checkpoint()
    running.close()
    assert kept is not None
    second, found = prepared()
    second.resume(kept)
    assert [step.value for step in second.fit() if isinstance(step, Score)] == scores[after // 4 :]
    assert all(torch.equal(found[name], value) for name, value in expected.items())
