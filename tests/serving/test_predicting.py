"""A service answers as ``autotl predict`` does on the same file."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from fastapi.testclient import TestClient

import autotl
from autotl.api import PredictionIntervals, TargetSpec
from autotl.pipeline.prepare import Prepared
from autotl.results import EnsembleMember, load_predictor, write_ensemble, write_model
from autotl.serving import ServedModel, ServingLimits, create_app, served_model
from autotl.testing import tiny_run
from tests.results.test_targets_in_folders import network

LABELS = TargetSpec("multi_label", ("cat", "caf\udce9"))
NUMBERS = TargetSpec("regression", ("age", "height"), (40.0, 170.0), (10.0, 5.0))


@pytest.fixture(scope="module")
def ready(tmp_path_factory: pytest.TempPathFactory) -> Prepared:
    return tiny_run(tmp_path_factory.mktemp("cache"))


@pytest.fixture(scope="module")
def client(served: ServedModel) -> TestClient:
    return TestClient(create_app(served))


def answers(client: TestClient, paths: list[Path], query: str = "") -> list[dict[str, Any]]:
    sent = [("files", (path.name, path.read_bytes())) for path in paths]
    reply = client.post(f"/predict{query}", files=sent)
    assert reply.status_code == 200, reply.text
    found: list[dict[str, Any]] = reply.json()["predictions"]
    return found


@pytest.mark.filterwarnings("ignore::autotl.errors.PixelScaleWarning")
def test_an_answer_is_that_of_predict_whatever_the_form_of_the_file(
    client: TestClient, trained: Path, files: list[Path]
) -> None:
    result = autotl.load(trained, device="cpu")
    together = answers(client, files, "?top=2")
    assert [each["file"] for each in together] == [path.name for path in files]
    for path, answer in zip(files, together, strict=True):
        expected = result.predict([path], top=2)
        raw = client.post("/predict?top=2", content=path.read_bytes()).json()["predictions"][0]
        for found in (answer, raw):
            assert [each["label"] for each in found["top"]] == expected["label"].tolist(), path
            shares = [each["probability"] for each in found["top"]]
            assert shares == pytest.approx(expected["probability"].tolist(), abs=1e-5), path
            assert (found["label"], found["probability"]) == (
                found["top"][0]["label"],
                found["top"][0]["probability"],
            )
    noted = {each["file"] for each in together if each["notes"]}
    assert noted == {"deep.png"}


def test_a_broken_file_among_several_costs_its_own_answer(client: TestClient, files: list[Path]) -> None:
    sent = [("files", (files[0].name, files[0].read_bytes())), ("files", ("a/../notes.txt", b"no image"))]
    reply = client.post("/predict", files=sent)
    assert reply.status_code == 200
    sound, broken = reply.json()["predictions"]
    assert sound["label"]
    assert sound["error"] is None
    assert broken["file"] == "notes.txt"
    assert broken["label"] is None
    assert broken["error"]["error"] == "unsupported_format"


def test_labels_have_names_that_json_can_hold(ready: Prepared, tmp_path: Path, files: list[Path]) -> None:
    write_model(tmp_path / "model", network(ready), ready.backbones["tiny"], LABELS, input_size=32)
    served = served_model(tmp_path / "model", device="cpu", heads=_no_heads)
    assert served.score is None
    (answer,) = answers(TestClient(create_app(served)), files[-1:])
    row = load_predictor(tmp_path / "model", device="cpu").predict(files[-1], top=2)
    assert [each["probability"] for each in answer["top"]] == pytest.approx(
        row["probability"].tolist(), abs=1e-5
    )
    assert {each["label"] for each in answer["top"]} == {"cat", "caf\\udce9"}
    assert set(answer["labels"]) == {each["label"] for each in answer["top"] if each["probability"] > 0.5}


def test_numbers_have_intervals_and_no_top(ready: Prepared, tmp_path: Path, files: list[Path]) -> None:
    intervals = PredictionIntervals((4.0, 2.0), 0.9, 50)
    write_model(
        tmp_path / "model",
        network(ready),
        ready.backbones["tiny"],
        NUMBERS,
        input_size=32,
        intervals=intervals,
    )
    client = TestClient(create_app(served_model(tmp_path / "model", device="cpu", heads=_no_heads)))
    (answer,) = answers(client, files[-1:])
    row = load_predictor(tmp_path / "model", device="cpu").predict(files[-1]).iloc[0]
    age, height = answer["numbers"]
    assert (age["name"], height["name"]) == NUMBERS.names
    assert age["value"] == pytest.approx(row["age"], rel=1e-5)
    assert height["high"] - height["low"] == pytest.approx(4.0)
    reply = client.post("/predict?top=1", content=files[-1].read_bytes())
    assert (reply.status_code, reply.json()["error"]) == (422, "invalid_query")


def test_an_ensemble_with_two_views_is_served(ready: Prepared, tmp_path: Path, files: list[Path]) -> None:
    members = [
        EnsembleMember(network(ready, 3, seed=seed), ready.backbones["tiny"], size, 0.5, seed)
        for seed, size in ((0, 32), (1, 48))
    ]
    write_ensemble(tmp_path / "model", members, ready.dataset.target, temperature=1.5)
    client = TestClient(create_app(served_model(tmp_path / "model", device="cpu", heads=_no_heads)))
    expected = load_predictor(tmp_path / "model", device="cpu").predict(files[-1]).iloc[0]
    (answer,) = answers(client, files[-1:])
    assert answer["label"] == expected["label"]
    assert answer["probability"] == pytest.approx(expected["probability"], abs=1e-5)
    facts = client.get("/model").json()
    assert (facts["networks"], facts["input_sizes"]) == (2, [32, 48])


def test_the_facts_are_those_of_the_report(client: TestClient, trained: Path) -> None:
    report = json.loads((trained / "report.json").read_text())
    facts = client.get("/model").json()
    assert facts["classes"] == report["classes"]
    assert facts["score"]["value"] == pytest.approx(report["test"]["value"])
    assert facts["score"]["metric"] == report["test"]["metric"]
    assert facts["max_upload_bytes"] == ServingLimits().upload
    assert client.get("/health").json() == {"status": "ok"}


def _no_heads() -> Any:
    raise AssertionError("no network has such a head")
