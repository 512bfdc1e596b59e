"""Strategies share what their rows have in common."""

from __future__ import annotations

import numpy as np
import pytest

from autotl.forecast import ACCURACY_SCALE, Case, Model, Observation, empty_model, shipped_model, to_document
from autotl.forecast.model import FEATURES
from autotl.forecast.shipped import from_document

STANDARDS = {"probe": (1.0, 1.0), "images": (6.0, 1.5), "classes": (2.0, 1.0), "likeness": (0.4, 0.2)}
CASE = Case(500, 8, 0.4, ACCURACY_SCALE.logit(0.8))


def rows(strategy: str, outcome: float, *, sets: int, each: int = 1, noise: float = 0.1) -> list[Observation]:
    rng = np.random.default_rng(len(strategy))
    return [
        Observation(f"data {number}", strategy, False, CASE, outcome + noise * float(rng.normal()))
        for number in range(sets)
        for _ in range(each)
    ]


def model(*found: list[Observation]) -> Model:
    return empty_model(STANDARDS).updated([row for own in found for row in own])


def gain(found: Model, strategy: str) -> float:
    return found.predict(strategy, CASE, baseline=False).location - CASE.probe


def test_a_strategy_with_few_rows_is_near_the_mean_of_its_group() -> None:
    found = model(rows("usual", 0.0, sets=30), rows("seldom", 1.0, sets=1), rows("often", 1.0, sets=30))
    assert gain(found, "usual") == pytest.approx(0.0, abs=0.15)
    assert gain(found, "often") == pytest.approx(1.0, abs=0.15)
    assert gain(found, "usual") < gain(found, "seldom") < gain(found, "often")


def test_a_strategy_without_rows_has_the_mean_and_a_wider_distribution() -> None:
    found = model(rows("one", 0.2, sets=20), rows("other", 0.4, sets=20))
    assert not found.knows("new")
    assert gain(found, "new") == pytest.approx(0.3, abs=0.15)
    known, new = (found.predict(name, CASE, baseline=False).scale for name in ("one", "new"))
    assert new > known


def test_rows_of_one_data_set_count_less_than_rows_of_several() -> None:
    one = model(rows("s", 0.5, sets=1, each=16)).predict("s", CASE, baseline=False)
    several = model(rows("s", 0.5, sets=16)).predict("s", CASE, baseline=False)
    assert one.freedom < several.freedom
    assert one.scale > several.scale


def test_baselines_do_not_change_the_forecasts_of_transfer() -> None:
    before = model(rows("tuned", 0.2, sets=10))
    after = before.updated([Observation("data", "scratch", True, CASE, -2.0)])
    assert gain(after, "tuned") == gain(before, "tuned")
    assert after.predict("scratch", CASE, baseline=True).location < CASE.probe


def test_a_known_strategy_on_random_weights_is_forecast_as_a_baseline() -> None:
    found = model(rows("tuned", 0.2, sets=10)).updated([Observation("data", "scratch", True, CASE, -2.0)])
    assert (
        found.predict("tuned", CASE, baseline=True).location < CASE.probe < gain(found, "tuned") + CASE.probe
    )


def test_an_unknown_similarity_counts_as_the_mean() -> None:
    found = model(rows("s", 0.5, sets=10))
    without = Case(CASE.n_train, CASE.n_classes, None, CASE.probe)
    assert found.predict("s", without, baseline=False) == found.predict("s", CASE, baseline=False)


def test_few_images_widen_a_forecast() -> None:
    found = model(rows("s", 0.5, sets=10))
    few = Case(40, CASE.n_classes, CASE.likeness, CASE.probe)
    assert found.predict("s", few, baseline=False).scale > found.predict("s", CASE, baseline=False).scale


def test_the_shipped_table_has_the_default_strategies_and_the_spread_of_each_estimate() -> None:
    found = shipped_model()
    assert set(found.standards) == set(FEATURES)
    assert all(map(found.knows, ("linear_probe", "finetune", "scratch_small", "pixels")))
    for group in to_document(found)["groups"].values():
        assert all(each["sd"] > 0 for each in group["coefficients"].values())
        assert list(group["coefficients"])[: len(FEATURES) + 1] == ["mean", *found.standards]


def test_a_table_returns_the_model_that_was_written() -> None:
    found = model(rows("s", 0.5, sets=10))
    again = from_document(to_document(found))
    assert again.predict("s", CASE, baseline=False) == found.predict("s", CASE, baseline=False)


def test_the_shipped_forecasts_are_plausible() -> None:
    def score(strategy: str, *, baseline: bool = False) -> float:
        found = shipped_model().predict(strategy, CASE, baseline=baseline)
        return float(ACCURACY_SCALE.scores(np.array([found.location]))[0])

    assert 0.7 < score("linear_probe") < 0.9
    assert score("pixels", baseline=True) < 0.7
