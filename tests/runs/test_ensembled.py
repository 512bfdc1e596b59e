"""A run with ``ensemble=True`` from beginning to end: what is reported is what is delivered."""

from __future__ import annotations

import json
from dataclasses import replace
from importlib import import_module
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from PIL import Image

import autotl
from autotl import cli
from autotl.api import Record
from autotl.errors import RunError
from autotl.evaluation import Soup
from autotl.finalize.ensembling.ensemble import EnsembleResult, find_ensemble
from autotl.finalize.final_model import FinalModel
from autotl.finalize.phase import FinalPhase
from autotl.report import parse
from autotl.report.sentences.final_model import ensemble
from autotl.results import EnsemblePredictor, Result
from autotl.terminal import Silence
from autotl.testing import tiny_images

QUICK: dict[str, Any] = {"backbone": "tiny", "strategies": "linear_probe", "metric": "log_loss"}


class Interrupting(Silence):
    """Presses Ctrl-C after the first trial."""

    def scored(self, record: Record, best: Record | None) -> None:
        raise KeyboardInterrupt


@pytest.fixture(scope="module")
def photos(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("photos")
    for number, (image, name) in enumerate(zip(*tiny_images(classes=3, each=20, noise=0.5), strict=True)):
        (folder / name).mkdir(exist_ok=True)
        Image.fromarray(image).save(folder / name / f"{number}.png")
    return folder


def lenient(phase: FinalPhase, model: FinalModel, *, required: float) -> EnsembleResult:
    """As :func:`find_ensemble`, but every ensemble is kept: less than nothing is required."""
    return find_ensemble(phase, replace(model, soup=Soup()), required=-100.0)


@pytest.fixture(scope="module")
def result(photos: Path, tmp_path_factory: pytest.TempPathFactory) -> Result:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(import_module("autotl.finalize.ensembling.ensemble"), "find_ensemble", lenient)
        folder = tmp_path_factory.mktemp("run") / "RUN"
        return autotl.fit(photos, out=folder, trials=4, ensemble=True, watch=Silence(), **QUICK)


def test_the_folder_says_of_the_test_images_what_the_run_wrote_down(photos: Path, result: Result) -> None:
    assert isinstance(result.predictor, EnsemblePredictor)
    table = pd.read_csv(result.folder / "test.csv")
    said = autotl.load(result.folder).predict([photos / item for item in table["item"]])
    assert said["label"].tolist() == table["answer"].tolist()
    written = table[[f"p:{name}" for name in result.predictor.classes]].max(axis=1)
    assert np.allclose(said["probability"], written, atol=1e-4)


def test_the_report_says_who_answers(result: Result) -> None:
    report = result.report
    facts = report["how"]["ensemble"]
    assert facts["kept"]
    assert len(facts["trials"]) == len(facts["shares"]) >= 2
    assert sum(facts["shares"]) == pytest.approx(1)
    said = ensemble(parse(report))
    assert said.startswith("The final model is an ensemble")
    assert all(f"trial {number} (`linear_probe` on `tiny`, " in said for number in facts["trials"])
    assert said in (result.folder / "report.md").read_text()
    assert "The final model is an ensemble" in (result.folder / "report.html").read_text()
    assert any("in an ensemble" in phase for phase in report["how"]["phases"])
    weights = list((result.folder / "model" / "members").glob("*/model.safetensors"))
    assert len(weights) == len(facts["trials"])
    assert report["cost"]["size_mb"] == pytest.approx(sum(each.stat().st_size for each in weights) / 1e6)


def test_the_command_line_uses_it_and_says_so(
    photos: Path, result: Result, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    def call(*words: object) -> tuple[int, str, str]:
        code = cli.guarded(lambda: cli.app([str(word) for word in words], standalone_mode=False))
        return code, *capsys.readouterr()

    image = next(photos.rglob("*.png"))
    assert call("predict", result.folder, image, "--out", tmp_path / "said.csv")[0] == 0
    assert len(pd.read_csv(tmp_path / "said.csv")) == 1
    code, out, _ = call("evaluate", result.folder, photos, "--json")
    assert (code, json.loads(out)["n"]) == (0, 60)
    code, _, err = call("fit", photos, "--out", tmp_path / "r", "--backbone", result.folder / "model")
    assert code == 2
    assert "members" in err


def test_the_option_is_kept_with_the_run(photos: Path, tmp_path: Path) -> None:
    folder = tmp_path / "run"
    asked = {**QUICK, "trials": 2, "image_size": 32}
    with pytest.raises(KeyboardInterrupt):
        autotl.fit(photos, out=folder, ensemble=True, watch=Interrupting(), **asked)
    assert "interrupted" in json.loads((folder / "report.json").read_text())["how"]["ensemble"]["why"]
    assert json.loads((folder / "run.json").read_text())["arguments"]["ensemble"] is True
    report = autotl.fit(None, out=folder, resume=True, watch=Silence()).report
    assert report["how"]["ensemble"]["tried"] == 2
    assert bool(report["how"]["ensemble"]["why"]) != report["how"]["ensemble"]["kept"]


def test_a_run_begun_without_it_may_go_on_with_it(photos: Path, tmp_path: Path) -> None:
    folder = tmp_path / "run"
    asked = {**QUICK, "trials": 1, "image_size": 32}
    plain = autotl.fit(photos, out=folder, watch=Silence(), **asked)
    assert plain.report["how"]["ensemble"] is None
    assert ensemble(parse(plain.report)) == ""
    with pytest.raises(RunError, match="nothing is left to do"):
        autotl.fit(None, out=folder, resume=True, ensemble=True, watch=Silence())
    more = autotl.fit(None, out=folder, resume=True, ensemble=True, trials=2, watch=Silence())
    assert more.report["how"]["ensemble"] is not None
