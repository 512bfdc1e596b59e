"""Keeping what frozen layers give."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

import pytest
import torch

from autotl.api import Score
from autotl.backbone import freeze
from autotl.cache import Store
from autotl.pipeline.prepare import Prepared
from autotl.testing import tiny_run
from autotl.training import Recipe, Training
from autotl.workbench.activation_cache import CHECKED_IMAGES, SINGLE_PRECISION, ActivationCache, ViewSpec
from autotl.workbench.run_cache import RunCache
from autotl.workbench.trial_workbench import TrialWorkbench

RECIPE = Recipe(input_size=32, epochs=2, lr=2e-3, batch_size=16, augment="none")


@pytest.fixture(scope="module")
def ready(tmp_path_factory: pytest.TempPathFactory) -> Prepared:
    return tiny_run(tmp_path_factory.mktemp("cache"))


def with_store(ready: Prepared, store: Store) -> RunCache:
    return RunCache(ready.dataset, ready.splits, ready.backbones, store, device="cpu")


def workbench_of(
    run_cache: RunCache, ready: Prepared, activations: ActivationCache | None = None, fold: int = 0
) -> TrialWorkbench:
    tiny = ready.backbones["tiny"]
    rows = ready.splits.folds[fold]
    return TrialWorkbench(run_cache, ready.task, tiny, rows, seed=0, activations=activations)


def trained(
    workbench: TrialWorkbench, depth: int, recipe: Recipe = RECIPE
) -> tuple[Training, list[float | None]]:
    model = workbench.model()
    learner = Training(model, workbench, recipe, train_mode=freeze(model, depth, norm="batch"), frozen=depth)
    return learner, [step.loss for step in learner.fit() if isinstance(step, Score)]


@contextmanager
def runs_of(run_cache: RunCache, module: str) -> Iterator[list[int]]:
    """How many images go through a module of the shared network."""
    seen: list[int] = []
    model = run_cache.networks.task("tiny")
    hook = model.get_submodule(module).register_forward_hook(lambda m, given, out: seen.append(len(given[0])))
    try:
        yield seen
    finally:
        hook.remove()


def test_training_behind_a_cut_gives_the_losses_of_training_the_whole(
    ready: Prepared, tmp_path: Path
) -> None:
    run_cache = with_store(ready, Store(tmp_path))
    for depth in (1, 3, len(ready.backbones["tiny"].stages)):
        plain = trained(workbench_of(run_cache, ready, ActivationCache(run_cache, enabled=False)), depth)[1]
        exact = trained(
            workbench_of(run_cache, ready, ActivationCache(run_cache, dtypes=SINGLE_PRECISION)), depth
        )[1]
        half = trained(workbench_of(run_cache, ready, ActivationCache(run_cache)), depth)[1]
        assert exact == pytest.approx(plain, abs=1e-4)
        assert half == pytest.approx(plain, abs=2e-2)


def test_frozen_layers_are_the_same_to_the_bit_afterwards(ready: Prepared, tmp_path: Path) -> None:
    run_cache = with_store(ready, Store(tmp_path))
    bench = workbench_of(run_cache, ready)
    trained(bench, 2)
    before, after = run_cache.networks.task("tiny").state_dict(), bench.result.model.state_dict()
    frozen = freeze(run_cache.networks.new("tiny"), 2, norm="batch")
    moved = {name for name in after if not torch.equal(after[name], before[name])}
    assert moved
    assert not moved & frozen.parameters
    assert not {name for name in moved if name.rpartition(".")[0] in frozen.modules}


def test_a_second_trial_at_the_same_or_a_deeper_cut_never_runs_the_shallow_layers_again(
    ready: Prepared, tmp_path: Path
) -> None:
    run_cache = with_store(ready, Store(tmp_path))
    activations, elsewhere = ActivationCache(run_cache), ActivationCache(run_cache)  # as in two processes
    for each in (activations, elsewhere):
        assert each.cuts("tiny", 32)  # traces it before the count
    rows = len(run_cache.order)
    with runs_of(run_cache, "conv1.0") as seen:
        trained(workbench_of(run_cache, ready, activations), 1)
        assert seen.count(rows) == 1  # and a few blank images, to know shapes and prove the cut
        seen.clear()
        trained(workbench_of(run_cache, ready, activations, fold=1), 1)
        trained(workbench_of(run_cache, ready, activations), 2)
        assert max(seen, default=0) < 4
        seen.clear()
        trained(workbench_of(run_cache, ready, elsewhere), 2)
        assert max(seen, default=0) < 4


def test_each_epoch_sees_the_next_view_and_then_the_first_again(ready: Prepared, tmp_path: Path) -> None:
    run_cache = with_store(ready, Store(tmp_path))
    workbench = workbench_of(run_cache, ready)
    cut = workbench.cut(workbench.model(), 2, input_size=32, augment="mirror", views=2)
    assert cut is not None
    assert cut.views == 2
    first, second, again = (cut.activations(view).train for view in (0, 1, 0))
    assert torch.equal(first, again)
    assert not torch.equal(first, second)
    with runs_of(run_cache, "conv1.0") as seen:
        trained(workbench, 2, replace(RECIPE, augment="mirror", epochs=5, views=2))
        assert sum(seen) == 0


def test_cached_features_are_the_inputs_of_a_frozen_networks_head(ready: Prepared, tmp_path: Path) -> None:
    head = len(ready.backbones["tiny"].stages)
    plain = trained(workbench_of(with_store(ready, Store(tmp_path / "plain")), ready), head)[1]
    run_cache = with_store(ready, Store(tmp_path / "seen"))
    workbench = workbench_of(run_cache, ready)
    workbench.features(input_size=32)
    assert workbench.cut(
        workbench.model(), head, input_size=32, augment="none", views=1
    )  # traces it before the count
    with runs_of(run_cache, "conv1.0") as seen:
        assert trained(workbench, head)[1] == pytest.approx(plain, abs=1e-3)
        assert max(seen, default=0) <= CHECKED_IMAGES


def test_features_of_other_weights_are_not_used_as_the_heads_inputs(
    ready: Prepared, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    run_cache = with_store(ready, Store(tmp_path))
    plain = workbench_of(run_cache, ready).activations("(head)", ViewSpec(32, len(run_cache.order)))
    run_cache = with_store(ready, Store(tmp_path / "other"))
    other = run_cache.features("tiny", input_size=32) * 1.5
    monkeypatch.setattr(run_cache, "cached_features", lambda backbone, input_size: other.numpy())
    found = workbench_of(run_cache, ready).activations("(head)", ViewSpec(32, len(run_cache.order)))
    assert torch.equal(found.train, plain.train)


def test_validation_images_are_seen_as_in_evaluation(ready: Prepared, tmp_path: Path) -> None:
    run_cache = with_store(ready, Store(tmp_path))
    workbench = workbench_of(run_cache, ready)
    views = [ViewSpec(32, len(run_cache.order), augment) for augment in ("none", "strong")]
    plain, strong = (workbench.activations("(head)", view) for view in views)
    assert torch.equal(plain.val, strong.val)
    assert not torch.equal(plain.train, strong.train)


def test_a_model_whose_frozen_layers_were_changed_is_not_cut(ready: Prepared, tmp_path: Path) -> None:
    workbench = workbench_of(with_store(ready, Store(tmp_path)), ready)
    model = workbench.model()
    with torch.no_grad():
        next(model.parameters()).mul_(1.001)
    assert workbench.cut(model, 2, input_size=32) is None
    moved = workbench.model()
    moved.bn1.running_mean.add_(0.1)
    assert workbench.cut(moved, 2, input_size=32) is None
    assert workbench.cut(workbench.model(), 0, input_size=32) is None
    assert workbench.cut(workbench.model(), 2, input_size=32) is not None


def test_without_room_the_whole_is_trained_and_images_are_decoded_when_asked_for(
    ready: Prepared, tmp_path: Path
) -> None:
    roomy = with_store(ready, Store(tmp_path / "roomy"))
    narrow = with_store(ready, Store(tmp_path / "narrow", bound=10_000))
    workbench = workbench_of(narrow, ready)
    assert workbench.cut(workbench.model(), 2, input_size=32) is None
    pixels = workbench.inputs(input_size=32, augmented=True)
    assert not isinstance(pixels.train, torch.Tensor)
    expected = workbench_of(roomy, ready).inputs(input_size=32, augmented=True)
    rows = torch.tensor([3, 0])
    assert torch.equal(pixels.train[rows], expected.train[rows])
    assert (
        trained(workbench, 2)[1]
        == trained(workbench_of(roomy, ready, ActivationCache(roomy, enabled=False)), 2)[1]
    )


def test_activations_too_large_for_float16_are_kept_as_bfloat16(ready: Prepared, tmp_path: Path) -> None:
    run_cache = with_store(ready, Store(tmp_path))
    with torch.no_grad():
        run_cache.networks.task("tiny").bn1.weight.mul_(1e6)
    activations = ActivationCache(run_cache)
    cut_point = activations.cut_point("tiny", 1)
    found = activations.array("tiny", cut_point, ViewSpec(32, len(run_cache.order)))
    assert found.dtype == torch.bfloat16
    assert found.isfinite().all()
    assert found.abs().max() > 65504
    again = ActivationCache(run_cache).array("tiny", cut_point, ViewSpec(32, len(run_cache.order)))
    assert torch.equal(again, found)


def test_a_cancelled_computation_leaves_no_incomplete_entry(ready: Prepared, tmp_path: Path) -> None:
    run_cache = with_store(ready, Store(tmp_path))

    def enough() -> None:
        raise KeyboardInterrupt

    for work in (
        lambda: run_cache.features("tiny", input_size=32, check_cancelled=enough),
        lambda: run_cache.images.pixels("tiny", input_size=32, margin=True, check_cancelled=enough),
        lambda: ActivationCache(run_cache).array("tiny", "(head)", ViewSpec(32, 20), check_cancelled=enough),
    ):
        with pytest.raises(KeyboardInterrupt):
            work()
    assert [file.name for file in tmp_path.iterdir() if file.suffix == ".part"] == []
    assert run_cache.features("tiny", input_size=32).isfinite().all()
