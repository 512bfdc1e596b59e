"""Keeping late maps while the features are computed."""

from __future__ import annotations

from pathlib import Path

import pytest
import torch

from autotl.cache import Store
from autotl.errors import CacheError
from autotl.pipeline.prepare import Prepared
from autotl.testing import tiny_run
from autotl.workbench import stage_prefill as module
from autotl.workbench.activation_cache import ActivationCache
from autotl.workbench.run_cache import RunCache
from autotl.workbench.stage_prefill import prefill_late_stages, with_cached_stages


@pytest.fixture(scope="module")
def ready(tmp_path_factory: pytest.TempPathFactory) -> Prepared:
    return tiny_run(tmp_path_factory.mktemp("cache"))


def with_store(ready: Prepared, folder: Path) -> RunCache:
    return RunCache(ready.dataset, ready.splits, ready.backbones, Store(folder), device="cpu")


def late(run_cache: RunCache) -> list[str]:
    return [
        each.module for each in run_cache.backbones["tiny"].stages[:-1] if each.flops >= module.MIN_LATE_SHARE
    ]


def kept(run_cache: RunCache, activations: ActivationCache) -> list[str]:
    view = activations.plain_view("tiny")
    return [cut_point for cut_point in late(run_cache) if activations.contains("tiny", cut_point, view)]


def test_cached_stages_equal_the_frozen_networks_outputs(ready: Prepared, tmp_path: Path) -> None:
    run_cache, alone = with_store(ready, tmp_path / "a"), with_store(ready, tmp_path / "b")
    activations, plain = ActivationCache(run_cache), ActivationCache(alone)
    prefill_late_stages(run_cache, activations, "tiny")
    assert kept(run_cache, activations) == late(run_cache) != []
    for cut_point in late(run_cache):
        found = activations.array("tiny", cut_point, activations.plain_view("tiny")).float()
        expected = plain.array("tiny", cut_point, plain.plain_view("tiny")).float()
        torch.testing.assert_close(found, expected, rtol=2e-3, atol=2e-3)


def test_features_are_the_same_without_prefill(ready: Prepared, tmp_path: Path) -> None:
    run_cache, alone = with_store(ready, tmp_path / "a"), with_store(ready, tmp_path / "b")
    input_size = run_cache.backbones["tiny"].input_size
    prefill_late_stages(run_cache, ActivationCache(run_cache), "tiny")
    assert torch.equal(
        run_cache.features("tiny", input_size=input_size), alone.features("tiny", input_size=input_size)
    )


def test_a_backbone_lists_its_cached_stages(ready: Prepared, tmp_path: Path) -> None:
    run_cache = with_store(ready, tmp_path)

    def depths(*, reuse: bool = True) -> tuple[float, ...]:
        return with_cached_stages(run_cache, run_cache.backbones, reuse=reuse)["tiny"].kept

    assert depths() == ()
    prefill_late_stages(run_cache, ActivationCache(run_cache), "tiny")
    stages = {each.module: each.flops for each in run_cache.backbones["tiny"].stages}
    assert depths() == (*(stages[cut_point] for cut_point in late(run_cache)), 1.0)
    assert depths(reuse=False) == ()


def test_a_backbone_lists_cached_features_without_stages(ready: Prepared, tmp_path: Path) -> None:
    run_cache = with_store(ready, tmp_path)
    input_size = run_cache.backbones["tiny"].input_size
    run_cache.features("tiny", input_size=input_size)
    facts = with_cached_stages(run_cache, run_cache.backbones, reuse=True)["tiny"]
    assert facts.kept == (1.0,)
    assert facts.has_seen(input_size)
    assert not facts.has_seen(input_size + 1)


