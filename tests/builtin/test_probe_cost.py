"""The cost of strategies that start from the linear probe."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from autotl.builtin.strategies.tuning.finetune import FineTune
from autotl.builtin.strategies.tuning.gradual_unfreezing import GradualUnfreezing
from autotl.builtin.strategies.tuning.l2_sp import L2Sp
from autotl.builtin.strategies.tuning.lp_ft import LpFt
from autotl.builtin.strategies.tuning.norm_only import NormOnly
from autotl.builtin.strategies.tuning.ssf import ScaleAndShift
from autotl.builtin.strategies.tuning.surgical import Surgical
from autotl.testing import tiny_run
from autotl.testing.strategies.settings_checks import MACHINE

PROBED = [GradualUnfreezing(), L2Sp(), LpFt(), NormOnly(), ScaleAndShift(), Surgical()]


@pytest.mark.parametrize(
    ("strategy", "passes"),
    [*((each, 1) for each in PROBED), (FineTune(), 0)],
    ids=lambda each: getattr(each, "name", None),
)
def test_the_probes_features_take_a_pass_unless_cached(strategy: Any, passes: int, tmp_path: Path) -> None:
    ready = tiny_run(tmp_path)
    costs, size = [], ready.backbones["tiny"].input_size
    for kept in ((), (1.0,)):
        backbone = replace(ready.backbones["tiny"], kept=kept)
        defaults = strategy.defaults(ready.task, backbone)
        fixed = {"image_size": size, "head": "probe", "freeze": 0}
        params = {name: fixed.get(name, value) for name, value in defaults.items()}
        costs.append(strategy.cost(params, ready.task, backbone, MACHINE).seconds)
    one_pass = backbone.pace.seconds(ready.task.train_rows, input_size=size)
    assert costs[0] - costs[1] == pytest.approx(passes * one_pass / 5, rel=1e-6)
