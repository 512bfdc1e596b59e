"""Tables, figures and profiles, as a notebook shows them."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

import pytest

from autotl.api import Columns, Dataset
from autotl.errors import UnknownName
from autotl.results import Result
from autotl.results.notebook.profile import Profile

SAMPLE = Path(__file__).parents[2] / "report" / "sample.json"


def unread(data: Any, columns: Columns) -> Dataset:
    raise AssertionError("a table reads no images")


def result(folder: Path, **changed: Any) -> Result:
    report = json.loads(SAMPLE.read_text(encoding="utf-8")) | changed
    return Result(folder, report, device="cpu", read=unread)


def test_each_setting_of_a_trial_has_a_column(tmp_path: Path) -> None:
    trials = [
        {"number": 0, "strategy": "finetune", "params": {"lr": 0.1, "mixup": True}},
        {"number": 1, "strategy": "linear_probe", "params": {"C": 3, "lr": None}},
        {"number": 2, "strategy": "odd", "params": None},
    ]
    found = result(tmp_path, trials=trials).trials()
    assert found.columns.tolist() == [
        "number", "strategy", "params", "params.lr", "params.mixup", "params.C",
    ]  # fmt: skip
    assert found["params.lr"].isna().tolist() == [False, True, True]
    assert found["params.lr"][0] == 0.1
    assert found["params.lr"].dtype == float
    assert found["params.C"].max() == 3
    assert result(tmp_path, trials=[]).trials().empty


def test_a_leaderboard_has_the_ends_of_its_intervals(tmp_path: Path) -> None:
    arms = [
        {"strategy": "a", "test": 0.5, "ci95": [0.4, 0.6]},
        {"strategy": "b", "test": None, "ci95": None},
    ]
    found = result(tmp_path, arms=arms).leaderboard()
    assert found.columns.tolist() == ["strategy", "test", "low", "high", "ci95"]
    assert found.loc[0, ["low", "high"]].tolist() == [0.4, 0.6]
    assert found.loc[1, ["low", "high"]].isna().all()


def test_figures_are_svg_by_name_and_can_be_saved(tmp_path: Path) -> None:
    figures = result(tmp_path).figures
    assert {"arms", "gain"} <= set(figures)
    arms = figures["arms"]
    assert ElementTree.fromstring(arms._repr_svg_()).tag.endswith("svg")
    assert arms._repr_svg_() in arms._repr_html_()
    assert arms.save(tmp_path / "arms.svg").read_text(encoding="utf-8") == arms.svg
    assert repr(arms) == "<SvgFigure arms>"
    assert "gain" in repr(figures)
    assert figures._repr_html_().count("<svg") == len(figures)


def test_an_unknown_figure_names_the_known(tmp_path: Path) -> None:
    figures = result(tmp_path).figures
    assert "arm" not in figures
    with pytest.raises(UnknownName, match="Did you mean 'arms'"):
        figures["arm"]


def test_a_profile_is_a_dictionary_that_a_notebook_shows_as_sentences() -> None:
    report = json.loads(SAMPLE.read_text(encoding="utf-8"))
    report["when"]["rule_of_thumb"]["sentence"] = "Use <b>`frozen`</b> features."
    profile = Profile(when=report["when"], quality=report.get("quality", {}))
    assert json.loads(json.dumps(profile)) == dict(profile)
    html = profile._repr_html_()
    assert "480 training images and 120 test images" in html
    assert "Use &lt;b&gt;<code>frozen</code>&lt;/b&gt; features." in html
