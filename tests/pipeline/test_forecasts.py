"""A run forecasts its arms, reports the outcomes, and a resumed run keeps the forecasts."""

from __future__ import annotations

import shutil
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

import autotl
from autotl.api import Applies, Arm, Backbone, Record, Task
from autotl.builtin.strategies.baselines.pixels import Pixels
from autotl.errors import RunError
from autotl.evaluation import Findings, Verdict, judge
from autotl.results import read_run_file, write_run_file
from autotl.search.search_inputs import SearchSpace
from autotl.terminal import Silence
from autotl.testing import tiny_images

DATA = tiny_images(classes=3, each=20, noise=0.5)


class Listening(Silence):
    """Keeps all sentences, and presses Ctrl-C after the first trial if told to."""

    def __init__(self, *, interrupts: bool = False) -> None:
        self.said: list[str] = []
        self.interrupts = interrupts

    def say(self, text: str) -> None:
        self.said.append(text)

    def scored(self, record: Record, best: Record | None) -> None:
        if self.interrupts:
            raise KeyboardInterrupt


def fit(**options: Any) -> autotl.results.Result:
    usual = {"backbone": "tiny", "image_size": 32, "trials": 2, "strategies": ["linear_probe", "knn"]}
    return autotl.fit(DATA, **{**usual, "watch": Silence(), **options})


def test_a_run_names_its_forecasts_and_reports_the_outcomes() -> None:
    watch = Listening()
    found = fit(watch=watch).report
    (sentence,) = (text for text in watch.said if text.startswith("Expected: "))
    assert "linear_probe" in sentence
    rows = {each["strategy"]: each for each in found["search"]["forecasts"]}
    assert rows.keys() == {"linear_probe", "knn"}
    assert sum(each["chance_to_win"] for each in rows.values()) == pytest.approx(1.0)
    for arm in found["arms"]:
        row = rows[arm["strategy"]]
        assert row["outcome"] == arm["best_val"]
        assert row["inside"] == (row["low"] <= row["outcome"] <= row["high"])


def test_another_metric_is_forecast_in_its_own_numbers() -> None:
    watch = Listening()
    (row,) = fit(watch=watch, strategies="linear_probe", trials=1, metric="log_loss").report["search"][
        "forecasts"
    ]
    assert any(text.startswith("Expected log loss: linear_probe ") for text in watch.said)
    assert 0 <= row["low"] < row["expected"] < row["high"]


@pytest.fixture(scope="module")
def original(tmp_path_factory: pytest.TempPathFactory) -> Path:
    out = tmp_path_factory.mktemp("interrupted") / "run"
    with pytest.raises(KeyboardInterrupt):
        fit(out=out, watch=Listening(interrupts=True))
    return out


@pytest.fixture
def interrupted(original: Path, tmp_path: Path) -> Path:
    """A copy that the test may alter of a run that was interrupted after its first trial."""
    return shutil.copytree(original, tmp_path / "run")


def test_a_resumed_run_starts_the_same_arms_for_the_same_reason(interrupted: Path) -> None:
    out = interrupted
    file = read_run_file(out)
    assert file.forecasts is not None
    started = {each["arm"]["strategy"] for each in file.forecasts if not each["not_started"]}
    assert started == {"linear_probe", "knn"}  # the user has named both
    tried = autotl.load(out).report["arms"]
    (left,) = (arm["strategy"] for arm in tried if not arm["trials"])
    reason = "its chance to win was 2.0%"
    kept = [
        {**each, "not_started": reason if each["arm"]["strategy"] == left else ""} for each in file.forecasts
    ]
    write_run_file(out, replace(file, forecasts=kept))
    report = autotl.fit(DATA, out=out, resume=True, watch=Silence()).report
    (arm,) = (each for each in report["arms"] if each["strategy"] == left)
    assert (arm["state"], arm["reason"], arm["trials"]) == ("skipped", reason, 0)
    assert read_run_file(out).forecasts == kept
    shown = {each["strategy"]: each["expected"] for each in report["search"]["forecasts"]}
    assert shown == {each["arm"]["strategy"]: each["expected"] for each in kept}


