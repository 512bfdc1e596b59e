"""Networks with the source's layers share one pass, with the same outputs as alone."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from numpy.typing import NDArray
from torch import nn

from autotl.backbone import set_head
from autotl.clock import Deadline, FakeClock
from autotl.finalize.export import load_network
from autotl.finalize.test_phase import prediction_cache as module
from autotl.finalize.test_phase.prediction_cache import PredictionCache, SavedNetwork, SourceLayers
from autotl.pipeline.prepare import Prepared
from autotl.results import Predictor
from autotl.testing import tiny_run
from autotl.workbench.run_cache import RunCache
from autotl.workbench.tensor_files import save_weights

SIDE = 32


@pytest.fixture(scope="module")
def ready(tmp_path_factory: pytest.TempPathFactory) -> Prepared:
    return tiny_run(tmp_path_factory.mktemp("cache"))


@pytest.fixture
def passes(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """The numbers of images that went through the frozen layers."""
    found: list[int] = []
    pooled = module.pooled

    def counted(model: nn.Module, x: torch.Tensor) -> torch.Tensor:
        found.append(len(x))
        return pooled(model, x)

    monkeypatch.setattr(module, "pooled", counted)
    return found


def with_head(run_cache: RunCache, folder: Path, seed: int, *, trained: bool = False) -> str:
    """Save a network with a random head, and with another layer changed if ``trained``."""
    rng = torch.Generator().manual_seed(seed)
    model = run_cache.networks.new("tiny")
    width = run_cache.backbones["tiny"].features
    set_head(model, torch.randn(3, width, generator=rng), torch.randn(3, generator=rng))
    if trained:
        with torch.no_grad():
            next(p for p in model.parameters() if p.ndim == 4).mul_(1.01)
    return save_weights(folder / f"{seed}-{trained}.safetensors", model)


def alone(run_cache: RunCache, rows: NDArray[np.int64], file: str) -> NDArray[np.float32]:
    predictor = Predictor(load_network(run_cache, "tiny", file, input_size=SIDE), device="cpu")
    return predictor.outputs(run_cache.dataset, rows)


def saved(file: str) -> SavedNetwork:
    return SavedNetwork("tiny", file, SIDE)


def looks_of(run_cache: RunCache, rows: NDArray[np.int64]) -> PredictionCache:
    return PredictionCache(run_cache, rows)


def test_source_layers_are_kept_unless_a_weight_differs(ready: Prepared, tmp_path: Path) -> None:
    layers = SourceLayers(ready.run_cache)
    assert layers.are_kept("tiny", with_head(ready.run_cache, tmp_path, 0))
    assert not layers.are_kept("tiny", with_head(ready.run_cache, tmp_path, 0, trained=True))


@pytest.mark.parametrize("trained", [False, True])
def test_logits_are_those_of_the_network_alone(ready: Prepared, tmp_path: Path, trained: bool) -> None:
    rows = ready.splits.folds[0].val
    file = with_head(ready.run_cache, tmp_path, 1, trained=trained)
    found = looks_of(ready.run_cache, rows).outputs(saved(file))
    np.testing.assert_allclose(found, alone(ready.run_cache, rows, file), rtol=1e-4, atol=1e-4)


def test_classifiers_on_the_same_layers_share_a_pass(
    ready: Prepared, tmp_path: Path, passes: list[int]
) -> None:
    rows = ready.splits.folds[0].val
    looks = looks_of(ready.run_cache, rows)
    several = [looks.outputs(saved(with_head(ready.run_cache, tmp_path, seed))) for seed in (2, 3, 4)]
    assert sum(passes) == len(rows)
    assert not np.allclose(several[0], several[1])


@pytest.mark.parametrize("input_size", [SIDE, 2 * SIDE])
def test_known_features_are_not_computed_again(
    ready: Prepared, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, passes: list[int], input_size: int
) -> None:
    run_cache, rows = ready.run_cache, ready.splits.folds[0].val
    monkeypatch.setattr(run_cache, "extra_features", {})
    before = rows[[4, 1, 2]]
    run_cache.compute_extra_features("tiny", before, input_size=input_size)
    file = with_head(run_cache, tmp_path, 5)
    found = looks_of(run_cache, rows).outputs(saved(file))
    np.testing.assert_allclose(found, alone(run_cache, rows, file), rtol=1e-4, atol=1e-4)
    assert sum(passes) == len(rows) - (len(before) if input_size == SIDE else 0)


def test_known_features_stay_known_if_images_are_left_out(ready: Prepared) -> None:
    old, rows = ready.run_cache, ready.splits.folds[0].val
    old.compute_extra_features("tiny", rows, input_size=SIDE)
    new = RunCache(ready.dataset, ready.splits, ready.backbones, old.store, device="cpu", previous=old)
    assert new.with_backbones(ready.backbones).extra_features is old.extra_features


class Slowed(PredictionCache):
    """Each image takes a second of a clock."""

    def __init__(self, ready: Prepared, rows: NDArray[np.int64], clock: FakeClock) -> None:
        super().__init__(ready.run_cache, rows)
        self._clock = clock

    def _in_blocks(self, predictor: Predictor, run: Any, *, end: Deadline, least: int) -> NDArray[np.float32]:
        def slow(rows: NDArray[np.int64], pixels: NDArray[np.uint8]) -> NDArray[np.float32]:
            self._clock.advance(len(rows))
            return run(rows, pixels)  # type: ignore[no-any-return]

        return super()._in_blocks(predictor, slow, end=end, least=least)


def test_all_networks_predict_the_same_first_images_if_time_is_short(
    ready: Prepared, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "BLOCK", 2)
    rows = np.random.default_rng(0).permutation(ready.splits.folds[0].val)
    files = [with_head(ready.run_cache, tmp_path, seed, trained=True) for seed in (6, 7)]
    clock = FakeClock()
    looks = Slowed(ready, rows, clock)
    networks = [saved(file) for file in files]
    looks.predict_all(networks, seconds=[1.0, 1.0], end=Deadline(clock, at=10.0), least=2)
    assert 2 <= len(looks.rows) <= 6 < len(rows)
    assert clock.now() <= 12
    assert looks.rows.tolist() == rows[: len(looks.rows)].tolist()
    looks.sort()
    for file in files:
        found = looks.outputs(saved(file))
        np.testing.assert_allclose(
            found, alone(ready.run_cache, np.sort(looks.rows), file), rtol=1e-4, atol=1e-4
        )


def test_some_images_are_predicted_however_short_the_time(
    ready: Prepared, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "BLOCK", 2)
    clock = FakeClock()
    looks = Slowed(ready, ready.splits.folds[0].val, clock)
    file = with_head(ready.run_cache, tmp_path, 8, trained=True)
    looks.predict_all([saved(file)], seconds=[1.0], end=Deadline(clock, at=0.0), least=5)
    assert len(looks.rows) == 6
