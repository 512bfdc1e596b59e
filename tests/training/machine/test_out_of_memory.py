"""Running out of memory."""

from __future__ import annotations

import pytest
import torch
from torch import Tensor, nn

from autotl.testing import tiny_bench, tiny_run
from autotl.training import Recipe, Training, in_batches
from autotl.training.machine.out_of_memory import in_pieces, out_of_memory
from autotl.workbench.trial_workbench import TrialWorkbench


def test_pieces_double_until_they_fit() -> None:
    asked = []

    def attempt(pieces: int) -> str:
        asked.append(pieces)
        if pieces < 4:
            raise torch.OutOfMemoryError("CUDA out of memory. Tried to allocate 2 GiB")
        return "done"

    assert in_pieces(attempt, 1, most=8) == ("done", 4)
    assert asked == [1, 2, 4]


def test_pieces_made_for_other_reasons_are_not_remembered() -> None:
    assert in_pieces(str, 1, most=8, least=3) == ("3", 1)
    assert in_pieces(str, 4, most=8, least=3) == ("4", 4)


def test_what_does_not_fit_in_any_number_of_pieces_is_raised() -> None:
    def attempt(pieces: int) -> None:
        raise RuntimeError("DefaultCPUAllocator: can't allocate memory: you tried to allocate 80 bytes")

    with pytest.raises(RuntimeError, match="can't allocate"):
        in_pieces(attempt, 1, most=4)


def test_other_errors_are_not_taken_for_it() -> None:
    assert not out_of_memory(RuntimeError("mat1 and mat2 shapes cannot be multiplied"))
    assert out_of_memory(MemoryError())


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


def test_prediction_goes_on_in_smaller_pieces_and_gives_the_same() -> None:
    model, x = nn.Linear(3, 2), torch.randn(10, 3)
    found = in_batches(Small(model, 3), x, normalise=lambda x: x, device="cpu", batch=8)
    assert torch.allclose(found, model(x).detach())


def test_training_in_pieces_is_the_same_training(tmp_path_factory: pytest.TempPathFactory) -> None:
    bench: TrialWorkbench = tiny_bench(tiny_run(tmp_path_factory.mktemp("cache")))
    recipe = Recipe(side=32, epochs=2, lr=1e-3, batch_size=16, augment="none")
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
        curves.append([epoch.loss for epoch in learner.fit() if epoch.loss is not None])
    assert curves[0] == pytest.approx(curves[1], abs=1e-4)
