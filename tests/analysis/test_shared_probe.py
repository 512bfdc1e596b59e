"""The look before the search, the probe's default and fine-tuning's first head come from one fit."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from autotl.analysis.frozen_features import frozen_features
from autotl.api import HeadSetting
from autotl.builtin.strategies.probes.linear_probe import LinearProbe
from autotl.builtin.strategies.tuning.finetune import FineTune
from autotl.clock import Deadline, FakeClock
from autotl.targets import SingleLabel
from autotl.testing import tiny_bench, tiny_run

FITTED_TOGETHER = 6
"""Five folds, and all training rows."""


@pytest.fixture
def fits(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """The settings of each fit on the folds; the learning curve fits other subsets."""
    found: list[int] = []
    fit_linear = SingleLabel.fit_linear

    def counted(target: SingleLabel, problem: Any, settings: Any, **named: Any) -> Any:
        if len(problem.folds) == FITTED_TOGETHER:
            found.append(len(settings))
        return fit_linear(target, problem, settings, **named)

    monkeypatch.setattr(SingleLabel, "fit_linear", counted)
    return found


def test_heads_are_fitted_once_for_the_look_and_for_both_defaults(tmp_path: Path, fits: list[int]) -> None:
    ready = tiny_run(tmp_path)
    near = replace(ready, task=replace(ready.task, likeness={"tiny": {"frechet": 0.9}}))
    backbone = near.backbones["tiny"]
    frozen_features(near.run_cache, "tiny", seed=0)
    for strategy in (LinearProbe(), FineTune()):
        params = dict(strategy.defaults(near.task, backbone), image_size=backbone.input_size)
        next(iter(strategy.build(params, tiny_bench(near)).fit()))
    assert params["head"] == "probe"
    assert fits == [2]


def test_heads_that_the_deadline_cut_short_are_fitted_again_for_a_trial(
    tmp_path: Path, fits: list[int]
) -> None:
    ready, clock = tiny_run(tmp_path), FakeClock()
    input_size = ready.backbones["tiny"].input_size
    setting = [HeadSetting(10.0)]
    cut = ready.run_cache.linear_heads(
        "tiny",
        setting,
        input_size=input_size,
        check_cancelled=lambda: clock.advance(1.0),
        end=Deadline(clock, at=1.0),
    )
    whole = ready.run_cache.linear_heads("tiny", setting, input_size=input_size)
    assert not cut.equal(whole)
    again = ready.run_cache.linear_heads("tiny", setting, input_size=input_size, end=Deadline(clock, at=0.0))
    assert again.equal(whole)
    assert fits[1:] == [1, 1]  # the first is of the preparation
