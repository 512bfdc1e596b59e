"""Settings that a user fixes for a run."""

from __future__ import annotations

import inspect
import pickle
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest

import autotl
from autotl.api import FirstLook, OnRequest, OwnNetworks, Strategy
from autotl.builtin.strategies.baselines.from_scratch import FromScratch
from autotl.builtin.strategies.baselines.scratch_small import ScratchSmall
from autotl.builtin.strategies.probes.linear_probe import LinearProbe
from autotl.builtin.strategies.tuning.finetune import FineTune
from autotl.builtin.strategies.tuning.surgical import Surgical
from autotl.errors import ArgumentError, UnknownName
from autotl.pipeline.fixed_settings import fix_settings
from autotl.terminal import Silence
from autotl.testing import tiny_images
from autotl.toolbox import Epochs, InputSize, Int, strategy

STRATEGIES: dict[str, Any] = {"linear_probe": LinearProbe(), "finetune": FineTune()}


class Largest:
    """A space that answers with the largest value, and records the settings that it was asked for."""

    def __init__(self) -> None:
        self.asked: list[str] = []

    def suggest_float(self, name: str, low: float, high: float, *, log: bool = False) -> float:
        self.asked.append(name)
        return high

    def suggest_int(self, name: str, low: int, high: int, *, log: bool = False) -> int:
        self.asked.append(name)
        return high

    def suggest_categorical(self, name: str, choices: Sequence[Any]) -> Any:
        self.asked.append(name)
        return choices[-1]


@strategy(reference="none", depth=Int(1, 0, 2), image_size=InputSize(epochs=8), epochs=Epochs(8))
def declared(bench, *, depth, image_size, epochs):  # type: ignore[no-untyped-def]
    """Do nothing at all."""
    yield bench.beat()


def test_defaults_have_the_fixed_values(fakes: ModuleType) -> None:
    found = fix_settings(STRATEGIES, ["finetune.lr=0.002", "finetune.norm=batch", "finetune.freeze=1"])
    params = found["finetune"].defaults(fakes.TASK, fakes.backbone())
    assert (params["lr"], params["norm"], params["freeze"]) == (0.002, "batch", 1)
    assert params.keys() == STRATEGIES["finetune"].defaults(fakes.TASK, fakes.backbone()).keys()
    assert found["linear_probe"] is STRATEGIES["linear_probe"]


def test_it_is_still_the_strategy_and_crosses_processes() -> None:
    found = pickle.loads(pickle.dumps(fix_settings(STRATEGIES, ["finetune.lr=1"])["finetune"]))
    assert isinstance(found, Strategy)
    assert not isinstance(found, FirstLook)
    assert (found.name, found.baseline) == ("finetune", False)


@pytest.mark.parametrize("each", [FineTune(), FromScratch(), ScratchSmall(), Surgical()])
def test_attributes_are_found_without_getattr(each: Any) -> None:
    """``isinstance`` looks them up like this from Python 3.12 on."""
    fixed = fix_settings({each.name: each}, [f"{each.name}.lr=0.002"])[each.name]
    found = pickle.loads(pickle.dumps(fixed))
    members = [
        *("name", "summary", "reference", "baseline", "api", "cost", "build"),
        *("networks", "look", "on_request", "deterministic", "reads_weights"),
    ]
    for name in members:
        assert (inspect.getattr_static(found, name, None) is not None) == hasattr(each, name), name
    for protocol in (Strategy, OwnNetworks, FirstLook, OnRequest):
        assert isinstance(found, protocol) == isinstance(each, protocol)


def test_default_epochs_fit_with_the_fixed_settings(fakes: ModuleType) -> None:
    strategy, backbone = FineTune(), fakes.backbone()
    for seconds in (0.5, 1.0, 2.0):
        task = replace(fakes.TASK, trial_seconds=seconds)
        own = strategy.defaults(task, backbone)
        found = fix_settings(STRATEGIES, ["finetune.freeze=0"])["finetune"].defaults(task, backbone)
        allowed = max(seconds / task.folds, strategy.cost(own, task, backbone, fakes.MACHINE).seconds)
        if strategy.cost({**own, "freeze": 0}, task, backbone, fakes.MACHINE).seconds > allowed:
            assert found["epochs"] < own["epochs"]
        assert found["epochs"] == 1 or strategy.cost(found, task, backbone, fakes.MACHINE).seconds <= allowed


def test_fixed_epochs_and_rates_leave_the_epochs(fakes: ModuleType) -> None:
    task, backbone = replace(fakes.TASK, trial_seconds=0.5), fakes.backbone()
    own = FineTune().defaults(task, backbone)
    rate = fix_settings(STRATEGIES, ["finetune.lr=0.002"])["finetune"].defaults(task, backbone)
    assert rate["epochs"] == own["epochs"]
    many = fix_settings(STRATEGIES, ["finetune.epochs=50"])["finetune"].defaults(task, backbone)
    assert many["epochs"] == 50


