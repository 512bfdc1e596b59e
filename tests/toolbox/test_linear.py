"""A linear head on given features is that of the workbench."""

from __future__ import annotations

from pathlib import Path

import pytest
import torch

from autotl.api import HeadSetting, TargetKind
from autotl.testing import tiny_bench, tiny_run
from autotl.toolbox import PROBE, fit_linear_head


@pytest.mark.parametrize("kind", ["single_label", "multi_label", "regression"])
def test_on_frozen_features_it_is_the_head_of_the_workbench(kind: TargetKind, tmp_path: Path) -> None:
    bench = tiny_bench(tiny_run(tmp_path, kind=kind))
    features = bench.features(input_size=32)
    weight, bias = fit_linear_head(bench, features.train, PROBE)
    ((expected, shift),) = bench.linear_heads([PROBE], input_size=32)
    found = features.val @ weight.T + bias
    torch.testing.assert_close(found, features.val @ expected.T + shift, atol=0.05, rtol=0.05)


def test_other_features_and_settings_give_another_head(tmp_path: Path) -> None:
    bench = tiny_bench(tiny_run(tmp_path))
    features = bench.features(input_size=32).train
    strong, weak = (fit_linear_head(bench, features[:, :8], HeadSetting(c))[0] for c in (1e-3, 1.0))
    assert strong.shape == (3, 8)
    assert strong.norm() < weak.norm()


def test_the_fit_can_be_cancelled(tmp_path: Path) -> None:
    bench = tiny_bench(tiny_run(tmp_path))

    def cancel() -> None:
        raise TimeoutError

    with pytest.raises(TimeoutError):
        fit_linear_head(bench, bench.features(input_size=32).train, PROBE, check_cancelled=cancel)
