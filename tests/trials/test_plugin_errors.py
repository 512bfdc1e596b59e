"""An error of a plugin in a trial fails that trial only."""

from __future__ import annotations

import os
import random
import re
import sys
from collections.abc import Callable, Generator
from pathlib import Path
from types import ModuleType
from typing import Any

import numpy as np
import pytest
import torch
from torch import nn

from autotl.analysis.similarity import measure_similarity
from autotl.api import Beat, Job, Params, Score, Workbench
from autotl.builtin.executors.serial import Serial
from autotl.cache import Store
from autotl.clock import Budget, FakeClock, WallClock
from autotl.errors import PluginError
from autotl.pipeline.prepare import Prepared
from autotl.search.loop import Search
from autotl.search.search_inputs import SearchSpace, SearchTime
from autotl.search.studies.factory import StudyFactory
from autotl.search.studies.optuna_storage import open_storage
from autotl.terminal import Silence
from autotl.testing import tiny_run
from autotl.trials.arms import plan_arms
from autotl.trials.history import TrialHistory
from autotl.trials.restore import SearchRecord
from autotl.trials.runner import TrialRunner
from autotl.workbench.activation_cache import ActivationCache
from autotl.workbench.run_cache import RunCache

Step = Callable[[Workbench], Any]


@pytest.fixture(scope="module")
def ready(tmp_path_factory: pytest.TempPathFactory) -> Prepared:
    return tiny_run(tmp_path_factory.mktemp("cache"))


class Stranger:
    """A strategy whose learner yields the result of ``step``."""

    baseline = False

    def __init__(self, step: Step) -> None:
        self._step = step

    def build(self, params: Params, bench: Workbench) -> Stranger:
        self._bench = bench
        return self

    def fit(self) -> Generator[Any, None, None]:
        yield self._step(self._bench)


def scored(bench: Workbench) -> Score:
    return bench.score(bench.model(), input_size=32)


def invented(bench: Workbench) -> Score:
    """One-hot labels as outputs."""
    sure = torch.nn.functional.one_hot(bench.targets().val, 3).float()
    return Score(1, 1.0, 1.0, sure)


def endless(bench: Workbench) -> Score:
    """A network whose outputs are no numbers."""
    model = bench.model()
    with torch.no_grad():
        next(model.parameters()).fill_(float("nan"))
    return bench.score(model, input_size=32)


def opened_test_image(bench: Any) -> Any:
    """The first image of the test set."""
    cache = bench._run_cache
    return cache.dataset.openers[int(cache.splits.test[0])]()


def run(ready: Prepared, folder: Path, step: Step) -> Any:
    run_cache = RunCache(
        ready.dataset, ready.splits, ready.backbones, Store(folder / "kept"), device="cpu"
    ).without_test()
    strategies: Any = {"stranger": Stranger(step)}
    worker = TrialRunner(
        run_cache, ActivationCache(run_cache), ready.task, strategies, folder / "trials", WallClock()
    )
    return worker(Job(0, "stranger", "tiny", {}, 0, (0,)), lambda job, said: None)


@pytest.mark.parametrize(
    ("step", "why"),
    [
        (lambda bench: sys.exit(7), "SystemExit: 7"),
        (lambda bench: None, r"fit\(\) must yield a Beat or a Score \(got NoneType\)"),
        (invented, r"must yield the score that the workbench has just made"),
        (endless, r"must be finite \(got NaN or infinity"),
        (lambda bench: Beat(7.0), r"must be in \[0, 1\] \(got 7.0\)"),
        (lambda bench: Beat(0.5), r"fit\(\) must yield at least one score \(got none\)"),
        (
            lambda bench: bench.score(nn.Linear(2, 3), input_size=32),
            r"the tensors of timm's .* one linear head",
        ),
        (opened_test_image, r"must not be opened before the final evaluation"),
    ],
)
def test_an_error_of_a_learner_fails_its_trial(ready: Prepared, tmp_path: Path, step: Step, why: str) -> None:
    found = run(ready, tmp_path, step)
    assert found.state == "failed"
    assert re.search(why, found.why)


def test_ctrl_c_is_no_failure_of_a_plugin(ready: Prepared, tmp_path: Path) -> None:
    def interrupted(bench: Workbench) -> None:
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        run(ready, tmp_path, interrupted)


