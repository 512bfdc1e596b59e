"""Only accuracies of single labels beside a probe teach the forecasts."""

from __future__ import annotations

from dataclasses import replace

import pytest

from autotl.experience import Row
from autotl.forecast import ACCURACY_SCALE, observations

ROW = Row("r", "2026-01-01T00:00:00+00:00", "this machine", "digest", 500, 8, 40, 96, 0.4, 0.8, "finetune",
          "net", True, "accuracy", 0.9, 0.88, 1, 0.0, "{}", 10.0, 60.0)  # fmt: skip


def test_a_row_is_the_score_relative_to_the_probe() -> None:
    (found,) = observations([ROW], baselines=())
    assert (found.data, found.strategy, found.baseline) == ("digest", "finetune", False)
    assert found.case.n_train == 500
    assert found.outcome == pytest.approx(ACCURACY_SCALE.logit(0.9) - ACCURACY_SCALE.logit(0.8))


def test_named_strategies_are_baselines_on_any_weights() -> None:
    rows = [replace(ROW, strategy="mine", pretrained=pretrained) for pretrained in (True, False)]
    assert [each.baseline for each in observations(rows, baselines=("mine",))] == [True, True]


@pytest.mark.parametrize(
    "change",
    [
        {"metric": "log_loss"}, {"kind": "multi_label"}, {"score": None}, {"probe_score": None},
        {"provenance": "shipped: demo"}, {"pretrained": False},
    ],
)  # fmt: skip
def test_other_rows_are_left_out(change: dict[str, object]) -> None:
    assert observations([replace(ROW, **change)], baselines=()) == []  # type: ignore[arg-type]
