"""The next arm to start, and its settings."""

from __future__ import annotations

from dataclasses import dataclass, replace
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest

from autotl.api import Arm, Backbone, Cost, FoldScore, Job, Machine, Outcome, Params, Task
from autotl.budget.policy import POLICY
from autotl.clock import Budget
from autotl.experience import Prior, StrategyRecord
from autotl.search.cost_model import CostModel
from autotl.search.first_look import FirstLooks
from autotl.search.longer_training import LongerTrainings
from autotl.search.next_arm import ArmQueue, Start
from autotl.search.search_inputs import SearchSpace
from autotl.trials.history import TrialHistory
from autotl.trials.trial import Trial
from tests.support import fakes

TASK = replace(fakes.TASK, trial_seconds=100.0)
IMAGES = 400


@dataclass
class Looked(fakes.Fake):
    """A baseline with a first look: its defaults take ``seconds``, its first look a tenth of that."""

    baseline: bool = True

    def defaults(self, task: Task, backbone: Backbone) -> Params:
        return {"x": 0.5, "epochs": 100}

    def look(self, task: Task, backbone: Backbone) -> Params:
        return {"x": 0.5, "epochs": 10}

    def cost(self, params: Params, task: Task, backbone: Backbone, machine: Machine) -> Cost:
        return Cost(self.seconds * params["epochs"] / 100)


class Field:
    """Waiting arms, and trials that have ended."""

    def __init__(
        self, *strategies: fakes.Fake, trials: int | None = None, prior: Prior | None = None
    ) -> None:
        self.labels = np.arange(IMAGES) % 2
        self.history = TrialHistory([self.labels])
        self.named: dict[str, Any] = {each.name: each for each in strategies}
        self.arms = [Arm(name, "net") for name in self.named]
        backbones = {"net": fakes.backbone()}
        tasks = {"net": TASK}
        space = SearchSpace(self.arms, self.named, backbones, tasks, fakes.MACHINE)
        costs, looks = CostModel(space), FirstLooks(space, self.history)
        budget = Budget(seconds=None if trials else 1000.0, trials=trials)
        trainings = LongerTrainings(space, self.history, costs, budget)
        self.queue = ArmQueue(
            self.arms, space.baselines, looks, costs, self.history, budget, trainings, prior
        )
        self.started: list[Trial] = []

    def next(self, *, left: float = 1000.0) -> Start | None:
        """Start a trial, which runs until it is scored."""
        start = self.queue.next(
            lambda arm: [trial for trial in self.started if trial.arm == arm],
            left=left,
            count=len(self.started),
        )
        if start is not None:
            defaults = self.named[start.arm.strategy].defaults(TASK, fakes.backbone())
            params = start.params or defaults
            number, look = len(self.started), start.params is not None and not start.default
            self.started.append(Trial(number, start.arm, params, 0, start.default, first_look=look))
        return start

    def score(self, accuracy: float) -> None:
        """End the last started trial with an accuracy."""
        trial = self.started[-1]
        right = np.arange(IMAGES) < accuracy * IMAGES
        logits = 4 * np.eye(2, dtype=np.float32)[np.where(right, self.labels, 1 - self.labels)]
        seconds = (
            self.named[trial.arm.strategy].cost(trial.params, TASK, fakes.backbone(), fakes.MACHINE).seconds
        )
        score = FoldScore(0, accuracy, logits, seconds, trial.params.get("epochs", 1))
        job = Job(trial.number, trial.arm.strategy, "net", trial.params, 0, (0,))
        done = Outcome(job, "complete", (score,), seconds, "", {0: f"no file {trial.number}"}, 32)
        self.history.add(trial, done, now=0.0)

    def order(self, scores: dict[str, float], *, left: float = 1000.0) -> list[tuple[str, bool]]:
        """Start and score all arms; return the strategies, and whether with their defaults."""
        found = []
        while start := self.next(left=left):
            found.append((start.arm.strategy, start.default))
            self.score(scores.get(start.arm.strategy, 0.7))
        return found


