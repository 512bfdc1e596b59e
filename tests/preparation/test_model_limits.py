"""What is too slow or too large is not searched, and what is delivered is weighed."""

from __future__ import annotations

import json
import shutil
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest
from torch import nn

import autotl
from autotl.api import Backbone, Record
from autotl.backbone import Workload, describe, latency_of
from autotl.builtin.sources.tiny import FOLDER, Tiny
from autotl.clock import Clock, FakeClock, WallClock
from autotl.config.limits import Limits, limits_of
from autotl.errors import LimitError, RunError
from autotl.finalize.test_phase.limit_check import violated_limits
from autotl.preparation.model_limits import WithinLimits, filter_by_limits, limit_check
from autotl.terminal import Silence
from autotl.testing import tiny_images

TOOK = {32: 0.002, 48: 0.004, 64: 0.006}
"""Seconds that an image of each size takes, where it is not this machine that is asked."""
SMALL = "test_resnet.r160_in1k"
QUICK: dict[str, Any] = {"backbone": "tiny", "strategies": "linear_probe", "watch": Silence()}


class Ticking(FakeClock):
    """A tenth of a second passes between two looks."""

    def now(self) -> float:
        self.advance(0.1)
        return super().now()


class Interrupting(Silence):
    """Presses Ctrl-C after the first trial."""

    def scored(self, record: Record, best: Record | None) -> None:
        raise KeyboardInterrupt


@pytest.fixture(scope="module")
def data() -> tuple[np.ndarray, list[str]]:
    return tiny_images(classes=3, each=12)


@pytest.fixture(scope="module")
def tiny() -> Backbone:
    found = describe(
        Tiny().open("tiny"), typical_size=64, device="cpu", workload=Workload(9, None), clock=WallClock()
    )
    return replace(found, input_sizes=(32, 48, 64), input_size=64)


@pytest.fixture
def paced(monkeypatch: pytest.MonkeyPatch) -> dict[int, float]:
    """Times by image size that the test may change."""
    took = dict(TOOK)

    def answer(model: nn.Module, *, input_size: int, clock: Clock) -> float:
        return took[input_size]

    for name in ("preparation.model_limits", "finalize.test_phase.test_evaluation"):
        monkeypatch.setattr(f"autotl.{name}.latency_of", answer)
    return took


def kept(limits: Limits, backbones: Mapping[str, Backbone]) -> WithinLimits:
    return filter_by_limits(limits, backbones, classes=3, device="cpu", clock=FakeClock())


@pytest.mark.parametrize(
    ("text", "seconds"), [("5ms", 0.005), ("0.2 s", 0.2), ("12.5MS", 0.0125), (None, None)]
)
def test_a_latency_is_read_with_its_unit(text: str | None, seconds: float | None) -> None:
    assert limits_of(text, None).latency == (None if seconds is None else pytest.approx(seconds))


@pytest.mark.parametrize(("text", "size"), [("10MB", 10**7), ("1 KiB", 1024), (2048, 2048), ("7", 7)])
def test_a_size_is_read_as_for_the_cache(text: str | int, size: int) -> None:
    assert limits_of(None, text).size == size


@pytest.mark.parametrize(
    ("latency", "size", "said"),
    [
        ("5", None, r"max_latency must be a time such as '5ms' or '0.2s' \(got '5'\)"),
        (5, None, r"max_latency must be a time .* \(got 5\)"),
        ("soon", None, r"max_latency must be a time .* \(got 'soon'\)"),
        ("0ms", None, "max_latency must be positive"),
        (None, "10 apples", "max_size must be a size such as '10MB'"),
        (None, 0, "max_size must be positive"),
    ],
)
def test_limits_that_make_no_sense_are_refused(latency: Any, size: Any, said: str) -> None:
    with pytest.raises(LimitError, match=said):
        limits_of(latency, size)


def test_the_middle_of_warm_answers_counts(tiny: Backbone) -> None:
    model = nn.Sequential(nn.AdaptiveAvgPool2d(1), nn.Flatten(), nn.Linear(3, 2)).train()
    assert latency_of(model, input_size=8, clock=Ticking()) == pytest.approx(0.1)
    assert not model.training
    assert latency_of(model, input_size=8, clock=WallClock()) > 0


def test_image_sizes_that_are_too_slow_are_taken_out(tiny: Backbone, paced: dict[int, float]) -> None:
    found = kept(Limits(latency=0.005), {"tiny": tiny})
    assert (found.backbones["tiny"].input_sizes, found.backbones["tiny"].input_size) == ((32, 48), 48)
    assert found.notes == ("tiny is not searched at 64 px: one image would take more than the 5 ms allowed.",)
    assert not found.aside


def test_without_limits_nothing_changes(tiny: Backbone) -> None:
    assert kept(Limits(), {"tiny": tiny}) == WithinLimits({"tiny": tiny}, {})


