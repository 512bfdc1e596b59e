"""Test-time augmentation: kept if validation agrees, and then in all that uses the model."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from PIL import Image

import autotl
from autotl.api import FoldScore
from autotl.backbone import read_config
from autotl.clock import Budget
from autotl.config.limits import Limits
from autotl.data import render, view_of
from autotl.errors import RunError
from autotl.evaluation import Tta
from autotl.finalize.ensembling.tta import LATENCY, TtaStep
from autotl.finalize.export import load_network
from autotl.finalize.final_model import FinalModel
from autotl.finalize.phase import FinalOptions
from autotl.pipeline.prepare import Prepared
from autotl.results import LoadedModel, Predictor, load_model, load_predictor, mirror_images
from autotl.terminal import Silence
from autotl.testing import tiny_images, tiny_run
from autotl.trials.history import TrialHistory
from autotl.trials.runner import TrialRunner
from autotl.trials.trial import Trial
from tests.finalize.test_interpolation import tuned
from tests.support.image_folders import save_folders
from tests.support.phases import phase_of, runner_of

SIDE = 32
OPTIONS = FinalOptions(Budget(trials=3), tta=True)


@pytest.fixture(scope="module")
def ready(tmp_path_factory: pytest.TempPathFactory) -> Prepared:
    found = tiny_run(tmp_path_factory.mktemp("cache"))
    found.run_cache.features("tiny", input_size=SIDE)
    return found


@pytest.fixture
def worker(ready: Prepared, tmp_path: Path) -> TrialRunner:
    return runner_of(ready, tmp_path / "trials")


def model_of(winner: Trial) -> FinalModel:
    return FinalModel(winner, str(winner.model), outputs=winner.folds)


def with_outputs(history: TrialHistory, winner: Trial, outputs: np.ndarray) -> Trial:
    score = history.metric(history.targets[0], outputs)
    winner.folds = {0: FoldScore(0, score, outputs.astype(np.float32), 1.0, 1)}
    return winner


def test_a_mean_that_repairs_errors_is_kept(ready: Prepared, worker: TrialRunner) -> None:
    history, winner = tuned(worker, ready, {})
    labels = history.targets[0]
    wrong = np.eye(3, dtype=np.float32)[(labels + 1) % 3] * 0.01
    winner = with_outputs(history, winner, wrong)
    step = TtaStep(phase_of(ready, worker, history, OPTIONS))
    assert step.expected_seconds(history) > 0
    found = step.run(model_of(winner))
    assert found.tta is not None
    assert found.tta.kept, found.tta
    assert found.tta.gain > found.tta.se  # type: ignore[operator]
    assert found.tta.images == len(labels)
    assert found.mirrors
    assert found.outputs[0].score > winner.folds[0].score
    twice = 2 * found.outputs[0].outputs - wrong  # the outputs for mirror images
    predictor = Predictor(load_of(ready, winner), device="cpu")
    pixels = pixels_of(ready)
    np.testing.assert_allclose(predictor.outputs_of(mirror_images(pixels)), twice, atol=1e-3)


def load_of(ready: Prepared, winner: Trial) -> LoadedModel:
    return load_network(ready.run_cache, "tiny", str(winner.model), input_size=SIDE)


def pixels_of(ready: Prepared) -> np.ndarray:
    view = view_of(ready.backbones["tiny"].config, input_size=SIDE)
    return render(ready.dataset, ready.splits.folds[0].val, view)


def test_without_a_clear_lead_a_single_pass_stays(ready: Prepared, worker: TrialRunner) -> None:
    history, winner = tuned(worker, ready, {})
    perfect = np.eye(3, dtype=np.float32)[history.targets[0]] * 100
    winner = with_outputs(history, winner, perfect)
    found = TtaStep(phase_of(ready, worker, history, OPTIONS)).run(model_of(winner))
    assert found.tta is not None
    assert not found.mirrors
    assert "standard error" in found.tta.why
    assert found.outputs is winner.folds


def test_it_is_tried_only_if_requested_and_within_limits(ready: Prepared, worker: TrialRunner) -> None:
    history, winner = tuned(worker, ready, {})
    quiet = TtaStep(phase_of(ready, worker, history))
    assert quiet.run(model_of(winner)).tta is None
    assert quiet.expected_seconds(history) == 0
    limited = replace(OPTIONS, limits=Limits(latency=1.0))
    step = TtaStep(phase_of(ready, worker, history, limited))
    assert step.expected_seconds(history) == 0
    assert step.run(model_of(winner)).tta == Tta(why=LATENCY)


def test_a_kept_mean_is_in_predictions_the_report_and_the_folder(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(TtaStep, "_compare", lambda self, model, averaged: Tta(True, 0.1, 0.05, 40))
    images, names = tiny_images(each=20, noise=0.5)
    photos = save_folders(tmp_path / "photos", images, [str(name) for name in names])
    result = autotl.fit(
        photos,
        out=tmp_path / "run",
        backbone="tiny",
        trials=1,
        image_size=SIDE,
        strategies="linear_probe",
        tta=True,
        watch=Silence(),
    )
    assert result.report["how"]["tta"]["kept"] is True
    text = (result.folder / "report.md").read_text(encoding="utf-8")
    assert "averages its outputs over an image and its mirror image" in text
    assert read_config(result.folder / "model")["test_time_augmentation"] == "horizontal_flip"
    table = pd.read_csv(result.folder / "test.csv")
    found = result.predict([photos / item for item in table["item"]], probabilities=True)
    for name in result.predictor.classes:
        assert np.allclose(found[f"p:{name}"], table[f"p:{name}"], atol=1e-4)
    assert found["label"].tolist() == table["answer"].tolist()
    pixels = np.stack([np.asarray(result.predictor.view.transform()(_picture(photos, table)))])
    both = result.predictor.outputs_of(pixels)
    np.testing.assert_allclose(both, result.predictor.outputs_of(mirror_images(pixels)), atol=1e-5)
    single = load_predictor(result.folder / "model", device="cpu", single_pass=True)
    assert isinstance(single, Predictor)
    assert not np.allclose(single.outputs_of(pixels), both, atol=1e-4)
    exported = result.export("timm")
    facts = json.loads((exported / "export.json").read_text())["facts"]
    assert (facts["tta"], facts["test_score"]) == (True, None)
    assert "averages over mirror images" in (exported / "MODEL_CARD.md").read_text()
    config = result.folder / "model" / "config.json"
    config.write_text(config.read_text().replace("horizontal_flip", "rotation"))
    with pytest.raises(RunError, match="test_time_augmentation must be"):
        load_model(result.folder / "model")


def _picture(photos: Path, table: pd.DataFrame) -> Image.Image:
    return Image.open(photos / table["item"].iloc[0]).convert("RGB")
