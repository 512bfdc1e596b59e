"""A first look decides whether a longer training follows."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import pytest

from autotl.api import Applies, Arm, Backbone, Cost, FoldScore, Job, Machine, Outcome, Params, State, Task
from autotl.metrics import Metric, get_metric
from autotl.search.first_look import SLOWEST, FirstLooks, training_forecast
from autotl.search.search_inputs import SearchSpace
from autotl.trials.history import TrialHistory
from autotl.trials.trial import Trial
from tests.support import fakes

IMAGES, LONG, SHORT = 400, 100, 15
TIMED, NET = replace(fakes.TASK, trial_seconds=1000.0), fakes.backbone()
GROWER, RIVAL = Arm("grower", "net"), Arm("rival", "net")


@dataclass
class Grower:
    """A baseline whose epochs take a second at the speed of NET; as many run as fit."""

    name: str = "grower"
    summary: str = "made up"
    reference: str = "none"
    baseline: bool = True
    wanted: int = LONG
    share: float = SHORT / LONG

    def applies(self, task: Task, backbone: Backbone) -> Applies:
        return Applies(True, "made up")

    def defaults(self, task: Task, backbone: Backbone) -> Params:
        seconds = task.trial_seconds or 1e9
        return {"epochs": max(1, min(self.wanted, int(seconds / _each(backbone)))), "image_size": 32}

    def look(self, task: Task, backbone: Backbone) -> Params:
        planned = self.defaults(task, backbone)
        return {**planned, "epochs": max(1, round(self.share * planned["epochs"]))}

    def suggest(self, space: Any, task: Task, backbone: Backbone) -> Params:
        return {"epochs": space.suggest_int("epochs", 1, 200), "image_size": 32}

    def cost(self, params: Params, task: Task, backbone: Backbone, machine: Machine) -> Cost:
        return Cost(params["epochs"] * params.get("part", 1.0) * _each(backbone))

    def build(self, params: Params, bench: Any) -> Any:
        raise AssertionError("nothing is built here")


def _each(backbone: Backbone) -> float:
    return NET.pace.training / backbone.pace.training


class Bed:
    """A history with one fold, its first looks, and methods that add trials."""

    def __init__(
        self, task: Task = TIMED, strategy: Any = None, measure: Metric | None = None, seed: int = 0
    ) -> None:
        self.labels = np.arange(IMAGES) % 2
        self.history = TrialHistory([self.labels], metric=measure or get_metric("accuracy"))
        self.strategy = strategy or Grower()
        self.task = task
        self.looks = self.opened()

    def opened(self) -> FirstLooks:
        """Return the first looks of a new search with this history."""
        strategies = {"grower": self.strategy, "rival": fakes.Fake("rival")}
        tasks = {"net": self.task}
        space = SearchSpace([GROWER, RIVAL], strategies, {"net": NET}, tasks, fakes.MACHINE)
        return FirstLooks(space, self.history)

    def enter(
        self,
        arm: Arm,
        accuracy: float,
        params: Params,
        *,
        default: bool = False,
        seconds: float | None = None,
        state: State = "complete",
        done: int | None = None,
        look: bool = False,
    ) -> Trial:
        """Add a trial whose network is correct on a fraction of the images."""
        number = len(self.history.trials)
        right = np.arange(IMAGES) < accuracy * IMAGES
        logits = 4 * np.eye(2, dtype=np.float32)[np.where(right, self.labels, 1 - self.labels)]
        epochs = params.get("epochs", 1) if done is None else done
        took = float(epochs) if seconds is None else seconds
        score = FoldScore(0, self.history.metric(self.labels, logits), logits, took, epochs)
        scores = (score,) if epochs and state != "failed" else ()
        trial = Trial(number, arm, params, 0, default, first_look=look)
        job = Job(number, arm.strategy, "net", params, 0, (0,))
        kept = {0: f"no file {number}"} if scores else {}
        self.history.add(trial, Outcome(job, state, scores, took, "", kept, 32), now=0.0)
        return trial

    def look(self, accuracy: float, **told: Any) -> Trial:
        return self.enter(GROWER, accuracy, self.strategy.look(self.task, NET), look=True, **told)

    def rival(self, accuracy: float) -> Trial:
        return self.enter(RIVAL, accuracy, {"x": 0.5}, default=True)

    def promises(self) -> bool:
        begun = [trial for trial in self.history.trials.values() if trial.arm == GROWER]
        return self.looks.is_worth_starting(GROWER, begun)


def test_the_first_look_runs_first_and_once() -> None:
    bed = Bed()
    assert bed.looks.params(GROWER, []) == {"epochs": SHORT, "image_size": 32}
    look = bed.look(0.6)
    assert bed.looks.params(GROWER, [look]) is None


@pytest.mark.parametrize(
    ("task", "strategy"),
    [
        (fakes.TASK, Grower()),  # trials are counted, and a look would cost one
        (TIMED, Grower(wanted=1)),  # no shorter training than the default's
        (TIMED, Grower(share=1.0)),
    ],
)
def test_there_is_no_first_look_without_a_time_limit_or_a_shorter_training(
    task: Task, strategy: Grower
) -> None:
    bed = Bed(task, strategy)
    assert GROWER not in bed.looks
    assert bed.looks.params(GROWER, []) is None
    assert bed.looks.is_worth_starting(GROWER, [])


def test_defaults_of_a_strategy_without_a_first_look_always_start() -> None:
    bed = Bed()
    bad = bed.rival(0.1)
    bed.look(0.9)
    assert RIVAL not in bed.looks
    assert bed.looks.is_worth_starting(RIVAL, [bad])
    assert bed.looks.gain(RIVAL, [bad]) is None


@pytest.mark.parametrize(
    ("look", "best", "promising"),
    [
        (0.55, 0.97, False),
        (0.3, 0.9, False),
        (0.7, 0.75, True),
        (0.8, 0.9, True),
        (0.9, 0.5, True),  # it leads
    ],
)
def test_a_longer_training_starts_if_it_may_reach_the_best(look: float, best: float, promising: bool) -> None:
    bed = Bed()
    bed.rival(best)
    bed.look(look)
    assert bed.promises() == promising


def test_a_longer_training_starts_if_there_is_no_other_trial() -> None:
    bed = Bed()
    bed.look(0.1)
    assert bed.promises()


def test_nothing_follows_a_running_first_look() -> None:
    bed = Bed()
    bed.rival(0.5)
    running = Trial(7, GROWER, bed.strategy.look(TIMED, NET), 0, False)
    assert not bed.looks.is_worth_starting(GROWER, [running])


@pytest.mark.parametrize("told", [{"state": "failed"}, {"state": "stopped", "done": 0}])
def test_a_first_look_without_a_complete_epoch_is_not_promising(told: dict[str, Any]) -> None:
    bed = Bed()
    bed.rival(0.6)
    bed.look(0.9, **told)
    assert not bed.promises()


def test_a_stopped_first_look_counts_with_its_complete_epochs() -> None:
    """A score after few epochs is more promising than the same score after all."""
    gains = []
    for done in (3, SHORT):
        bed = Bed()
        bed.rival(0.95)
        look = bed.look(0.6, state="stopped", done=done)
        found = training_forecast(bed.history, [look])
        assert found is not None
        assert found.longest == done
        gains.append(bed.looks.gain(GROWER, [look]))
    assert gains[0] > gains[1] > 0


@pytest.mark.parametrize(
    ("slower", "epochs"),
    [(1.0, LONG), (0.2, LONG), (1.6, 62), (2.0, 50), (100.0, round(LONG / SLOWEST))],
)
def test_the_longer_training_is_planned_by_the_speed_of_the_first_look(slower: float, epochs: int) -> None:
    bed = Bed(replace(fakes.TASK, trial_seconds=float(LONG)))
    look = bed.look(0.6, seconds=slower * SHORT)
    assert bed.looks.longer_params(GROWER, [])["epochs"] == LONG
    assert bed.looks.longer_params(GROWER, [look])["epochs"] == epochs


def test_the_speed_of_a_stopped_first_look_is_that_of_its_epochs() -> None:
    bed = Bed(replace(fakes.TASK, trial_seconds=float(LONG)))
    look = bed.look(0.6, seconds=10.0, state="stopped", done=5)
    assert bed.looks.longer_params(GROWER, [look])["epochs"] == 50


def test_an_epoch_over_a_part_of_the_images_counts_as_that_part() -> None:
    bed = Bed()
    look = bed.enter(GROWER, 0.6, {"epochs": 1, "image_size": 32, "part": 0.25}, look=True)
    assert training_forecast(bed.history, [look]).longest == 0.25  # type: ignore[union-attr]


def test_a_longer_training_without_time_is_less_promising() -> None:
    """The longer training is hardly longer at the speed of this first look."""
    for seconds, promising in ((SHORT, True), (SLOWEST * SHORT, False)):
        bed = Bed(replace(fakes.TASK, trial_seconds=float(LONG)))
        bed.rival(0.8)
        bed.look(0.55, seconds=seconds)
        assert bed.promises() == promising


def test_the_gain_is_the_expected_improvement_on_the_best_trial() -> None:
    bed = Bed()
    assert bed.looks.gain(GROWER, []) is None
    bed.rival(0.7)
    look = bed.look(0.6)
    found = training_forecast(bed.history, [look])
    assert found is not None
    ahead = np.maximum(0.3 - found.errors(LONG), 0.0)
    assert bed.looks.gain(GROWER, [look]) == pytest.approx(float(found.weight @ ahead))
    bed.rival(0.95)
    assert 0 < bed.looks.gain(GROWER, [look]) < 0.02  # type: ignore[operator]


def test_a_leading_arm_has_no_expected_gain() -> None:
    leading = Bed()
    leading.rival(0.4)
    assert leading.looks.gain(GROWER, [leading.look(0.6)]) is None


def test_a_resumed_search_has_the_same_first_looks() -> None:
    bed = Bed(replace(fakes.TASK, trial_seconds=float(LONG)))
    bed.rival(0.97)
    look = bed.look(0.55, seconds=2.0 * SHORT)
    again = bed.opened()
    assert again.params(GROWER, [look]) is None
    assert again.longer_params(GROWER, [look]) == bed.looks.longer_params(GROWER, [look])
    assert again.is_worth_starting(GROWER, [look]) == bed.looks.is_worth_starting(GROWER, [look])


def test_trainings_at_another_image_size_are_on_another_curve() -> None:
    bed = Bed()
    large = bed.enter(GROWER, 0.9, {"epochs": 50, "image_size": 64})
    small = [bed.enter(GROWER, 0.3, {"epochs": epochs, "image_size": 32}) for epochs in (5, 20)]
    alone = training_forecast(bed.history, [large])
    assert training_forecast(bed.history, [*small, large]).at(80) == alone.at(80)  # type: ignore[union-attr]


def test_the_best_of_equally_long_trainings_counts() -> None:
    bed = Bed()
    good, bad = (bed.enter(GROWER, score, {"epochs": 20, "image_size": 32}) for score in (0.8, 0.5))
    only = training_forecast(bed.history, [good])
    assert training_forecast(bed.history, [bad, good]).at(80) == only.at(80)  # type: ignore[union-attr]


def test_trials_without_epochs_give_no_forecast() -> None:
    bed = Bed()
    assert training_forecast(bed.history, [bed.rival(0.8)]) is None


def test_by_log_loss_the_error_is_the_loss() -> None:
    bed = Bed(measure=get_metric("log_loss"))
    look = bed.look(0.7)
    found = training_forecast(bed.history, [look])
    assert found is not None
    assert found.at(SHORT).value == pytest.approx(-look.folds[0].score, rel=0.05)
    assert look.folds[0].score < -0.5


def brier(labels: np.ndarray, chances: np.ndarray) -> float:
    return -float(((chances - np.eye(chances.shape[1])[labels]) ** 2).sum(1).mean())


def test_a_metric_without_a_best_score_has_no_forecast_and_stops_no_arm() -> None:
    bed = Bed(measure=get_metric(brier))
    bed.rival(0.95)
    assert training_forecast(bed.history, [look := bed.look(0.5)]) is None
    assert bed.promises()
    assert bed.looks.gain(GROWER, [look]) is None