def test_the_size_limit_sets_a_backbone_aside(tiny: Backbone) -> None:
    narrow = replace(tiny, name="narrow", weights=replace(tiny.weights, timm_name=SMALL))
    narrow = replace(narrow, weights=replace(narrow.weights, pretrained=False, folder=None))
    found = kept(Limits(size=3 * 10**6), {"tiny": tiny, "narrow": narrow})
    assert list(found.backbones) == ["narrow"]
    assert found.backbones["narrow"] == narrow
    assert found.aside == {"tiny": "its weights take 3.37 MB, more than the 3 MB allowed"}


def test_a_backbone_that_nobody_named_is_judged_by_its_architecture(paced: dict[int, float]) -> None:
    asked = {"typical_size": 64, "image_size": 48, "classes": 3, "device": "cpu", "clock": FakeClock()}
    assert limit_check(Limits(0.005, 10**7), **asked)(SMALL) is None  # type: ignore[arg-type]
    slow = limit_check(Limits(latency=0.003), **asked)(SMALL)  # type: ignore[arg-type]
    assert slow == "one image takes 4 ms at 48 px, its fastest image size, more than the 3 ms allowed"
    assert "more than the 0.1 MB allowed" in str(limit_check(Limits(size=10**5), **asked)(SMALL))  # type: ignore[arg-type]


def test_where_nothing_is_left_the_error_has_the_numbers(tiny: Backbone, paced: dict[int, float]) -> None:
    with pytest.raises(LimitError, match=r"1 ms for one image \(the fastest, tiny, takes 2 ms at 32 px\)"):
        kept(Limits(latency=0.001), {"tiny": tiny})
    with pytest.raises(LimitError, match=r"1 MB of weights \(the smallest, tiny, takes 3.37 MB\)"):
        kept(Limits(size=10**6), {"tiny": tiny})


def test_a_limit_that_is_missed_in_the_end_is_noted() -> None:
    found: Any = SimpleNamespace(latency=0.0061, size=999)
    (note,) = violated_limits(Limits(0.006, 1000), found)
    assert note.startswith("The exported model takes 6.1 ms for one image, more than the 6 ms allowed")
    assert violated_limits(Limits(0.007, 1000), found) == []
    assert "0.000999 MB" in violated_limits(Limits(None, 998), found)[0]


def test_a_run_keeps_what_was_decided_and_reports_what_the_model_takes(
    data: object, tmp_path: Path, paced: dict[int, float]
) -> None:
    folder = tmp_path / "run"
    asked = {**QUICK, "max_latency": "5ms", "max_size": "5MB"}
    with pytest.raises(KeyboardInterrupt):
        autotl.fit(data, out=folder, trials=3, **{**asked, "watch": Interrupting()})
    assert json.loads((folder / "run.json").read_text())["arguments"]["max_latency"] == "5ms"
    with pytest.raises(RunError, match=r"max_latency must be '5ms', .* \(got '9ms'\)"):
        autotl.fit(data, out=folder, resume=True, max_latency="9ms", watch=Silence())
    paced.update(
        {input_size: 0.05 for input_size in TOOK}
    )  # the machine has become slower: what was decided stays
    result = autotl.fit(data, out=folder, resume=True, watch=Silence())
    report = result.report
    assert len(report["trials"]) == 3
    assert {trial["params"]["image_size"] for trial in report["trials"]} <= {32, 48}
    assert report["cost"]["latency_ms"] == pytest.approx(50)
    assert report["cost"]["size_mb"] == (folder / "model" / "model.safetensors").stat().st_size / 1e6
    assert any("tiny is not searched at 64 px" in note for note in report["notes"])
    assert any("takes 50 ms for one image, more than the 5 ms allowed" in note for note in report["notes"])
    assert "One image takes 50 ms, without image loading" in (folder / "report.md").read_text()
    assert "The weights take 3.37 MB on disk." in (folder / "report.html").read_text()


def test_a_backbone_that_is_too_slow_is_a_skipped_arm(
    data: object, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    other = shutil.copytree(FOLDER, tmp_path / "other")
    answers = iter([0.001, 0.002, 0.003])

    def answer(model: nn.Module, *, input_size: int, clock: Clock) -> float:
        return next(answers, 0.5)  # what comes second is slow

    monkeypatch.setattr("autotl.preparation.model_limits.latency_of", answer)
    told = {**QUICK, "backbone": ["tiny", str(other)]}
    result = autotl.fit(data, out=tmp_path / "run", trials=1, max_latency="100ms", **told)
    skipped = [arm for arm in result.report["arms"] if arm["state"] == "skipped"]
    assert [arm["backbone"] for arm in skipped] == ["other"]
    assert "one image takes 500 ms at 32 px, its fastest image size" in skipped[0]["reason"]
    assert "other" in result.report["when"]["choice"]["aside"]