def test_a_trial_leaves_no_global_state_behind(ready: Prepared, tmp_path: Path) -> None:
    def state() -> tuple[Any, ...]:
        return (
            random.getstate(),
            np.random.get_state()[1].tobytes(),  # type: ignore[index,union-attr]
            torch.get_rng_state().numpy().tobytes(),
            torch.get_default_dtype(),
            torch.is_grad_enabled(),
            torch.get_num_threads(),
            Path.cwd(),
        )

    def careless(bench: Workbench) -> Score:
        found = scored(bench)
        random.seed(1)
        np.random.seed(1)
        torch.manual_seed(1)
        torch.set_default_dtype(torch.float64)
        torch.set_grad_enabled(False)
        torch.set_num_threads(before[5] + 1)
        os.chdir(tmp_path)
        return found

    before = state()
    assert run(ready, tmp_path, careless).state == "complete"
    assert state() == before


def search_of(fakes: ModuleType, tmp_path: Path, strategy: Any) -> tuple[Search, Any, TrialHistory]:
    named, backbones = {strategy.name: strategy}, {"net": fakes.backbone()}
    tasks = dict.fromkeys(backbones, fakes.TASK)
    arms, _ = plan_arms(named, backbones, tasks, machine=fakes.MACHINE)
    clock = FakeClock()
    work = fakes.FakeWork(named, clock, tmp_path)
    history = TrialHistory(work.labels())
    search = Search(
        SearchSpace(arms, named, backbones, tasks, fakes.MACHINE),
        SearchRecord(history),
        SearchTime(Budget(trials=9), clock, lambda: float("inf")),
        StudyFactory(open_storage(None), seed=0),
        Silence(),
    )
    return search, work, history


@pytest.mark.parametrize("given", [None, 5, "x", {1: 2}])
def test_a_strategy_without_suggestions_is_left_out_at_once(
    fakes: ModuleType, tmp_path: Path, given: Any
) -> None:
    class Mute(fakes.Fake):  # type: ignore[name-defined,misc]
        asked = 0

        def suggest(self, space: Any, task: Any, backbone: Any) -> Any:
            self.asked += self.defaulted
            self.defaulted = True
            return {"x": 0.5} if not self.asked else given

    strategy = Mute("mute")
    strategy.defaulted = False
    search, work, history = search_of(fakes, tmp_path, strategy)
    for _ in search.run(Serial(), work):
        pass
    assert [trial.state for trial in history.trials.values()] == ["complete", "failed"]
    assert "hyperparameters by name" in history.trials[1].why
    assert strategy.asked == 1


@pytest.mark.parametrize("answer", [None, SystemExit(7)])
def test_a_strategy_whose_applies_fails_is_skipped(fakes: ModuleType, answer: Any) -> None:
    class Odd(fakes.Fake):  # type: ignore[name-defined,misc]
        def applies(self, task: Any, backbone: Any) -> Any:
            if isinstance(answer, SystemExit):
                raise answer
            return answer

    named = {"odd": Odd("odd"), "even": fakes.Fake("even")}
    backbones = {"net": fakes.backbone()}
    arms, skipped = plan_arms(named, backbones, {"net": fakes.TASK}, machine=fakes.MACHINE)
    assert [arm.strategy for arm in arms] == ["even"]
    [why] = skipped.values()
    assert why in (
        "SystemExit: 7",
        "TypeError: applies() must return autotl.api.Applies (got NoneType)",
    )


def test_an_executor_that_exits_is_named(fakes: ModuleType, tmp_path: Path) -> None:
    class Leaving(Serial):
        name = "leaving"

        def run(self, *args: Any, **kwargs: Any) -> Any:
            yield next(iter(super().run(*args, **kwargs)))
            sys.exit(3)

    search, work, _ = search_of(fakes, tmp_path, fakes.Fake("a"))
    with pytest.raises(PluginError, match="executor leaving ended the program: SystemExit: 3"):
        for _ in search.run(Leaving(), work):
            pass


class Apart:
    """A similarity that returns a given value."""

    summary, reference, of_moments = "made up", "none", True

    def __init__(self, name: str, gives: Callable[[], Any]) -> None:
        self.name, self._gives = name, gives

    def distance(self, features: Any, source: Any) -> Any:
        return self._gives()


def test_a_similarity_that_fails_is_left_out_with_a_note(ready: Prepared) -> None:
    [facts] = ready.backbones.values()
    measures: Any = {
        "exits": Apart("exits", lambda: sys.exit(3)),
        "words": Apart("words", lambda: "far"),
        "nan": Apart("nan", lambda: float("nan")),
        "sound": Apart("sound", lambda: 1.0),
    }
    found, note = measure_similarity(ready.run_cache, facts, measures, source=None, seed=0)
    assert set(found) == {"sound"}
    assert "The similarity exits failed and is left out: SystemExit: 3." in note
    assert "The similarity words failed and is left out: " in note
    assert "The similarity nan failed and is left out: ValueError" in note
