"""Two heads are trained on mixed batches, each by its own images."""

from __future__ import annotations

from functools import partial

import pytest
import torch

from autotl.backbone import new_head
from autotl.pipeline.prepare import Prepared
from autotl.targets import SingleLabel
from autotl.testing import tiny_bench, tiny_run
from autotl.training import Recipe
from autotl.training.joint import JointBatches, JointLoss, SourceTask
from autotl.workbench.trial_workbench import TrialWorkbench


@pytest.fixture(scope="module")
def ready(tmp_path_factory: pytest.TempPathFactory) -> Prepared:
    return tiny_run(tmp_path_factory.mktemp("cache"), additional=["source"])


def source_task(bench: TrialWorkbench, *, augmented: bool = False, ratio: float = 1.0) -> SourceTask:
    rows = bench.additional("source")
    targets = rows.targets()
    assert targets is not None
    return SourceTask(rows.inputs(input_size=32, augmented=augmented), targets, ratio, 0.5)


def batches_of(bench: TrialWorkbench, *, ratio: float = 1.0, augment: str = "none") -> JointBatches:
    recipe = Recipe(input_size=32, epochs=1, lr=1e-3, augment=augment)
    source = source_task(bench, augmented=augment != "none", ratio=ratio)
    return JointBatches(new_head(bench.model(), 8), bench, recipe, source)


def test_an_epoch_has_its_share_of_source_images(ready: Prepared) -> None:
    bench = tiny_bench(ready)
    own = len(bench.targets().train)
    for ratio in (0.25, 1.0, 4.0):
        batches = batches_of(bench, ratio=ratio)
        assert batches.own_rows == own
        assert batches.source_rows == round(ratio * own)
        batches.start_epoch(1)
        counts = batches.drawn.bincount(minlength=100)
        assert int(counts.max() - counts.min()) <= 1


def test_source_images_are_drawn_anew_by_the_epoch_alone(ready: Prepared) -> None:
    batches = batches_of(tiny_bench(ready), ratio=0.5)
    drawn = []
    for epoch in (1, 2, 1):
        batches.start_epoch(epoch)
        drawn.append(batches.drawn)
    assert torch.equal(drawn[0], drawn[2])
    assert not torch.equal(drawn[0], drawn[1])


@pytest.mark.parametrize("augment", ["none", "shift"])
def test_each_row_of_a_batch_is_its_image(ready: Prepared, augment: str) -> None:
    bench = tiny_bench(ready)
    batches = batches_of(bench, augment=augment)
    batches.start_epoch(1)
    own = batches.own_rows
    rows = torch.tensor([own + 1, 0, 3, own, 1])
    found = batches.batch(rows, torch.Generator().manual_seed(0))
    assert found.shape == (5, 3, 32, 32)
    if augment == "none":
        images, theirs = bench.inputs(input_size=32).train, bench.additional("source").inputs(input_size=32)
        expected = [
            theirs[batches.drawn[1:2]],
            images[:1],
            images[3:4],
            theirs[batches.drawn[:1]],
            images[1:2],
        ]
        torch.testing.assert_close(found, bench.to_batch(torch.cat(expected)))
    for some in (rows[1:3], rows[:1]):  # only one kind of image
        assert len(batches.batch(some, torch.Generator().manual_seed(0))) == len(some)


def test_each_head_learns_from_its_own_images(ready: Prepared) -> None:
    batches = batches_of(tiny_bench(ready))
    batches.start_epoch(1)
    own = batches.own_rows
    targets, classes = torch.zeros(own, dtype=torch.long), torch.full((100,), 4)
    loss = JointLoss(batches, SingleLabel.numbered(3), targets, classes, 3)
    outputs = torch.zeros(4, 8, requires_grad=True)
    rows = torch.tensor([0, 1, own, own + 1])
    loss.loss(outputs, rows, weights=None, smoothing=0.0).backward()
    gradient = outputs.grad
    assert gradient is not None
    assert bool((gradient[:2, 3:] == 0).all())
    assert bool((gradient[2:, :3] == 0).all())
    assert bool((gradient[:2, 0] < 0).all())
    assert bool((gradient[2:, 3 + 4] < 0).all())


def test_weights_multiply_the_rows_of_both_heads(ready: Prepared) -> None:
    batches = batches_of(tiny_bench(ready))
    batches.start_epoch(1)
    own = batches.own_rows
    targets, classes = torch.arange(own) % 3, torch.arange(100) % 5
    loss = partial(JointLoss(batches, SingleLabel.numbered(3), targets, classes, 3).loss, smoothing=0.1)
    outputs = torch.randn(6, 8, generator=torch.Generator().manual_seed(0))
    rows = torch.tensor([0, own, 1, own + 1, 2, own + 2])
    whole = loss(outputs, rows, weights=torch.ones(6))
    torch.testing.assert_close(whole, loss(outputs, rows, weights=None))
    torch.testing.assert_close(loss(outputs, rows, weights=torch.full((6,), 2.0)), 2 * whole)
    only_own = loss(outputs, rows, weights=torch.tensor([1.0, 0.0] * 3))
    only_source = loss(outputs, rows, weights=torch.tensor([0.0, 1.0] * 3))
    torch.testing.assert_close(only_own + only_source, whole)
    alone = loss(outputs[::2], rows[::2], weights=None)
    torch.testing.assert_close(alone / 2, only_own)
