"""Learners get additional images as they get their own: cached, and without the copies."""

from __future__ import annotations

import pickle
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch

from autotl.backbone import pooled
from autotl.errors import TrainingError
from autotl.pipeline.prepare import Prepared
from autotl.testing import tiny_bench, tiny_run
from autotl.workbench.additional import rows as workbench_rows
from autotl.workbench.additional.images import additional_features, with_additional
from autotl.workbench.additional.sets import AdditionalSet


@pytest.fixture(scope="module")
def ready(tmp_path_factory: pytest.TempPathFactory) -> Prepared:
    return tiny_run(tmp_path_factory.mktemp("cache"), additional=["unlabelled", "source"])


def test_features_are_those_of_the_images(ready: Prepared) -> None:
    bench = tiny_bench(ready)
    rows = bench.additional("unlabelled")
    assert len(rows) == 60
    images = rows.inputs(input_size=32)
    with torch.inference_mode():
        expected = pooled(bench.source_model(), bench.to_batch(images[:8]))
    torch.testing.assert_close(rows.features(input_size=32)[:8], expected, atol=1e-4, rtol=1e-4)
    assert rows.features(input_size=32).shape == (60, bench.backbone.features)


def test_views_have_a_margin_only_if_they_are_augmented(ready: Prepared) -> None:
    rows = tiny_bench(ready).additional("source")
    plain, wide = (rows.inputs(input_size=32, augmented=each)[:2] for each in (False, True))
    assert (plain.shape, plain.dtype) == ((2, 3, 32, 32), torch.uint8)
    assert wide.shape[-1] > 32


def test_only_a_labelled_source_has_targets(ready: Prepared) -> None:
    bench = tiny_bench(ready)
    assert bench.additional("unlabelled").targets() is None
    targets = bench.additional("source").targets()
    assert targets is not None
    assert (targets.dtype, len(targets)) == (torch.int64, 100)
    assert sorted(set(targets.tolist())) == [0, 1, 2, 3, 4]
    assert ready.task.additional["source"].classes == ("bars", "rings", "spots", "steps", "waves")


def test_rows_that_are_left_out_are_in_nothing(ready: Prepared) -> None:
    whole = ready.run_cache.additional["source"]
    used = np.arange(0, 100, 3)
    part = AdditionalSet(whole.dataset, used, 100)
    cache = with_additional(ready.run_cache, {"source": part})
    few, every = (
        tiny_bench(replace(ready, run_cache=each)).additional("source") for each in (cache, ready.run_cache)
    )
    assert (len(few), part.copies) == (len(used), 66)
    chosen = torch.from_numpy(used)
    assert torch.equal(few.features(input_size=32), every.features(input_size=32)[chosen])
    assert torch.equal(few.inputs(input_size=32)[:], every.inputs(input_size=32)[:][chosen])
    own, all_targets = few.targets(), every.targets()
    assert own is not None
    assert all_targets is not None
    assert torch.equal(own, all_targets[chosen])


def test_pixels_are_not_copied_into_memory(ready: Prepared, monkeypatch: pytest.MonkeyPatch) -> None:
    part = AdditionalSet(ready.run_cache.additional["source"].dataset, np.arange(0, 100, 3), 100)
    cache = with_additional(ready.run_cache, {"source": part})
    found = tiny_bench(replace(ready, run_cache=cache)).additional("source")
    monkeypatch.setattr(workbench_rows, "take_rows", None)  # would copy rows that are not contiguous
    assert len(found.inputs(input_size=32)) == 34


def test_features_are_computed_once(ready: Prepared) -> None:
    def late() -> None:
        raise AssertionError("no pass over the images is needed")

    images = ready.run_cache.additional["unlabelled"]
    first = additional_features(ready.run_cache, images, "tiny", input_size=32)
    again = additional_features(ready.run_cache, images, "tiny", input_size=32, check_cancelled=late)
    assert torch.equal(first, again)


def test_a_role_that_was_not_given_is_an_error(tmp_path: Path) -> None:
    bench = tiny_bench(tiny_run(tmp_path))
    assert bench.task.additional == {}
    with pytest.raises(TrainingError, match=r"got .unlabelled.; given: none.*Read task\.additional first"):
        bench.additional("unlabelled")


def test_other_processes_get_the_images_too(ready: Prepared) -> None:
    sent = pickle.loads(pickle.dumps(ready.run_cache.without_test()))
    bench = tiny_bench(replace(ready, run_cache=sent), fold=None)
    expected = tiny_bench(ready).additional("source").inputs(input_size=32)[:3]
    assert torch.equal(bench.additional("source").inputs(input_size=32)[:3], expected)


def test_folds_and_trials_share_a_kept_tensor_but_other_strategies_and_sets_do_not(ready: Prepared) -> None:
    part = AdditionalSet(ready.run_cache.additional["source"].dataset, np.arange(9), 9)
    fewer = replace(ready, run_cache=with_additional(ready.run_cache, {"source": part}))
    first, second = tiny_bench(ready, fold=0, seed=1), tiny_bench(ready, fold=None, seed=2)
    other, few = tiny_bench(ready), tiny_bench(fewer)
    other.strategy = "other"
    kept = [
        bench.additional("source").keep("tests: shared", lambda value=value: torch.full((2,), float(value)))
        for value, bench in enumerate((first, second, other, few))
    ]
    assert [each.tolist() for each in kept] == [[0, 0], [0, 0], [2, 2], [3, 3]]