class ExpensiveProbe:
    """Expects 20 s for each default, and twice as much for the probe."""

    def __init__(self, space: SearchSpace) -> None:
        self.space = space

    def default_seconds(self, arm: Arm) -> float:
        return 20.0 * (2 if arm.strategy == "linear_probe" else 1)


@pytest.fixture
def short(monkeypatch: pytest.MonkeyPatch) -> None:
    """Makes every search too short, and all arms that transfer hopeless."""
    monkeypatch.setattr("autotl.pipeline.forecasts.CostModel", ExpensiveProbe)
    monkeypatch.setattr("autotl.pipeline.forecasts.MIN_CHANCE", 1.0)


def left_out(report: dict[str, Any]) -> dict[str, str]:
    """Return the reasons against the arms that were left out by their chance."""
    return {arm["strategy"]: arm["reason"] for arm in report["arms"] if "chance" in (arm["reason"] or "")}


@pytest.mark.usefixtures("short")
@pytest.mark.parametrize(
    "asked", [{"strategies": ["linear_probe", "finetune", "pixels"]}, {"fixed": "linear_probe.C=1.0"}]
)
def test_a_short_search_starts_the_arms_that_the_user_has_asked_for(asked: dict[str, Any]) -> None:
    assert left_out(fit(**{"strategies": [], **asked}, budget="60s", trials=1).report) == {}


@pytest.mark.usefixtures("short")
def test_a_short_search_leaves_out_hopeless_arms_as_untried(monkeypatch: pytest.MonkeyPatch) -> None:
    untried: list[str] = []

    def listening(findings: Findings, names: Sequence[str], *given: Any, **options: Any) -> Verdict:
        untried.extend(names)
        return judge(findings, names, *given, **options)

    monkeypatch.setattr("autotl.pipeline.conclude.judge", listening)
    report = fit(strategies=[], budget="60s", trials=1).report
    chances = {each["strategy"]: each["chance_to_win"] for each in report["search"]["forecasts"]}
    assert chances["finetune"] > chances["linear_probe"]
    assert left_out(report) == {"linear_probe": f"its chance to win was {chances['linear_probe']:.1%}"}
    assert "linear_probe" in untried


@pytest.mark.usefixtures("short")
@pytest.mark.parametrize(("budget", "starts"), [("50s", False), ("300s", True)])
def test_a_resumed_run_with_enough_more_budget_starts_all_arms(
    interrupted: Path, budget: str, starts: bool
) -> None:
    file = read_run_file(interrupted)
    assert file.forecasts is not None
    kept = [{**each, "not_started": "its chance to win was 2.0%"} for each in file.forecasts[1:]]
    arguments = {**file.arguments, "budget": "40s"}
    write_run_file(interrupted, replace(file, arguments=arguments, forecasts=[file.forecasts[0], *kept]))
    report = autotl.fit(DATA, out=interrupted, resume=True, budget=budget, watch=Silence()).report
    assert (left_out(report) == {}) == starts


def test_forecasts_that_were_edited_are_refused(interrupted: Path) -> None:
    out = interrupted
    write_run_file(out, replace(read_run_file(out), forecasts=[{"arm": "finetune"}]))
    with pytest.raises(RunError, match=r"forecasts of the run cannot be read from run\.json"):
        autotl.fit(DATA, out=out, resume=True, watch=Silence())


def test_a_profile_has_the_forecasts_of_the_default_strategies() -> None:
    when = autotl.analyze(DATA, backbone="tiny", image_size=32)["when"]
    assert {"linear_probe", "finetune", "scratch_small"} <= {each["strategy"] for each in when["forecasts"]}
    assert when["expected"].startswith("Expected: ")
    assert "Chance to score highest: " in when["expected"]


def test_a_profile_asks_a_strategy_with_its_own_network_if_it_applies(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    asked: list[str] = []

    def refusing(self: Pixels, task: Task, backbone: Backbone) -> Applies:
        asked.append(backbone.name)
        return Applies(False, "a made-up reason")

    monkeypatch.setattr(Pixels, "applies", refusing)
    when = autotl.analyze(DATA, backbone="tiny", image_size=32)["when"]
    found = {each["strategy"]: each["backbone"] for each in when["forecasts"]}
    assert asked[0].startswith("pixels")
    assert "pixels" not in found
    assert found["scratch_small"] != "tiny"
