"""A pass that turns out slower than the pace said is made over fewer images."""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from autotl import plugins
from autotl.analysis import first_pass as module
from autotl.analysis.backbone_ranking import Ranking
from autotl.analysis.first_pass import first_pass
from autotl.analysis.frozen_features import frozen_features
from autotl.analysis.profile import (
    find_data_issues,
    measure_learning_curve,
    measure_similarities,
    rank_backbones,
)
from autotl.analysis.sampling import Sample, Sampler
from autotl.api import Backbone, LabelledFeatures
from autotl.budget.policy import POLICY
from autotl.cache import Store
from autotl.clock import Deadline, FakeClock, OutOfTime
from autotl.config.run_settings import RunSettings
from autotl.data import LockedTest
from autotl.jsonio import plain
from autotl.pipeline.prepare import Prepared
from autotl.preparation.record import SampleRecord, read_record
from autotl.terminal import Silence
from autotl.testing import tiny_run
from autotl.workbench import run_cache as pixels
from autotl.workbench.feature_extraction import extract_features
from autotl.workbench.run_cache import RunCache
from tests.support.settings import settings

CATALOG = plugins.load()
EACH = 120


@pytest.fixture(scope="module")
def ready(tmp_path_factory: pytest.TempPathFactory) -> Prepared:
    return tiny_run(tmp_path_factory.mktemp("cache"), each=EACH)


@pytest.fixture
def clock() -> FakeClock:
    return FakeClock()


@pytest.fixture
def slow(monkeypatch: pytest.MonkeyPatch, clock: FakeClock) -> float:
    """Each image that goes through a network takes a tenth of a second."""
    seconds = 0.1

    def slowed(model: Any, parts: Any, out: Any, **told: Any) -> None:
        def timed() -> Iterator[Any]:
            for part, shown in parts:
                clock.advance(seconds * len(shown))
                yield part, shown

        extract_features(model, timed(), out, **told)

    monkeypatch.setattr(pixels, "extract_features", slowed)
    return seconds


def options_for(seconds: float, **options: Any) -> RunSettings:
    return settings(budget=seconds, backbone="tiny", image_size=32, **options)


def sampled(
    ready: Prepared, folder: Path, backbones: dict[str, Backbone], *, budget: float
) -> tuple[Sampler, Sample]:
    """All images, with the sampler that can draw fewer of them."""
    sampler = Sampler(options_for(budget), ready.dataset, ready.splits, Store(folder), 3)
    run_cache = RunCache(ready.dataset, ready.splits, backbones, sampler.store, device="cpu")
    return sampler, Sample(ready.splits, backbones, run_cache, SampleRecord(20.0))


def run(ready: Prepared, folder: Path, clock: FakeClock, *, budget: float) -> Sample:
    """The pace was measured while the machine was a hundred times faster."""
    facts = ready.backbones["tiny"]
    fast = replace(
        facts, pace=replace(facts.pace, input_size=facts.input_size, forward=1000.0, training=400.0), kept=()
    )
    sampler, sample = sampled(ready, folder, {"tiny": fast}, budget=budget)
    found, end = first_pass(sampler, sample, Silence().say, end=Deadline(clock, at=budget))
    measures = CATALOG.transferabilities.items
    ranking = rank_backbones(sampler.settings, found.run_cache, measures, end=end)
    assert ranking.order == ("tiny",)
    return found


@pytest.mark.usefixtures("slow")
def test_a_slow_pass_ends_and_is_made_again_over_fewer_images(
    ready: Prepared, tmp_path: Path, clock: FakeClock
) -> None:
    found = run(ready, tmp_path, clock, budget=50.0)
    assert len(found.splits.train) < len(ready.splits.train)
    assert clock.now() < 45
    assert found.backbones["tiny"].pace.forward < 20  # 10 images a second are the truth
    assert found.notes[0].startswith(f"Trains on {len(found.splits.train)} of {len(ready.splits.train)}")


@pytest.mark.usefixtures("slow")
def test_what_was_decided_in_between_gives_the_same_images_again(
    ready: Prepared, tmp_path: Path, clock: FakeClock
) -> None:
    found = run(ready, tmp_path, clock, budget=50.0)
    sampler, _ = sampled(ready, tmp_path, {}, budget=50.0)
    again = sampler.draw(found.backbones, found.record)
    assert again.splits.hash == found.splits.hash


@pytest.mark.usefixtures("slow")
def test_some_images_are_seen_however_short_the_time(
    ready: Prepared, tmp_path: Path, clock: FakeClock
) -> None:
    found = run(ready, tmp_path, clock, budget=1.0)
    assert len(found.splits.train) + 6 >= module.FEWEST


def test_a_pass_that_is_in_time_sees_all_images(ready: Prepared, tmp_path: Path, clock: FakeClock) -> None:
    found = run(ready, tmp_path, clock, budget=50.0)
    assert found.splits is ready.splits
    assert found.notes == ()


