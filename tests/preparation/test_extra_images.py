"""Networks of the baselines' own learn from images for which a backbone's pass had no time."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from autotl import plugins
from autotl.api import Backbone, DataConfig, Dataset, Job, Params, Splits, Task, Weights
from autotl.cache import Store
from autotl.clock import Deadline, WallClock
from autotl.data import read, split, subsample_train, with_extra_rows
from autotl.preparation.baseline_networks import BaselineNetworks
from autotl.preparation.extra_images import EPOCHS, ExtraImages, left_out, open_networks, tasks_by_network
from autotl.testing import tiny_task
from autotl.trials.runner import TrialRunner
from autotl.workbench.activation_cache import ActivationCache
from autotl.workbench.run_cache import RunCache
from tests.support import fakes
from tests.support.settings import settings

CONFIG = DataConfig(16, (0.5,) * 3, (0.25,) * 3, "bilinear", 1.0, "center", fixed=False)
ARGS = {"layers": [1, 1, 0, 0], "channels": [8, 16, 16, 16], "stem_width": 8}
SMALL = Weights("small", "resnet18", "made up", pretrained=False, args=ARGS, config=CONFIG)
SETTINGS = settings(budget=60)
AMPLE, SHORT = 1e4, 1e-6


@dataclass
class Looker(fakes.Fake):
    """A baseline with a network of its own and a first look."""

    name: str = "looker"
    baseline: bool = True

    def networks(self, task: Task) -> Sequence[Weights]:
        return [SMALL]

    def look(self, task: Task, backbone: Backbone) -> Params:
        return {**self.defaults(task, backbone), "x": 0.5}


@dataclass
class Bringer(fakes.Fake):
    """A baseline with a network of its own, and no first look."""

    name: str = "bringer"
    baseline: bool = True

    def networks(self, task: Task) -> Sequence[Weights]:
        return [replace(SMALL, name="other")]


@pytest.fixture(scope="module")
def dataset() -> Dataset:
    """2,600 images in two classes, all different."""
    images = np.random.default_rng(0).integers(0, 255, (2600, 12, 12, 3), dtype=np.uint8)
    labels = [("left", "right")[i % 2] for i in range(2600)]
    return read((images, labels), readers=plugins.load().readers.items)


@pytest.fixture(scope="module")
def whole(dataset: Dataset) -> Splits:
    return split(dataset, seed=0)


@pytest.fixture(scope="module")
def few(dataset: Dataset, whole: Splits) -> Splits:
    return subsample_train(dataset, whole, 500, seed=0)


@pytest.fixture
def run_cache(dataset: Dataset, few: Splits, tmp_path: Path) -> RunCache:
    return RunCache(dataset, few, {"net": fakes.backbone()}, Store(tmp_path), device="cpu")


def task(dataset: Dataset, few: Splits, seconds: float | None) -> Task:
    counts = np.bincount(dataset.targets[few.train], minlength=2).tolist()
    return tiny_task(dict(zip(dataset.classes, counts, strict=True)), typical_size=12, trial_seconds=seconds)


def opened(
    run_cache: RunCache, whole: Splits, *strategies: Any, seconds: float | None = AMPLE, recorded: Any = None
) -> tuple[BaselineNetworks, ExtraImages | None]:
    data, few = run_cache.dataset, run_cache.splits
    return open_networks(
        SETTINGS,
        {each.name: each for each in strategies},
        task(data, few, seconds),
        run_cache,
        left_out(data, whole, few, SETTINGS),
        recorded=recorded,
        end=Deadline(WallClock()),
    )


def test_what_was_left_out_may_be_learned_from(dataset: Dataset, whole: Splits, few: Splits) -> None:
    more = left_out(dataset, whole, few, SETTINGS)
    assert np.array_equal(more, np.setdiff1d(whole.train, few.train))


def test_nothing_that_belongs_to_a_validation_image_or_looks_like_one_is_learned_from(
    dataset: Dataset, whole: Splits, few: Splits
) -> None:
    more = left_out(dataset, whole, few, SETTINGS)
    table = dataset.table.copy()
    table["group"] = table["group"].astype(object)
    place = {name: table.columns.get_loc(name) for name in ("group", "looks")}
    table.iloc[[more[0], few.folds[0].val[0]], place["group"]] = "one patient"
    table.iloc[more[1], place["looks"]] = table["looks"].iloc[few.folds[0].val[1]]
    table.iloc[more[2], place["looks"]] = table["looks"].iloc[whole.test[0]]
    changed = replace(dataset, table=table)
    assert np.array_equal(left_out(changed, whole, few, SETTINGS), more[3:])


@pytest.mark.parametrize("asked", [{"clean": "drop"}, {"clean": "weight"}, {"reweight": True}])
def test_nothing_more_is_learned_from_if_images_are_dropped_or_weighed(
    dataset: Dataset, whole: Splits, few: Splits, asked: dict[str, Any]
) -> None:
    assert not len(left_out(dataset, whole, few, settings(budget=60, **asked)))


def test_validation_and_test_stay_and_each_class_gives_its_share(
    dataset: Dataset, whole: Splits, few: Splits
) -> None:
    more = np.setdiff1d(whole.train, few.train)
    wider = with_extra_rows(dataset, few, more, 600, seed=0)
    (fold,) = wider.folds
    assert np.array_equal(fold.val, few.folds[0].val)
    assert np.array_equal(wider.test, few.test)
    assert np.array_equal(wider.train, np.union1d(fold.train, fold.val))
    assert set(few.train) < set(wider.train)
    counts = np.bincount(dataset.targets[wider.train])
    assert counts.tolist() == pytest.approx([550, 550], abs=5)
    assert wider.hash != few.hash
    assert with_extra_rows(dataset, few, more, 600, seed=0).hash == wider.hash


def test_a_network_that_is_looked_at_first_learns_from_all_if_there_is_time(
    run_cache: RunCache, whole: Splits
) -> None:
    own, wider = opened(run_cache, whole, Looker(), Bringer())
    assert own.by_name.keys() == {"small", "other"}
    assert wider is not None
    assert wider.networks == {"small"}
    assert np.array_equal(wider.run_cache.splits.train, whole.train)
    assert wider.task.train_rows == len(whole.train)
    assert wider.note == f"small learns from {len(whole.train):,} of them."
    tasks = tasks_by_network(["net", "small", "other"], task(run_cache.dataset, run_cache.splits, 1), wider)
    assert [tasks[name].train_rows for name in ("net", "small", "other")] == [500, len(whole.train), 500]


def test_as_many_are_learned_from_as_a_few_epochs_have_time_for(
    run_cache: RunCache, whole: Splits, monkeypatch: pytest.MonkeyPatch
) -> None:
    def a_millisecond_each(task: Task, backbone: Backbone, *, input_size: int, trained: float) -> float:
        return 1e-3 * task.train_rows

    monkeypatch.setattr("autotl.preparation.extra_images.epoch_seconds", a_millisecond_each)
    _, wider = opened(run_cache, whole, Looker(), seconds=EPOCHS * 1.0)
    assert wider is not None
    assert wider.task.train_rows == pytest.approx(1000, abs=2)
    assert opened(run_cache, whole, Looker(), seconds=EPOCHS * 0.4)[1] is None


def test_without_the_time_or_without_a_limit_it_learns_from_what_others_do(
    run_cache: RunCache, whole: Splits
) -> None:
    for seconds in (SHORT, None):
        own, wider = opened(run_cache, whole, Looker(), seconds=seconds)
        assert own.by_name.keys() == {"small"}
        assert wider is None
    assert opened(run_cache, whole, Bringer())[1] is None


def test_a_resumed_run_learns_from_the_same_images(run_cache: RunCache, whole: Splits) -> None:
    from autotl.preparation.record import BaselineNetworkRecord, backbone_record

    own, wider = opened(run_cache, whole, Looker())
    assert wider is not None
    seen = {"looker": BaselineNetworkRecord(SMALL, backbone_record("small", own.networks["looker"]))}

    @dataclass
    class Then:
        baseline_networks: Any
        extra_images: int | None

    _, again = opened(run_cache, whole, Looker(), seconds=SHORT, recorded=Then(seen, 900))
    assert again is not None
    assert again.task.train_rows == pytest.approx(900, abs=2)
    _, once_more = opened(run_cache, whole, Looker(), seconds=SHORT, recorded=Then(seen, 900))
    assert once_more is not None
    assert once_more.run_cache.splits.hash == again.run_cache.splits.hash
    assert opened(run_cache, whole, Looker(), recorded=Then(seen, None))[1] is None


def test_a_resumed_run_asks_for_as_many_as_before(run_cache: RunCache, whole: Splits) -> None:
    """What is drawn is rounded for each class, so that asking for it again may draw another image."""
    from autotl.preparation.record import BaselineNetworkRecord, backbone_record

    own, _ = opened(run_cache, whole, Looker())
    seen = {"looker": BaselineNetworkRecord(SMALL, backbone_record("small", own.networks["looker"]))}

    class Then:
        baseline_networks = seen
        extra_images = 901

    _, wider = opened(run_cache, whole, Looker(), recorded=Then())
    assert wider is not None
    assert wider.requested == 901


def test_a_trial_of_the_network_learns_from_them_and_is_scored_on_the_same_images(
    run_cache: RunCache, whole: Splits, tmp_path: Path
) -> None:
    own, wider = opened(run_cache, whole, Looker())
    assert wider is not None
    known = run_cache.with_backbones({**run_cache.backbones, **own.by_name})
    seen: list[tuple[int, int, int]] = []

    class Watching:
        baseline = True

        def build(self, params: Params, bench: Any) -> Any:
            seen.append((bench.task.train_rows, len(bench.targets().train), len(bench.targets().val)))
            raise ValueError("seen enough")

    usual = task(run_cache.dataset, run_cache.splits, 1.0)
    worker = TrialRunner(
        known,
        ActivationCache(known),
        usual,
        {"looker": Watching()},
        tmp_path / "trials",
        WallClock(),
        extra_images=wider,
    )
    for network in ("net", "small"):
        worker(Job(0, "looker", network, {}, 0, (0,)), lambda job, said: None)
    validated = len(run_cache.splits.folds[0].val)
    assert seen == [
        (500, 500 - validated, validated),
        (len(whole.train), len(whole.train) - validated, validated),
    ]
