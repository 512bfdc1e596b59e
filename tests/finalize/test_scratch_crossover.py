"""The dataset size at which from-scratch training matches transfer."""

from __future__ import annotations

from pathlib import Path

import pytest

import autotl
from autotl.terminal import Silence
from autotl.testing import tiny_images


@pytest.fixture(scope="module")
def report(tmp_path_factory: pytest.TempPathFactory, few_epochs: None) -> dict:
    result = autotl.fit(
        tiny_images(classes=3, each=24, noise=0.6),
        out=tmp_path_factory.mktemp("run") / "RUN",
        backbone="tiny",
        trials=2,
        image_size=32,
        strategies=("linear_probe", "from_scratch"),
        curves=True,
        experience=False,
        watch=Silence(),
    )
    return result.report


def test_both_sides_are_trained_on_a_quarter_and_a_half_as_well(report: dict) -> None:
    found = report["when"]["catch_up"]
    ours, theirs = found["curves"]
    assert (ours["strategy"], theirs["strategy"]) == ("linear_probe", "from_scratch")
    assert ours["sizes"] == theirs["sizes"]
    small, half, whole = ours["sizes"]
    assert small < half < whole
    assert half == pytest.approx(whole / 2, abs=1)
    best = {arm["strategy"]: arm["best_val"] for arm in report["arms"]}
    assert all(0 <= score <= 1 for curve in (ours, theirs) for score in curve["scores"])
    assert best.keys() == {"linear_probe", "from_scratch"}


def test_the_report_says_where_they_meet(report: dict) -> None:
    found = report["when"]["catch_up"]
    assert found["sentence"].startswith("Training from scratch")
    if found["n"] is not None:
        low, high = found["ci95"]
        assert low <= found["n"]
        assert high is None or found["n"] <= high


def test_it_is_not_measured_unless_requested(tmp_path: Path) -> None:
    result = autotl.fit(
        tiny_images(classes=2, each=20),
        out=tmp_path / "RUN",
        backbone="tiny",
        trials=1,
        image_size=32,
        strategies="linear_probe",
        experience=False,
        watch=Silence(),
    )
    assert result.report["when"]["catch_up"] is None