def test_the_cheapest_arm_starts_first_and_a_first_look_counts_with_its_seconds() -> None:
    field = Field(
        fakes.Fake("dear", seconds=30), fakes.Fake("cheap", seconds=5), Looked("scratch", seconds=100)
    )
    assert field.order({"scratch": 0.69}) == [
        ("cheap", True), ("scratch", False), ("scratch", True), ("dear", True),
    ]  # fmt: skip
    assert field.next() is None


def test_each_start_has_the_settings_of_its_trial() -> None:
    field = Field(fakes.Fake("plain", seconds=50), Looked("scratch", seconds=100))
    look = field.next()
    assert look == Start(Arm("scratch", "net"), default=False, params={"x": 0.5, "epochs": 10})
    assert field.queue.has_only_first_look(look.arm)
    field.score(0.7)
    assert field.next() == Start(Arm("plain", "net"), default=True, params=None)
    field.score(0.7)
    planned = field.next()
    assert planned == Start(Arm("scratch", "net"), default=True, params={"x": 0.5, "epochs": 100})
    assert not field.queue.has_only_first_look(look.arm)


def test_an_arm_that_is_not_promising_is_not_started() -> None:
    field = Field(fakes.Fake("good", seconds=5), Looked("scratch", seconds=100))
    assert field.order({"good": 0.98, "scratch": 0.5}) == [("good", True), ("scratch", False)]
    assert field.queue.has_only_first_look(Arm("scratch", "net"))


def test_other_arms_start_while_a_first_look_is_running() -> None:
    field = Field(fakes.Fake("good", seconds=30), Looked("scratch", seconds=100))
    started = [field.next(), field.next(), field.next()]
    assert [start and start.arm.strategy for start in started] == ["scratch", "good", None]


def test_an_arm_with_a_poor_first_look_waits_longer() -> None:
    def after_the_look(accuracy: float) -> list[tuple[str, bool]]:
        field = Field(
            fakes.Fake("first", seconds=1), fakes.Fake("dear", seconds=60), Looked("scratch", seconds=100)
        )
        return field.order({"first": 0.9, "scratch": accuracy})[2:]

    assert after_the_look(0.89) == [("scratch", True), ("dear", True)]
    assert after_the_look(0.75) == [("dear", True), ("scratch", True)]


def test_past_runs_order_arms_without_a_first_look() -> None:
    strategies = fakes.Fake("behind", seconds=10), fakes.Fake("ahead", seconds=11)
    assert [name for name, _ in Field(*strategies).order({})] == ["behind", "ahead"]
    records = {name: StrategyRecord(regret, 0.01, 3, 1) for name, regret in (("behind", 0.4), ("ahead", 0.0))}
    prior = Prior(records, 0.0, None, "")
    assert [name for name, _ in Field(*strategies, prior=prior).order({})] == ["ahead", "behind"]


def test_an_arm_of_which_much_is_expected_starts_before_a_cheaper_one() -> None:
    probe, cheap, tuned = (
        fakes.Fake("probe", seconds=1),
        fakes.Fake("cheap", 0.1, seconds=10),
        fakes.Fake("tuned", seconds=20),
    )
    scores = {"probe": 0.7, "cheap": 0.6, "tuned": 0.8}
    field = Field(probe, cheap, tuned)
    field.history.forecasts = {
        Arm(name, "net"): SimpleNamespace(expected=expected, deviation=0.1, baseline=False)
        for name, expected in scores.items()
    }
    assert [name for name, _ in field.order(scores)] == ["probe", "tuned", "cheap"]
    assert [name for name, _ in Field(probe, cheap, tuned).order(scores)] == ["probe", "cheap", "tuned"]


@dataclass
class Scaled(fakes.Fake):
    """A strategy that trains as many epochs as a trial's time allows, a second each."""

    def defaults(self, task: Task, backbone: Backbone) -> Params:
        epochs = 4 if task.trial_seconds is None else int(task.trial_seconds / task.folds)
        return {"x": 0.5, "epochs": epochs}

    def takes(self, params: Params) -> float:
        return float(params["epochs"])


