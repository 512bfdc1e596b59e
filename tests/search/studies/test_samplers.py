"""The first trials of an arm stay near what is known to be good."""

from __future__ import annotations

import optuna
import pytest

from autotl.search.studies.samplers import LocalSampler

CENTRE = {"lr": 1e-3, "depth": 5, "head": "probe", "c": 0.1, "on": True}
CS = [0.001, 0.01, 0.1, 1.0, 10.0]


def drawn(seed: int) -> dict[str, object]:
    study = optuna.create_study(sampler=LocalSampler(CENTRE, seed=seed))
    trial = study.ask()
    trial.suggest_float("lr", 1e-5, 1e-1, log=True)
    trial.suggest_int("depth", 0, 10)
    trial.suggest_categorical("head", ["probe", "new"])
    trial.suggest_categorical("c", CS)
    trial.suggest_categorical("on", [True, False])
    return dict(trial.params)


@pytest.fixture(scope="module")
def draws() -> list[dict[str, object]]:
    return [drawn(seed) for seed in range(300)]


def test_about_half_of_the_settings_stay_as_they_are(draws: list[dict[str, object]]) -> None:
    kept = sum(each["lr"] == pytest.approx(1e-3) for each in draws) / len(draws)
    assert 0.4 < kept < 0.6


def test_changes_are_small_shares_of_the_range(draws: list[dict[str, object]]) -> None:
    near = sum(1e-4 < float(str(each["lr"])) < 1e-2 for each in draws) / len(draws)
    anywhere = sum(abs(int(str(each["depth"])) - 5) > 3 for each in draws) / len(draws)
    assert near > 0.75  # 0.5 if drawn from all of the range
    assert anywhere < 0.2  # 0.36


def test_settings_stay_within_their_range(draws: list[dict[str, object]]) -> None:
    assert all(1e-5 <= float(str(each["lr"])) <= 1e-1 for each in draws)
    assert all(0 <= int(str(each["depth"])) <= 10 for each in draws)


def test_numbers_among_choices_have_an_order(draws: list[dict[str, object]]) -> None:
    steps = [abs(CS.index(each["c"]) - CS.index(0.1)) for each in draws]  # type: ignore[arg-type]
    assert steps.count(1) > steps.count(2) > 0


def test_other_choices_are_all_drawn(draws: list[dict[str, object]]) -> None:
    assert {each["head"] for each in draws} == {"probe", "new"}
    assert {each["on"] for each in draws} == {True, False}


def test_a_centre_outside_of_the_range_is_brought_inside() -> None:
    study = optuna.create_study(sampler=LocalSampler({"epochs": 1}, seed=0))
    assert 4 <= study.ask().suggest_int("epochs", 4, 40, log=True) <= 40


def test_what_the_centre_does_not_name_is_drawn_from_all_of_its_range() -> None:
    found = set()
    for seed in range(60):
        study = optuna.create_study(sampler=LocalSampler({}, seed=seed))
        found.add(study.ask().suggest_int("depth", 0, 3))
    assert found == {0, 1, 2, 3}
