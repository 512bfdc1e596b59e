"""The search loop: the trials, their order and their end."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest

from autotl.api import Job
from autotl.clock import Budget
from autotl.experience import Prior, StrategyRecord
from tests.support.search_rig import SearchRig

Make = Callable[..., SearchRig]


@pytest.fixture
def rig(fakes: ModuleType, tmp_path: Path) -> Callable[..., SearchRig]:
    def make(strategies: list[Any], budget: Budget, **work: Any) -> SearchRig:
        return SearchRig(fakes, strategies, budget, tmp_path, **work)

    return make


def test_defaults_run_first_the_cheapest_before_the_others(rig: Make, fakes: ModuleType) -> None:
    made = rig(
        [fakes.Fake("dear", seconds=9), fakes.Fake("cheap", seconds=1), fakes.Fake("middle", seconds=3)],
        Budget(seconds=60),
    )
    made.run()
    first = made.work.jobs[:3]
    assert [job.strategy for job in first] == ["cheap", "middle", "dear"]
    assert all(job.params == {"x": 0.5} for job in first)


def test_no_trial_outlasts_the_deadline_by_more_than_a_step(rig: Make, fakes: ModuleType) -> None:
    made = rig([fakes.Fake("slow", seconds=7), fakes.Fake("slower", seconds=20)], Budget(seconds=50))
    made.run()
    assert made.clock.now() <= 50 + 20 / 4


def test_a_trial_that_meets_the_deadline_keeps_its_score(rig: Make, fakes: ModuleType) -> None:
    made = rig([fakes.Fake("quick", seconds=1), fakes.Fake("endless", seconds=120)], Budget(seconds=50))
    stopped = [trial for trial in made.run() if trial.state == "stopped"]
    assert [trial.arm.strategy for trial in stopped] == ["endless"]
    assert made.history.score(stopped[0]) is not None


def test_the_only_trial_ends_at_the_deadline_once_it_has_a_score(rig: Make, fakes: ModuleType) -> None:
    made = rig([fakes.Fake("endless", seconds=400)], Budget(seconds=50))
    (only,) = made.run()
    assert only.state == "stopped"
    assert made.history.score(only) is not None
    assert made.clock.now() == 400 / 4  # its first step: without one there would be nothing


def test_the_number_of_trials_is_exact_and_includes_a_baseline(rig: Make, fakes: ModuleType) -> None:
    made = rig(
        [fakes.Fake("a"), fakes.Fake("b"), fakes.Fake("scratch", baseline=True, seconds=30)], Budget(trials=2)
    )
    made.run()
    assert [trial.arm.strategy for trial in made.history.trials.values()] == ["a", "scratch"]


def test_the_baseline_starts_before_the_time_is_up(rig: Make, fakes: ModuleType) -> None:
    strategies = [fakes.Fake(f"s{i}", seconds=8) for i in range(6)]
    made = rig([*strategies, fakes.Fake("scratch", baseline=True, seconds=12)], Budget(seconds=40))
    made.run()
    assert "scratch" in {trial.arm.strategy for trial in made.history.trials.values()}


def test_baselines_get_their_part_of_the_time(rig: Make, fakes: ModuleType) -> None:
    made = rig(
        [fakes.Fake("good", 0.9, seconds=2), fakes.Fake("scratch", 0.4, seconds=2, baseline=True)],
        Budget(seconds=100),
    )
    made.run()
    spent: Counter[str] = Counter()
    for trial in made.history.trials.values():
        spent[trial.arm.strategy] += trial.seconds  # type: ignore[assignment]
    assert 0.15 < spent["scratch"] / sum(spent.values()) < 0.35


def test_a_baseline_that_runs_last_takes_no_more_than_its_part(rig: Make, fakes: ModuleType) -> None:
    made = rig(
        [fakes.Fake("good", 0.9), fakes.Fake("scratch", 0.4, seconds=30, baseline=True)],
        Budget(seconds=60),
        steps=10,
    )
    made.run()
    own = [trial for trial in made.history.trials.values() if trial.baseline]
    assert own[0].state == "stopped"
    step = 30 / 10
    assert 0.2 * 60 <= own[0].seconds <= 0.2 * 60 + 2 * step


def test_a_baseline_alone_has_no_limit(rig: Make, fakes: ModuleType) -> None:
    made = rig([fakes.Fake("scratch", 0.4, seconds=30, baseline=True)], Budget(seconds=60), steps=10)
    made.run()
    assert made.history.trials[0].state == "complete"


def test_promising_trials_on_few_images_run_on_several_folds_before_new_ones(
    rig: Make, fakes: ModuleType
) -> None:
    made = rig(
        [
            fakes.Fake("tune", 0.99, seconds=5),
            fakes.Fake("poor", 0.2, seconds=5),
            fakes.Fake("scratch", 0.99, seconds=5, baseline=True),
        ],
        Budget(seconds=60),
        trial_folds=3,
    )
    made.run()
    begun = [(job.strategy, job.folds) for job in made.work.jobs]
    assert begun[3:5] == [("tune", (1,)), ("tune", (2,))]
    assert not [folds for name, folds in begun if name == "poor" and folds != (0,)]


def test_the_time_goes_to_the_arm_that_wins(rig: Make, fakes: ModuleType) -> None:
    made = rig([fakes.Fake("good", 0.95), fakes.Fake("bad", 0.5)], Budget(seconds=60))
    made.run()
    spent = Counter(job.strategy for job in made.work.jobs)
    assert spent["good"] > 2 * spent["bad"]


def test_contenders_run_on_more_folds(rig: Make, fakes: ModuleType) -> None:
    made = rig([fakes.Fake("one", 0.8, seconds=3), fakes.Fake("two", 0.8, seconds=3)], Budget(seconds=100))
    made.run()
    best = made.history.best()
    assert best is not None
    assert len(best.folds) > 1


def test_one_failing_strategy_does_not_end_the_search(rig: Make, fakes: ModuleType) -> None:
    def fails(job: Job) -> str:
        return "MemoryError: no room" if job.strategy == "boom" else ""

    made = rig([fakes.Fake("boom"), fakes.Fake("fine")], Budget(trials=8), fails=fails)
    made.run()
    records = made.history.records()
    assert "MemoryError: no room" in {record.why for record in records}
    assert made.history.best() is not None
    assert sum(record.arm.strategy == "boom" for record in records) < 4


def test_a_strategy_that_fails_to_suggest_is_left_out_with_its_reason(rig: Make, fakes: ModuleType) -> None:
    class Broken(fakes.Fake):  # type: ignore[name-defined,misc]
        def suggest(self, space: object, task: object, backbone: object) -> dict[str, float]:
            raise ZeroDivisionError("oops")

    made = rig([Broken("broken"), fakes.Fake("fine")], Budget(trials=5))
    made.run()
    why = {record.arm.strategy: record.why for record in made.history.records() if record.state == "failed"}
    assert why == {"broken": "ZeroDivisionError: oops"}


def test_a_strategy_that_fails_before_the_search_is_skipped_with_its_reason(
    rig: Make, fakes: ModuleType
) -> None:
    def breaks(backbone: object) -> bool:
        raise ZeroDivisionError("oops")

    made = rig([fakes.Fake("broken", applies_to=breaks), fakes.Fake("fine")], Budget(trials=2))
    assert list(made.skipped.values()) == ["ZeroDivisionError: oops"]


def test_an_arm_with_nothing_new_to_try_ends(rig: Make, fakes: ModuleType) -> None:
    class Single(fakes.Fake):  # type: ignore[name-defined,misc]
        def suggest(self, space: object, task: object, backbone: object) -> dict[str, float]:
            return {"x": 0.5}

    made = rig([Single("single")], Budget(trials=50))
    made.run()
    assert len(made.history.trials) == 1


def test_adding_an_arm_changes_no_other_arms_trials(rig: Make, fakes: ModuleType) -> None:
    def settings(strategies: list[Any]) -> list[float]:
        made = rig(strategies, Budget(trials=12))
        made.run()
        return [t.params["x"] for t in made.history.trials.values() if t.arm.strategy == "a"]

    alone, joined = settings([fakes.Fake("a")]), settings([fakes.Fake("a"), fakes.Fake("b", 0.2)])
    assert joined == alone[: len(joined)]


def test_the_same_seed_gives_the_same_search(rig: Make, fakes: ModuleType) -> None:
    def once() -> list[tuple[str, float]]:
        made = rig([fakes.Fake("a"), fakes.Fake("b", 0.6)], Budget(trials=10))
        made.run()
        return [(t.arm.strategy, t.params["x"]) for t in made.history.trials.values()]

    assert once() == once()


def past(params: dict[str, Any] | None = None, **regrets: float) -> Prior:
    """Return a prediction: the regret of each strategy, and good settings."""
    records = {name: StrategyRecord(regret, 0.01, 3, 1) for name, regret in regrets.items()}
    return Prior(records, 0.0, None, "", dict.fromkeys(regrets, (params,) if params else ()))


def test_an_arm_with_regret_in_past_runs_waits_longer(rig: Make, fakes: ModuleType) -> None:
    strategies = [fakes.Fake("a", seconds=1), fakes.Fake("b", seconds=1.5), fakes.Fake("c", seconds=2)]
    made = rig(strategies, Budget(seconds=60), prior=past(a=0.2, b=0.0, c=0.05))
    made.run()
    assert [job.strategy for job in made.work.jobs[:3]] == ["b", "c", "a"]


def test_settings_of_past_runs_are_tried_after_the_defaults(rig: Make, fakes: ModuleType) -> None:
    made = rig([fakes.Fake("a")], Budget(trials=3), prior=past({"x": 0.875, "image_size": 999}, a=0.0))
    made.run()
    assert [t.params["x"] for t in made.history.trials.values()][:2] == [0.5, 0.875]
    assert made.history.trials[2].params["x"] not in (0.5, 0.875)


def test_settings_outside_the_search_space_are_skipped(rig: Make, fakes: ModuleType) -> None:
    class Chooses(fakes.Fake):  # type: ignore[name-defined, misc]
        def defaults(self, task: object, backbone: object) -> dict[str, Any]:
            return {"x": 0.5, "how": "one"}

        def suggest(self, space: Any, task: object, backbone: object) -> dict[str, Any]:
            return {
                "x": space.suggest_float("x", 0.0, 1.0),
                "how": space.suggest_categorical("how", ["one", "two"]),
            }

    made = rig([Chooses("a")], Budget(trials=3), prior=past({"x": 0.25, "how": "three"}, a=0.0))
    made.run()
    trials = list(made.history.trials.values())
    assert len(trials) == 3
    assert {t.state for t in trials} == {"complete"}
    assert all(t.params["how"] in ("one", "two") for t in trials)