@pytest.mark.parametrize(("left", "least", "most"), [(900.0, 150, 400), (220.0, 100, 100), (50.0, 5, 40)])
def test_the_defaults_of_the_last_arm_fit_into_the_time_left(left: float, least: int, most: int) -> None:
    field = Field(fakes.Fake("probe", seconds=1), Scaled("tuned", seconds=4))
    field.next()
    field.score(0.7)
    start = field.next(left=left)
    assert start is not None
    assert start.arm.strategy == "tuned"
    assert least <= (start.params or {"epochs": 100})["epochs"] <= most


@pytest.mark.parametrize(("times", "begun"), [(0.9, True), (1.1, False)])
def test_a_trial_far_longer_than_the_time_left_is_not_started(times: float, begun: bool) -> None:
    field = Field(
        fakes.Fake("quick", seconds=1), fakes.Fake("endless", seconds=times * POLICY.longest_start * 50)
    )
    names = [name for name, _ in field.order({}, left=50.0)]
    assert names == ["quick", *(["endless"] if begun else [])]


def test_without_any_score_even_a_far_too_long_trial_starts() -> None:
    start = Field(fakes.Fake("endless", seconds=1e6)).next(left=50.0)
    assert start is not None
    assert start.arm.strategy == "endless"


def test_defaults_that_no_longer_fit_after_the_first_look_are_not_started() -> None:
    field = Field(fakes.Fake("good", seconds=5), Looked("scratch", seconds=100))
    field.next()
    field.score(0.7)
    field.next()
    field.score(0.69)
    assert field.queue.has_only_first_look(Arm("scratch", "net"))
    assert field.next(left=10.0) is None
    assert field.next(left=90.0) is not None


def test_baselines_start_before_the_time_is_up() -> None:
    """Two cheaper arms would leave the baseline no time."""
    strategies = [fakes.Fake(f"s{i}", seconds=20) for i in range(3)]
    field = Field(*strategies, fakes.Fake("scratch", seconds=25, baseline=True))
    names = []
    for left in (1000.0, 44.0):
        start = field.next(left=left)
        assert start is not None
        names.append(start.arm.strategy)
        field.score(0.7)
    assert names == ["s0", "scratch"]


def test_an_arm_that_transfers_starts_first_if_time_is_short() -> None:
    cheap = fakes.Fake("pixels", seconds=1, baseline=True)
    assert Field(fakes.Fake("probe", seconds=5), cheap).order({})[0] == ("pixels", True)
    short = Field(fakes.Fake("probe", seconds=5), cheap).order({}, left=200.0)
    assert [name for name, _ in short] == ["probe", "pixels"]
    alone = Field(cheap).order({}, left=200.0)
    assert alone == [("pixels", True)]


def test_a_first_look_counts_as_the_run_of_a_baseline() -> None:
    """After its first look a baseline waits like any arm."""
    strategies = [fakes.Fake(f"s{i}", seconds=20) for i in range(3)]
    field = Field(*strategies, Looked("scratch", seconds=100))
    first = field.next(left=1000.0)
    assert first is not None
    assert (first.arm.strategy, first.default) == ("scratch", False)
    field.score(0.7)
    for expected in ("s0", "s1", "s2"):
        start = field.next(left=70.0)
        assert start is not None
        assert start.arm.strategy == expected
        field.score(0.9)


@pytest.mark.parametrize(
    ("trials", "expected"), [(1, ["a"]), (2, ["a", "scratch"]), (3, ["a", "b", "scratch"])]
)
def test_one_of_few_trials_is_left_for_each_baseline(trials: int, expected: list[str]) -> None:
    field = Field(
        fakes.Fake("a"),
        fakes.Fake("b"),
        fakes.Fake("c"),
        fakes.Fake("scratch", seconds=30, baseline=True),
        trials=trials,
    )
    names = []
    for _ in range(trials):
        start = field.next()
        assert start is not None
        names.append(start.arm.strategy)
        field.score(0.7)
    assert names == expected
