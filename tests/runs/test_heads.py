"""A run whose network has a head that is not linear, from beginning to end."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from PIL import Image

import autotl
from autotl.report import parse
from autotl.report.sections.use import section
from autotl.results import Result
from autotl.terminal import Silence
from autotl.testing import tiny_images

STRATEGIES = ("knn", "mlp_probe", "multi_layer_probe")


@pytest.fixture(scope="module")
def photos(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("photos")
    for number, (image, name) in enumerate(zip(*tiny_images(classes=3, each=20, noise=0.5), strict=True)):
        (folder / name).mkdir(exist_ok=True)
        Image.fromarray(image).save(folder / name / f"{number}.png")
    return folder


@pytest.fixture(scope="module")
def fitted(photos: Path, tmp_path_factory: pytest.TempPathFactory) -> dict[str, Result]:
    options: dict[str, Any] = {"backbone": "tiny", "image_size": 32, "trials": 2, "watch": Silence()}
    folder = tmp_path_factory.mktemp("run")
    return {name: autotl.fit(photos, out=folder / name, strategies=name, **options) for name in STRATEGIES}


@pytest.mark.parametrize("name", STRATEGIES)
def test_the_model_says_of_the_test_images_what_the_run_wrote_down(
    photos: Path, fitted: dict[str, Result], name: str
) -> None:
    result = autotl.load(fitted[name].folder)
    table = pd.read_csv(result.folder / "test.csv")
    said = result.predict([photos / item for item in table["item"]])
    assert said["label"].tolist() == table["answer"].tolist()
    written = table[[f"p:{each}" for each in result.predictor.classes]].max(axis=1)
    assert np.allclose(said["probability"], written, atol=1e-4)
    assert result.evaluate(photos).value > 0.6


@pytest.mark.parametrize("name", STRATEGIES)
def test_the_report_says_that_the_head_is_not_linear(fitted: dict[str, Result], name: str) -> None:
    report = fitted[name].report
    kind = {"knn": "neighbours", "mlp_probe": "mlp", "multi_layer_probe": "multi_layer"}[name]
    assert report["what"]["heads"] == [kind]
    assert report["what"]["kept_weights"] > 0.95  # all but the source's classifier
    use = section(parse(report))
    assert any("The head is not linear" in sentence for sentence in use.sentences)
    assert any("load_model.py" in snippet.code for snippet in use.snippets)
    assert "not averaged" in report["how"]["soup"]["why"]
    assert "The head is not linear" in (fitted[name].folder / "report.html").read_text()


def test_the_report_offers_no_loader_for_a_head_that_needs_its_plugin(fitted: dict[str, Result]) -> None:
    report = parse(fitted["knn"].report)
    assert report.what.plugin_heads == ()
    needed = replace(report, what=replace(report.what, plugin_heads=("neighbours",)))
    use = section(needed)
    assert not any("Without autotl" in snippet.comment for snippet in use.snippets)
    assert any("autotl with the plugin of `neighbours` loads it" in each for each in use.sentences)
    assert not any("load_model.py" in each for each in use.sentences)


def test_such_a_run_is_resumed(fitted: dict[str, Result], photos: Path) -> None:
    folder = fitted["mlp_probe"].folder
    again = autotl.resume(folder, trials=3, watch=Silence())
    assert len(again.trials()) == 3
    assert again.report["what"]["heads"] == ["mlp"]
    assert len(again.predict(photos)) == 60
