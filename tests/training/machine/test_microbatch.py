"""How many images go through a network together."""

from __future__ import annotations

import pytest
import torch
from torch import Tensor, nn

from autotl.backbone import freeze
from autotl.testing import tiny_bench, tiny_run
from autotl.training import Recipe, Training, at_once, in_batches, pieces_of
from autotl.training.machine.microbatch import LEAST, MOST, learns_statistics


def test_the_larger_an_image_the_fewer_at_once_on_a_cpu() -> None:
    found = [at_once(side, side, device="cpu") for side in (32, 64, 128, 224, 1024)]
    assert found == sorted(found, reverse=True)
    assert found[0] == MOST
    assert found[-1] == LEAST
    assert LEAST < found[2] < MOST


def test_an_accelerator_takes_what_it_is_given() -> None:
    assert at_once(1024, 1024, device="cuda:0") == MOST
    assert pieces_of(torch.empty(512, 3, 224, 224, device="meta"), device="cuda") == 512 // MOST


def test_rows_without_height_and_width_stay_together() -> None:
    assert pieces_of(torch.empty(4000, 1280, device="meta"), device="cpu") == 1
    assert pieces_of(torch.empty(0, 3, 224, 224), device="cpu") == 1


def test_prediction_is_the_same_in_pieces() -> None:
    class Counting(nn.Conv2d):
        seen: list[int]

        def forward(self, input: Tensor) -> Tensor:
            self.seen.append(len(input))
            return super().forward(input)

    torch.manual_seed(0)
    model, x = Counting(3, 2, 3), torch.rand(40, 3, 128, 128)
    model.seen = []
    found = in_batches(model, x, normalise=lambda x: x, device="cpu", batch=32)
    few = at_once(128, 128, device="cpu")
    assert len(model.seen) > 2
    assert max(model.seen) <= few
    assert min(model.seen) > 0
    assert torch.allclose(found, model(x), atol=1e-5)


@pytest.mark.parametrize("norm", ["frozen", "batch"])
def test_training_learns_in_pieces_unless_statistics_are_learned(
    norm: str, tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch
) -> None:
    bench = tiny_bench(tiny_run(tmp_path_factory.mktemp("cache")))
    recipe = Recipe(side=32, epochs=2, lr=1e-3, batch_size=16, augment="none")
    curves, sizes = [], []
    for pixels in (10**9, 5 * 32 * 32):
        monkeypatch.setattr("autotl.training.machine.microbatch.PIXELS", pixels)
        model, seen = bench.model(), []
        forward = model.forward

        def noted(x: Tensor, seen: list[int] = seen, forward: nn.Module = forward) -> Tensor:
            if torch.is_grad_enabled():
                seen.append(len(x))
            return forward(x)

        model.forward = noted
        train_mode = freeze(model, 0, norm=norm)
        learner = Training(model, bench, recipe, train_mode=train_mode)
        curves.append([epoch.loss for epoch in learner.fit() if epoch.loss is not None])
        sizes.append(max(seen))
    assert curves[0] == pytest.approx(curves[1], abs=1e-4)
    assert sizes[1] == (5 if norm == "frozen" else sizes[0])


def test_a_batchnorm_that_stands_still_learns_no_statistics() -> None:
    model = nn.Sequential(nn.Conv2d(3, 4, 1), nn.BatchNorm2d(4))
    assert learns_statistics(model.train())
    model[1].eval()
    assert not learns_statistics(model)
