"""Microbatches: their fastest size, and smaller ones if memory runs out."""

from __future__ import annotations

import pytest
import torch
from torch import Tensor, nn

from autotl.api import Score
from autotl.backbone import freeze
from autotl.testing import tiny_bench, tiny_run
from autotl.training import Recipe, Training, forward_in_batches, microbatch_count, microbatch_size
from autotl.training.machine.microbatch import (
    MAX_IMAGES,
    MIN_IMAGES,
    is_out_of_memory,
    retry_in_microbatches,
    updates_batch_statistics,
)
from autotl.workbench.trial_workbench import TrialWorkbench


def test_larger_images_have_smaller_microbatches_on_a_cpu() -> None:
    found = [microbatch_size(size, size, device="cpu") for size in (32, 64, 128, 224, 1024)]
    assert found == sorted(found, reverse=True)
    assert found[0] == MAX_IMAGES
    assert found[-1] == MIN_IMAGES
    assert MIN_IMAGES < found[2] < MAX_IMAGES


def test_an_accelerator_takes_what_it_is_given() -> None:
    assert microbatch_size(1024, 1024, device="cuda:0") == MAX_IMAGES
    assert microbatch_count(torch.empty(512, 3, 224, 224, device="meta"), device="cuda") == 512 // MAX_IMAGES


def test_rows_without_height_and_width_stay_together() -> None:
    assert microbatch_count(torch.empty(4000, 1280, device="meta"), device="cpu") == 1
    assert microbatch_count(torch.empty(0, 3, 224, 224), device="cpu") == 1


def test_prediction_is_the_same_in_microbatches() -> None:
    class Counting(nn.Conv2d):
        seen: list[int]

        def forward(self, input: Tensor) -> Tensor:
            self.seen.append(len(input))
            return super().forward(input)

    torch.manual_seed(0)
    model, x = Counting(3, 2, 3), torch.rand(40, 3, 128, 128)
    model.seen = []
    found = forward_in_batches(model, x, to_batch=lambda x: x, device="cpu", batch=32)
    few = microbatch_size(128, 128, device="cpu")
    assert len(model.seen) > 2
    assert max(model.seen) <= few
    assert min(model.seen) > 0
    assert torch.allclose(found, model(x), atol=1e-5)


@pytest.mark.parametrize("norm", ["frozen", "batch"])
def test_training_is_split_unless_batchnorm_updates_statistics(
    norm: str, tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch
) -> None:
    bench = tiny_bench(tiny_run(tmp_path_factory.mktemp("cache")))
    recipe = Recipe(input_size=32, epochs=2, lr=1e-3, batch_size=16, augment="none")
    curves, sizes = [], []
    for pixels in (10**9, 5 * 32 * 32):
        monkeypatch.setattr("autotl.training.machine.microbatch.CACHE_PIXELS", pixels)
        model, seen = bench.model(), []
        forward = model.forward

        def noted(x: Tensor, seen: list[int] = seen, forward: nn.Module = forward) -> Tensor:
            if torch.is_grad_enabled():
                seen.append(len(x))
            return forward(x)

        model.forward = noted
        train_mode = freeze(model, 0, norm=norm)
        learner = Training(model, bench, recipe, train_mode=train_mode)
        curves.append([step.loss for step in learner.fit() if isinstance(step, Score)])
        sizes.append(max(seen))
    assert curves[0] == pytest.approx(curves[1], abs=1e-4)
    assert sizes[1] == (5 if norm == "frozen" else sizes[0])


def test_a_batchnorm_in_eval_mode_updates_no_statistics() -> None:
    model = nn.Sequential(nn.Conv2d(3, 4, 1), nn.BatchNorm2d(4))
    assert updates_batch_statistics(model.train())
    model[1].eval()
    assert not updates_batch_statistics(model)


def test_pieces_double_until_they_fit() -> None:
    asked = []

    def attempt(pieces: int) -> str:
        asked.append(pieces)
        if pieces < 4:
            raise torch.OutOfMemoryError("CUDA out of memory. Tried to allocate 2 GiB")
        return "done"

    assert retry_in_microbatches(attempt, 1, max_pieces=8) == ("done", 4)
    assert asked == [1, 2, 4]


def test_pieces_made_for_other_reasons_are_not_remembered() -> None:
    assert retry_in_microbatches(str, 1, max_pieces=8, min_pieces=3) == ("3", 1)
    assert retry_in_microbatches(str, 4, max_pieces=8, min_pieces=3) == ("4", 4)


def test_an_error_is_raised_if_no_number_of_pieces_fits() -> None:
    def attempt(pieces: int) -> None:
        raise RuntimeError("DefaultCPUAllocator: can't allocate memory: you tried to allocate 80 bytes")

    with pytest.raises(RuntimeError, match="can't allocate"):
        retry_in_microbatches(attempt, 1, max_pieces=4)


def test_other_errors_are_not_out_of_memory() -> None:
    assert not is_out_of_memory(RuntimeError("mat1 and mat2 shapes cannot be multiplied"))
    assert is_out_of_memory(MemoryError())


class Small(nn.Module):
    """A network on a device with memory for ``most`` images."""

    def __init__(self, model: nn.Module, most: int) -> None:
        super().__init__()
        self.model, self.most = model, most

    def forward(self, x: Tensor) -> Tensor:
        if len(x) > self.most:
            raise torch.OutOfMemoryError("out of memory")
        out: Tensor = self.model(x)
        return out


def test_prediction_in_smaller_pieces_gives_the_same() -> None:
    model, x = nn.Linear(3, 2), torch.randn(10, 3)
    found = forward_in_batches(Small(model, 3), x, to_batch=lambda x: x, device="cpu", batch=8)
    assert torch.allclose(found, model(x).detach())


def test_training_in_pieces_is_the_same_training(tmp_path_factory: pytest.TempPathFactory) -> None:
    bench: TrialWorkbench = tiny_bench(tiny_run(tmp_path_factory.mktemp("cache")))
    recipe = Recipe(input_size=32, epochs=2, lr=1e-3, batch_size=16, augment="none")
    curves = []
    for most in (64, 5):
        model = bench.model()
        forward = model.forward

        def short(x: Tensor, most: int = most, forward: nn.Module = forward) -> Tensor:
            if torch.is_grad_enabled() and len(x) > most:
                raise torch.OutOfMemoryError("out of memory")
            return forward(x)

        model.forward = short
        learner = Training(model, bench, recipe, train_mode=nn.Module.eval)  # BatchNorm sees no groups
        curves.append([step.loss for step in learner.fit() if isinstance(step, Score)])
    assert curves[0] == pytest.approx(curves[1], abs=1e-4)