@pytest.mark.parametrize("passes", [0.95, 2.0], ids=["as the second begins", "during the second"])
def test_two_backbones_are_corrected_by_how_much_slower_the_machine_is(
    ready: Prepared, tmp_path: Path, clock: FakeClock, monkeypatch: pytest.MonkeyPatch, passes: float
) -> None:
    slower = 3.2
    facts = ready.backbones["tiny"]
    backbones = {
        name: replace(
            facts,
            name=name,
            digest=name,
            kept=(),
            pace=replace(facts.pace, input_size=facts.input_size, forward=forward, training=forward / 3),
        )
        for name, forward in {"quick": 1000.0, "slow": 250.0}.items()
    }
    _, whole = sampled(ready, tmp_path, backbones, budget=1.0)
    run_cache = whole.run_cache
    paces = {id(run_cache.networks.source(name)): each.pace.forward for name, each in backbones.items()}

    def slowed(model: Any, parts: Any, out: Any, **told: Any) -> None:
        def timed() -> Iterator[Any]:
            for part, shown in parts:
                yield part, shown
                clock.advance(slower * len(shown) / paces[id(model)])

        extract_features(model, timed(), out, **told)

    monkeypatch.setattr(pixels, "extract_features", slowed)
    budget = passes * slower * len(run_cache.order) / 1000.0 / POLICY.first_pass
    sampler, _ = sampled(ready, tmp_path, backbones, budget=budget)
    found, end = first_pass(sampler, whole, Silence().say, end=Deadline(clock, at=budget))
    measures = CATALOG.transferabilities.items
    ranking = rank_backbones(sampler.settings, found.run_cache, measures, end=end)
    assert found.backbones["quick"].pace.forward == pytest.approx(1000.0 / slower)
    assert found.backbones["slow"].pace.forward == pytest.approx(250.0 / slower)
    assert set(ranking.order) == {"quick", "slow"}


def test_runs_of_older_versions_are_still_understood(ready: Prepared) -> None:
    told: Any = plain(ready.record)
    del told["sample"]["least"]
    assert read_record(told) == ready.record


def test_the_similarity_is_given_up_when_it_takes_too_long(ready: Prepared, clock: FakeClock) -> None:
    found, notes = measure_similarities(
        options_for(20.0), ready.run_cache, CATALOG.similarities.items, None, end=Deadline(clock, at=-1.0)
    )
    assert found == {"tiny": {}}
    assert "was not measured" in notes[0]


def test_checks_that_there_is_no_time_for_are_named(ready: Prepared, clock: FakeClock) -> None:
    ranking = Ranking(order=("tiny",))
    locked = LockedTest(ready.splits.test)
    late = Deadline(clock, at=0.0)
    found = find_data_issues(options_for(20.0), ready.run_cache, ranking, locked, end=late)
    assert found.label_issues == ()
    assert found.shift is None
    (note,) = found.notes
    assert note.startswith("Not checked for lack of time: near copies, label issues, outliers, ")
    locked = LockedTest(ready.splits.test)
    weighted = options_for(20.0, clean="weight")
    assert find_data_issues(weighted, ready.run_cache, ranking, locked, end=late).notes == ()


@pytest.mark.parametrize(
    ("clean", "seconds"),
    [("drop", math.inf), ("weight", math.inf), ("report", 100.0 * POLICY.classifier_fits)],
)
def test_classifiers_that_decide_on_images_have_no_time_limit(
    ready: Prepared, clock: FakeClock, monkeypatch: pytest.MonkeyPatch, clean: str, seconds: float
) -> None:
    given = []

    def recorded(*positional: Any, fits: Deadline, **named: Any) -> LabelledFeatures:
        given.append(fits.left())
        return frozen_features(*positional, fits=fits, **named)

    monkeypatch.setattr("autotl.analysis.profile.frozen_features", recorded)
    options, end = options_for(100.0, clean=clean), Deadline(clock, at=100.0)
    rank_backbones(options, ready.run_cache, CATALOG.transferabilities.items, end=end)
    locked = LockedTest(ready.splits.test)
    find_data_issues(options, ready.run_cache, Ranking(order=("tiny",)), locked, end=end)
    assert given == [seconds, seconds]


def test_the_learning_curve_is_given_up_when_it_takes_too_long(ready: Prepared, clock: FakeClock) -> None:
    late = Deadline(clock, at=0.0)
    assert measure_learning_curve(options_for(1e6), ready.run_cache, "tiny") is not None
    assert measure_learning_curve(options_for(1e6), ready.run_cache, "tiny", end=late) is None


@pytest.mark.parametrize(("slower", "ended"), [(1.0, None), (1.2, 128)])
def test_a_pass_ends_as_soon_as_its_pace_shows_that_it_will_be_late(
    clock: FakeClock, slower: float, ended: int | None
) -> None:
    clock.advance(3)
    check = module._InTime(Deadline(clock, at=13.5), rows=1000, part=64)
    found = None
    for done in range(0, 1000, 64):
        try:
            check()
        except OutOfTime:
            found = done
            break
        clock.advance(slower * 0.64)
    assert found == ended
    if ended:
        assert check.pace == pytest.approx(slower / 100)


def test_one_slow_part_does_not_end_a_pass(clock: FakeClock) -> None:
    check = module._InTime(Deadline(clock, at=20.0), rows=1000, part=64)
    for part in range(16):
        check()
        clock.advance(8.0 if part == 0 else 0.64)  # the first part compiles the network
    assert check.done == 15 * 64
    assert check.pace == pytest.approx(0.01)