def test_an_unknown_setting_is_named(fakes: ModuleType) -> None:
    found = fix_settings(STRATEGIES, ["finetune.speed=9"])["finetune"]
    with pytest.raises(ArgumentError, match=r"a setting of finetune: augment.* \(got speed\)"):
        found.defaults(fakes.TASK, fakes.backbone())


def test_a_wrong_setting_ends_the_call(tmp_path: Path) -> None:
    with pytest.raises(ArgumentError, match=r"a setting of linear_probe: .* \(got c\)"):
        autotl.fit(
            tiny_images(classes=2, each=12),
            out=tmp_path / "run",
            backbone="tiny",
            fixed=["linear_probe.c=0.1"],
            trials=3,
            experience=False,
            watch=Silence(),
        )


def test_a_first_look_has_the_fixed_values(fakes: ModuleType) -> None:
    strategy = ScratchSmall()
    found = fix_settings({"scratch_small": strategy}, ["scratch_small.lr=0.002"])["scratch_small"]
    assert isinstance(found, FirstLook)
    backbone = fakes.backbone()
    assert found.look(fakes.TASK, backbone) == {**strategy.look(fakes.TASK, backbone), "lr": 0.002}
    short = fix_settings({"scratch_small": strategy}, ["scratch_small.epochs=1"])["scratch_small"]
    assert isinstance(short, FirstLook)
    assert short.look(fakes.TASK, backbone)["epochs"] == 1


@pytest.mark.parametrize("each", [FineTune(), FromScratch(), ScratchSmall(), declared])
def test_epochs_fit_at_a_fixed_image_size(each: Any, fakes: ModuleType) -> None:
    task, backbone = replace(fakes.TASK, trial_seconds=6.0), fakes.backbone()
    large = fix_settings({each.name: each}, [f"{each.name}.image_size=128"])[each.name]
    free = each.defaults(task, backbone)
    for params in (large.defaults(task, backbone), large.suggest(Largest(), task, backbone)):
        assert params["image_size"] == 128
        assert params.keys() == free.keys()
        assert each.cost(params, task, backbone, fakes.MACHINE).seconds <= task.trial_seconds
    slow = each.cost({**free, "image_size": 128}, task, backbone, fakes.MACHINE)
    assert slow.seconds > task.trial_seconds


def test_suggestions_follow_from_fixed_settings_which_are_not_asked_for(fakes: ModuleType) -> None:
    space, task = Largest(), replace(fakes.TASK, trial_seconds=1.0)
    found = fix_settings(STRATEGIES, ["finetune.freeze=0", "finetune.image_size=64"])["finetune"]
    params = found.suggest(space, task, fakes.backbone())
    free = STRATEGIES["finetune"].suggest(Largest(), task, fakes.backbone())
    assert (params["freeze"], params["image_size"]) == (0, 64)
    assert params["epochs"] < free["epochs"]  # its suggestion freezes all stages
    assert not {"freeze", "image_size"} & set(space.asked)
    assert "lr" in space.asked


def test_a_network_is_judged_at_the_fixed_image_size(fakes: ModuleType) -> None:
    task = replace(fakes.TASK, trial_seconds=12.0)
    found = fix_settings({"scratch_small": ScratchSmall()}, ["scratch_small.image_size=256"])
    assert ScratchSmall().applies(task, fakes.backbone())
    assert not found["scratch_small"].applies(task, fakes.backbone())


@pytest.mark.parametrize("value", ["NaN", "-Infinity"])
def test_a_number_that_is_not_finite_is_refused(value: str) -> None:
    with pytest.raises(ArgumentError, match="must be a finite number"):
        fix_settings(STRATEGIES, [f"finetune.lr={value}"])


@pytest.mark.parametrize("text", ["lr=1", "finetune.lr", "=1", ".lr=1", "finetune.=1"])
def test_another_form_is_refused(text: str) -> None:
    with pytest.raises(ArgumentError, match=r"fixed must have the form strategy\.setting=value"):
        fix_settings(STRATEGIES, [text])


def test_an_unknown_strategy_is_refused() -> None:
    with pytest.raises(UnknownName, match="finetune"):
        fix_settings(STRATEGIES, ["finetun.lr=1"])


def test_all_trials_of_a_run_have_the_fixed_setting(tmp_path: Path) -> None:
    result = autotl.fit(
        tiny_images(classes=2, each=12),
        out=tmp_path / "run",
        backbone="tiny",
        image_size=32,
        strategies="linear_probe",
        fixed=["linear_probe.C=0.1"],
        trials=3,
        experience=False,
        watch=Silence(),
    )
    assert {params["C"] for params in result.trials()["params"]} == {0.1}
