"""What a search optimises is what the report tells, for metrics with a name and of one's own."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

import autotl
from autotl.errors import MetricError
from autotl.terminal import Silence
from autotl.testing import tiny_images

pytestmark = pytest.mark.usefixtures("few_epochs")


@pytest.fixture(scope="module")
def data() -> tuple[np.ndarray, list[str]]:
    return tiny_images(classes=3, each=30, noise=0.4)


def brier(labels: np.ndarray, chances: np.ndarray) -> float:
    return -float(((chances - np.eye(chances.shape[1])[labels]) ** 2).sum(1).mean())


@pytest.mark.parametrize("measure", ["log_loss", pytest.param("auroc", marks=pytest.mark.slow), brier])
def test_what_is_optimised_is_named_and_told_the_right_way_round(
    measure: Any, data: tuple[np.ndarray, list[str]]
) -> None:
    images, labels = data
    found = autotl.fit(
        (images, labels),
        backbone="tiny",
        strategies=["linear_probe", *(["from_scratch"] if measure == "log_loss" else [])],
        trials=2 if measure == "log_loss" else 3,
        image_size=32,
        metric=measure,
        watch=Silence(),
    )
    test, told = found.report["test"], (found.folder / "report.md").read_text(encoding="utf-8")
    assert test["metric"] == (measure if isinstance(measure, str) else "brier")
    assert test["higher_is_better"] is (measure != "log_loss")
    assert test["metric"].replace("_", " ") in told
    assert ("lower is better" in told) is (measure == "log_loss")
    scores = [trial["score"] for trial in found.report["trials"] if trial["score"] is not None]
    best = found.report["arms"][0]["best_val"]
    if measure == "log_loss":
        assert 0 <= test["ci95"][0] <= test["value"] <= test["ci95"][1]
        assert test["value"] < test["always_majority"]
        assert best <= min(scores) + 0.5
    else:
        assert test["ci95"][0] <= test["value"] <= test["ci95"][1]
        assert test["value"] > test["always_majority"]
    assert found.evaluate((images[::5], labels[::5])).metric == test["metric"]
    if measure is brier:
        with pytest.raises(MetricError, match="Give it again"):
            autotl.load(found.folder).evaluate((images[::5], labels[::5]))


def test_a_metric_that_gives_no_number_ends_the_call_before_anything_is_computed(
    data: tuple[np.ndarray, list[str]],
) -> None:
    with pytest.raises(MetricError, match="must return a finite number"):
        autotl.fit(data, backbone="tiny", metric=lambda labels, chances: float("nan"), watch=Silence())
