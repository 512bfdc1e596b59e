"""What is delivered after a single validation part: a network that has learned from it, or has not."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

import autotl
from autotl import plugins
from autotl.data.splits import splitting
from autotl.results import Predictor
from autotl.terminal import Silence
from autotl.testing import tiny_images
from tests.testing.honest import Honest

QUICK: dict[str, Any] = {"backbone": "tiny", "image_size": 32, "strategies": "linear_probe", "trials": 1}


@pytest.fixture
def tested(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """How many images each pass of a whole network has seen."""
    found: list[int] = []
    outputs_of = Predictor.outputs_of

    def counted(self: Predictor, pixels: Any) -> Any:
        found.append(len(pixels))
        return outputs_of(self, pixels)

    monkeypatch.setattr(Predictor, "outputs_of", counted)
    # else a probe's pass would be shared with others that have the source's layers
    monkeypatch.setattr("autotl.finalize.test_phase.prediction_cache.SourceLayers.are_kept", lambda *_: False)
    return found


def test_a_holdout_is_learned_from_in_the_end(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr(splitting, "_MAX_KFOLD_IMAGES", 10)
    result = autotl.fit(tiny_images(classes=3, each=20), out=tmp_path / "run", watch=Silence(), **QUICK)
    assert result.report["how"]["phases"] == [
        "validated on one held-out part of the training images",
        "then trained again on all training images with the same settings",
    ]


def test_a_part_of_the_users_own_is_not_and_the_network_is_tested_once(
    tested: list[int], tmp_path: Path
) -> None:
    images, labels = tiny_images(classes=3, each=20)
    for number, (image, name) in enumerate(zip(images, labels, strict=True)):
        part = ("train", "train", "val", "test")[number % 4]
        (tmp_path / "photos" / part / name).mkdir(parents=True, exist_ok=True)
        Image.fromarray(image).save(tmp_path / "photos" / part / name / f"{number}.png")
    result = autotl.fit(tmp_path / "photos", out=tmp_path / "run", watch=Silence(), **QUICK)
    assert result.report["how"]["phases"][-1] == "delivered as trained for the first validation"
    assert tested == [15]
    # and what was told of it is what the delivered model says, at its temperature
    again = result.evaluate(tmp_path / "photos" / "test")
    assert again.value == result.report["test"]["value"]
    assert again.calibration_error == pytest.approx(result.report["test"]["calibration_error"], abs=1e-4)
    assert np.isfinite(again.value)


class Diverges(Honest):
    """Scores a network that is not finite if there are no validation rows."""

    def build(self, params: Any, bench: Any) -> Any:
        score = bench.score

        def scored(model: Any, **options: Any) -> Any:
            if not len(bench.targets().val):
                next(model.parameters()).data.mul_(float("nan"))
            return score(model, **options)

        bench.score = scored
        return super().build(params, bench)


def test_a_refit_that_diverges_is_not_delivered_and_the_report_tells_why(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    real = plugins.load

    def load(found: object = None, *, without: Any = ()) -> plugins.Catalog:
        catalog = real(without=without)
        catalog.strategies.add(Diverges(), plugins.Origin("honest", "autotl-honest", "1.0"))
        return catalog

    monkeypatch.setattr(plugins, "load", load)
    images = tiny_images(classes=3, each=20)
    asked = {**QUICK, "strategies": "honest"}
    result = autotl.fit(images, out=tmp_path / "run", experience=False, watch=Silence(), **asked)
    last = result.report["how"]["phases"][-1]
    assert last.startswith("delivered as trained for the first validation, because the training on all")
    assert "weights must be finite" in last
    assert result.report["test"]["value"] > 1 / 3