@pytest.mark.parametrize("why", ["off", "no room", "a full disk", "another value there"])
def test_no_stage_is_cached_if_it_would_not_be_used_or_fit(
    ready: Prepared, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, why: str
) -> None:
    run_cache = with_store(ready, tmp_path)
    if why == "no room":
        monkeypatch.setattr(run_cache.store, "fits", lambda shape, dtype, share=1.0: share == 1.0)
    if why == "a full disk":
        making = run_cache.store.create

        def full(key: dict[str, object], *asked: object) -> object:
            if "activations" in key:
                raise CacheError("The cache cannot take 1 MiB: no space left on device.")
            return making(key, *asked)  # type: ignore[arg-type]

        monkeypatch.setattr(run_cache.store, "create", full)
    if why == "another value there":
        monkeypatch.setattr(module, "channels_last", lambda x: 2 * x)
    activations = ActivationCache(run_cache, enabled=why != "off")
    prefill_late_stages(run_cache, activations, "tiny")
    assert kept(run_cache, activations) == []
    assert run_cache.features("tiny", input_size=run_cache.backbones["tiny"].input_size).isfinite().all()


def test_an_overflow_leaves_the_features_complete(
    ready: Prepared, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    run_cache = with_store(ready, tmp_path)
    activations = ActivationCache(run_cache)
    bound = torch.finfo(torch.float16)
    model = run_cache.networks.source("tiny")
    hook = model.get_submodule(late(run_cache)[0]).register_forward_hook(
        lambda m, given, out: out + 2 * bound.max
    )
    monkeypatch.setattr(module, "_matches_task_network", lambda *asked: True)
    passes = []
    count = model.register_forward_pre_hook(lambda m, given: passes.append(len(given[0])))
    first = model.get_submodule("conv1").register_forward_hook(lambda m, given, out: passes.append(len(out)))
    try:
        prefill_late_stages(run_cache, activations, "tiny")
        run_cache.features("tiny", input_size=run_cache.backbones["tiny"].input_size)
    finally:
        for each in (hook, count, first):
            each.remove()
    assert kept(run_cache, activations) == []
    assert sum(passes) == len(run_cache.order)  # one pass all the same


def test_other_facts_of_a_backbone_keep_its_networks(ready: Prepared, tmp_path: Path) -> None:
    run_cache = with_store(ready, tmp_path)
    known = run_cache.with_backbones(with_cached_stages(run_cache, run_cache.backbones, reuse=True))
    assert known.networks.source("tiny") is run_cache.networks.source("tiny")


def test_nothing_is_computed_if_the_features_are_cached(ready: Prepared, tmp_path: Path) -> None:
    run_cache = with_store(ready, tmp_path)
    activations = ActivationCache(run_cache)
    run_cache.features("tiny", input_size=run_cache.backbones["tiny"].input_size)
    prefill_late_stages(run_cache, activations, "tiny")
    assert kept(run_cache, activations) == []


def test_stage_outputs_of_one_image_are_no_larger_than_the_image(
    ready: Prepared, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    run_cache = with_store(ready, tmp_path)
    activations = ActivationCache(run_cache)
    monkeypatch.setattr(activations, "shape", lambda *asked: (32, 32, 3))
    monkeypatch.setattr(module, "_matches_task_network", lambda *asked: True)
    assert len(late(run_cache)) > 1
    assert module._cut_points(run_cache, activations, run_cache.backbones["tiny"]) == late(run_cache)[:1]


def test_stages_are_not_cached_if_another_process_extracts_the_features(
    ready: Prepared, tmp_path: Path
) -> None:
    run_cache, other = with_store(ready, tmp_path), with_store(ready, tmp_path)
    activations = ActivationCache(run_cache)
    input_size = run_cache.backbones["tiny"].input_size
    was = run_cache.features

    def meanwhile(backbone: str, **asked: object) -> torch.Tensor:
        other.features(backbone, input_size=input_size)
        return was(backbone, **asked)  # type: ignore[arg-type]

    run_cache.features = meanwhile  # type: ignore[method-assign]
    prefill_late_stages(run_cache, activations, "tiny")
    assert kept(run_cache, activations) == []  # instead of arrays without values
