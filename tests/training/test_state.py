"""A resumed training equals an uninterrupted one."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import torch
from torch import Tensor

from autotl.api import Beat, Resumable, Score
from autotl.backbone import freeze
from autotl.pipeline.prepare import Prepared
from autotl.testing import tiny_bench, tiny_run
from autotl.training import Recipe, Training
from autotl.workbench.tensor_files import read_tensors, save_tensors

RECIPE = Recipe(
    input_size=32, epochs=3, lr=2e-3, batch_size=16
)  # 40 rows: three steps an epoch, and its score


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


def training(ready: Prepared, frozen: int = 0, norm: str = "batch", **changed: Any) -> Training:
    bench = tiny_bench(ready)
    model = bench.model()
    model.drop_rate = 0.2  # type: ignore[assignment]
    train_mode = freeze(model, frozen, norm=norm)
    recipe = replace(RECIPE, **changed)
    return Training(model, bench, recipe, train_mode=train_mode, frozen=frozen)


def summary_of(steps: list[Beat | Score]) -> list[tuple[Any, ...]]:
    return [
        (each.epoch, each.value, each.progress, each.loss) if isinstance(each, Score) else (each.progress,)
        for each in steps
    ]


def delivered(learner: Training) -> Mapping[str, Tensor]:
    """The weights that would be delivered."""
    return learner._workbench.result.model.state_dict()  # type: ignore[attr-defined,no-any-return]


def through_a_file(checkpoint: Mapping[str, Tensor] | None, folder: Path) -> Mapping[str, Tensor]:
    assert checkpoint is not None
    read = read_tensors(save_tensors(folder / "checkpoint.safetensors", checkpoint))
    assert read is not None
    return read


@pytest.mark.parametrize("after", [1, 4, 7], ids=lambda n: f"after {n}")
@pytest.mark.parametrize(
    "how",
    [
        {"augment": "strong", "ema": 0.9, "mixup": 0.4},
        {"balance": "sampling", "layer_decay": 0.7, "warmup": 0.6},
        {"frozen": 3, "augment": "shift", "views": 2},
    ],
    ids=["augmented, averaged and mixed", "sampled", "behind a cut"],
)
def test_a_resumed_training_is_bit_for_bit_an_uninterrupted_one(
    how: dict[str, Any], after: int, ready: Prepared, tmp_path: Path
) -> None:
    whole = training(ready, **how)
    epochs = list(whole.fit())
    first = training(ready, **how)
    running = first.fit()
    for _ in range(after):
        next(running)
    kept = through_a_file(first.checkpoint(), tmp_path)
    running.close()
    torch.manual_seed(1)  # another process has drawn other numbers
    second = training(ready, **how)
    second.resume(kept)
    assert summary_of(list(second.fit())) == summary_of(epochs[after:])
    expected = delivered(whole)
    for name, value in delivered(second).items():
        assert torch.equal(value, expected[name]), name


def test_taking_checkpoints_does_not_change_the_training(ready: Prepared) -> None:
    quiet, watched = training(ready, ema=0.9), training(ready, ema=0.9)
    epochs = list(quiet.fit())
    seen = []
    for each in watched.fit():
        watched.checkpoint()
        seen.append(each)
    assert summary_of(seen) == summary_of(epochs)


def test_a_checkpoint_has_no_frozen_weights(ready: Prepared) -> None:
    learner = training(ready, frozen=3, norm="frozen")
    running = learner.fit()
    next(running)
    kept = learner.checkpoint()
    running.close()
    assert kept is not None
    frozen = {name for name, value in learner._model.named_parameters() if not value.requires_grad}
    learned = {name for name, value in learner._model.named_parameters() if value.requires_grad}
    names = {name.removeprefix("model.") for name in kept}
    assert frozen
    assert not frozen & names
    assert learned <= names


def test_a_checkpoint_of_another_network_is_refused(ready: Prepared) -> None:
    learner = training(ready, frozen=3)
    running = learner.fit()
    next(running)
    kept = learner.checkpoint()
    running.close()
    assert kept is not None
    other = training(ready)
    other.resume(kept)
    with pytest.raises(ValueError, match="of another network or training"):
        next(other.fit())


def test_there_is_no_checkpoint_before_the_first_step(ready: Prepared) -> None:
    learner = training(ready)
    assert isinstance(learner, Resumable)
    assert learner.checkpoint() is None
