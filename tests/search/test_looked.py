"""The look before the search, the probe's default and fine-tuning's first head come from one fit."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from autotl.builtin.finetune import FineTune
from autotl.builtin.linear_probe import LinearProbe
from autotl.search import materials
from autotl.search.looking import look
from autotl.testing import tiny_bench, tiny_run


@pytest.fixture
def fits(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    found: list[int] = []
    fit_heads = materials.fit_heads

    def counted(*given: Any, **named: Any) -> Any:
        found.append(len(named["settings"]))
        return fit_heads(*given, **named)

    monkeypatch.setattr(materials, "fit_heads", counted)
    return found


def test_heads_are_fitted_once_for_the_look_and_for_both_defaults(tmp_path: Path, fits: list[int]) -> None:
    ready = tiny_run(tmp_path)
    near = replace(ready, task=replace(ready.task, likeness={"tiny": {"frechet": 0.9}}))
    backbone = near.backbones["tiny"]
    look(near.materials, "tiny", seed=0)
    for strategy in (LinearProbe(), FineTune()):
        params = dict(strategy.defaults(near.task, backbone), image_size=backbone.side)
        next(iter(strategy.build(params, tiny_bench(near)).fit()))
    assert params["head"] == "probe"
    assert fits == [2]
