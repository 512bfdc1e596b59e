"""Each backbone has its own probe in forecasts and in the table of past runs."""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from safetensors.numpy import load_file, save_file

import autotl
from autotl.builtin.sources.tiny import FOLDER
from autotl.experience import Experience
from autotl.terminal import Silence
from autotl.testing import tiny_images


@pytest.fixture(scope="module")
def shuffled(tmp_path_factory: pytest.TempPathFactory) -> str:
    """The folder of a network with permuted weights, which is clearly worse."""
    broken = tmp_path_factory.mktemp("networks") / "shuffled"
    shutil.copytree(FOLDER, broken)
    rng = np.random.default_rng(0)
    weights = load_file(broken / "model.safetensors")
    state = {name: rng.permutation(value.ravel()).reshape(value.shape) for name, value in weights.items()}
    save_file(state, broken / "model.safetensors", {"format": "pt"})
    return str(broken)


def fit(worse: str, **options: Any) -> autotl.results.Result:
    usual = {"backbone": ["tiny", worse], "image_size": 32, "strategies": "linear_probe", "watch": Silence()}
    return autotl.fit(tiny_images(classes=4, each=40, noise=0.6), **{**usual, **options})


def test_a_backbone_that_was_left_out_has_no_forecast_with_any_metric(shuffled: str) -> None:
    found = fit(shuffled, metric="log_loss", trials=1).report
    assert "shuffled" in found["when"]["choice"]["aside"]
    assert [each["backbone"] for each in found["search"]["forecasts"]] == ["tiny"]


def test_a_row_has_the_probe_of_its_own_backbone(
    shuffled: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    table = tmp_path / "past.sqlite3"
    monkeypatch.setenv("AUTOTL_EXPERIENCE", str(table))
    fit(shuffled, all_backbones=True, trials=2)
    rows = Experience(table).rows()
    assert len({row.probe_score for row in rows}) == len(rows) == 2
    for row in rows:
        assert row.score == pytest.approx(row.probe_score, abs=0.1)
