"""Settings that a user fixes for a run."""

from __future__ import annotations

import pickle
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest

import autotl
from autotl.api import FirstLook, Strategy
from autotl.builtin.strategies.baselines.scratch_small import ScratchSmall
from autotl.builtin.strategies.probes.linear_probe import LinearProbe
from autotl.builtin.strategies.tuning.finetune import FineTune
from autotl.errors import ArgumentError, UnknownName
from autotl.pipeline.fixed_settings import fix_settings
from autotl.terminal import Silence
from autotl.testing import tiny_images

STRATEGIES: dict[str, Any] = {"linear_probe": LinearProbe(), "finetune": FineTune()}


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
