"""What a preset sets, and what wins over it."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any, get_args

import numpy as np
import pytest

import autotl
from autotl.clock import parse_duration
from autotl.config import choices
from autotl.config.options import CLEANING
from autotl.config.presets import PRESETS, with_preset
from autotl.config.run_config import RunConfig
from autotl.errors import RunError, UnknownName
from autotl.metrics import METRIC_NAMES
from autotl.targets import TARGET_NAMES
from autotl.terminal import Silence
from autotl.testing import tiny_images

QUICK: dict[str, Any] = {"backbone": "tiny", "image_size": 32, "strategies": "linear_probe"}


@pytest.fixture(scope="module")
def data() -> tuple[np.ndarray, list[str]]:
    return tiny_images(classes=3, each=12)


@pytest.mark.parametrize(
    ("name", "due"),
    [("quick", ("1m", False, False)), ("balanced", ("5m", False, False)), ("best", ("30m", True, True))],
)
def test_a_preset_sets_what_is_left_open(name: str, due: tuple[str, bool, bool]) -> None:
    found = with_preset(RunConfig.of(preset=name, seed=3)).search
    assert (found.budget, found.all_backbones, found.curves) == due
    assert found.seed == 3


def test_what_is_given_wins_over_the_preset() -> None:
    given = RunConfig.of(preset="best", budget="10s", all_backbones=False, curves=False)
    assert with_preset(given) == given


def test_a_number_of_trials_is_not_cut_short_by_the_preset() -> None:
    found = with_preset(RunConfig.of(preset="best", trials=4)).search
    assert found.budget is None
    assert found.curves is True


def test_an_unknown_preset_is_named_with_the_nearest(data: object, tmp_path: Path) -> None:
    with pytest.raises(UnknownName, match=r"No preset called 'bst'\. Did you mean 'best'\?"):
        autotl.fit(data, preset="bst", out=tmp_path / "run", watch=Silence())
    assert not (tmp_path / "run" / "run.json").exists()


def test_the_preset_is_kept_on_resume(data: object, tmp_path: Path) -> None:
    folder = tmp_path / "run"
    autotl.fit(data, preset="best", curves=False, out=folder, trials=1, watch=Silence(), **QUICK)
    autotl.fit(data, out=folder, resume=True, trials=2, watch=Silence())
    kept = json.loads((folder / "run.json").read_text())["arguments"]
    assert (kept["preset"], kept["all_backbones"], kept["curves"]) == ("best", True, False)
    assert (kept["budget"], kept["trials"]) == (None, 2)
    with pytest.raises(RunError, match=r"preset must be 'best', .* \(got 'quick'\)"):
        autotl.fit(data, preset="quick", out=folder, resume=True, trials=3, watch=Silence())


def test_presets_differ_in_time() -> None:
    times = [parse_duration(PRESETS[name].budget) for name in ("quick", "balanced", "best")]
    assert times == sorted(set(times))


def test_editors_complete_what_there_is() -> None:
    assert set(get_args(choices.PresetName)) == set(PRESETS)
    assert set(get_args(choices.MetricName)) == set(METRIC_NAMES)
    assert set(get_args(choices.TargetName)) == set(TARGET_NAMES)
    assert get_args(choices.CleanName) == tuple(CLEANING)
