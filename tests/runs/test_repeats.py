"""Repeated cross-validation end to end: small data, the embedded backbone, and going on with a run."""

from __future__ import annotations

import json
from pathlib import Path

import pandas as pd
import pytest

import autotl
from autotl.api import HeadSetting, Record
from autotl.results import read_run_file
from autotl.terminal import Silence
from autotl.testing import tiny_bench, tiny_images, tiny_run

QUICK = {"backbone": "tiny", "image_size": 32, "strategies": "linear_probe", "trials": 4}


class Interrupting(Silence):
    """Presses Ctrl-C when a trial has been run on a fold of a later repeat."""

    def scored(self, record: Record, best: Record | None) -> None:
        if record.folds > 5:
            raise KeyboardInterrupt


def told(folder: Path) -> pd.DataFrame:
    return pd.read_csv(folder / "trials.csv")[["number", "params", "score", "folds"]]


def test_small_data_is_validated_on_later_repeats_and_a_resumed_run_keeps_the_split(tmp_path: Path) -> None:
    data = tiny_images(classes=3, each=12, noise=1.0)
    whole = autotl.fit(data, out=tmp_path / "whole", watch=Silence(), **QUICK)  # type: ignore[arg-type]
    facts = whole.report["split"]
    assert (facts["kind"], facts["folds"], facts["repeats"]) == ("kfold", 5, 3)
    folds = told(whole.folder)["folds"]
    assert 5 <= folds.min() < folds.max() <= 15
    assert whole.report["how"]["phases"][0].endswith("of 15 folds (3 × 5-fold)")
    report = (whole.folder / "report.md").read_text()
    assert "3 × 5-fold cross-validation, with other folds in each repeat" in report
    table = pd.read_csv(whole.folder / "split.csv")
    for repeat, name in enumerate(("fold", "fold_2", "fold_3")):
        assert set(table[name][table["part"] == "train"]) == set(range(5 * repeat, 5 * repeat + 5))
        assert table[name][table["part"] == "test"].isna().all()

    with pytest.raises(KeyboardInterrupt):
        autotl.fit(data, out=tmp_path / "run", watch=Interrupting(), **QUICK)  # type: ignore[arg-type]
    decided = read_run_file(tmp_path / "run").decided
    assert decided is not None
    assert decided["plan"]["split"] == facts["hash"]
    again = autotl.fit(data, out=tmp_path / "run", resume=True, watch=Silence())
    assert again.report["split"] == facts
    pd.testing.assert_frame_equal(told(again.folder), told(whole.folder))
    assert json.loads((again.folder / "report.json").read_text())["search"]["optimism_se"] > 0


def test_a_later_fold_is_fitted_alone_and_as_the_first_ones_are(tmp_path: Path) -> None:
    ready = tiny_run(tmp_path, each=12)
    shared = ready.run_cache.linear_heads("tiny", [HeadSetting(0.01)], input_size=32)
    assert len(shared) == len(ready.splits.first) + 1  # and none of the ten others
    own = ready.run_cache.linear_heads("tiny", [HeadSetting(0.01)], input_size=32, fold=2)
    assert own.shape[0] == 1
    assert (own[0] - shared[2]).abs().max() < 0.05 * shared[2].abs().max()
    ((weight, bias),) = tiny_bench(ready, fold=7).linear_heads([HeadSetting(0.01)], input_size=32)
    later = ready.run_cache.linear_heads("tiny", [HeadSetting(0.01)], input_size=32, fold=7)[0, 0]
    assert (weight == later[:, :-1]).all()
    assert (bias == later[:, -1]).all()
