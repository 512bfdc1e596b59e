"""The model card has the Hub's form and the numbers of the report."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
import yaml

import autotl
from autotl.errors import ExportError
from autotl.export.checking.comparison import Comparison
from autotl.export.formats import FORMATS
from autotl.export.model_card import model_card
from autotl.report import parse

SAMPLE = Path(__file__).parents[1] / "report" / "sample.json"
FOUND = Comparison("test images", 120, "", (1, 2, 7, 16), 2e-7, 1.0, "accuracy", 0.9, 0.9, 0.0)


def card(*, int8: bool = False, **changed: Any) -> tuple[dict[str, Any], str]:
    report = json.loads(SAMPLE.read_text(encoding="utf-8")) | changed
    text = model_card(parse(report), FORMATS["onnx"], FOUND, int8=int8)
    _, front, body = text.split("---\n", 2)
    return yaml.safe_load(front), body


def test_the_card_has_the_facts_of_the_hub_and_the_scores() -> None:
    report = json.loads(SAMPLE.read_text(encoding="utf-8"))
    front, body = card()
    assert front["license"] == "other"
    assert front["library_name"] == "timm"
    assert {"image-classification", "autotl", "onnx"} <= set(front["tags"])
    (entry,) = front["model-index"]
    assert entry["results"][0]["metrics"] == [{"type": "accuracy", "value": report["test"]["value"]}]
    for title in ("Model", "Training", "Data", "Scores", "Limitations", "Use"):
        assert f"## {title}\n" in body
    assert f"{100 * report['test']['value']:.1f}%" in body
    assert all(f"`{each['class']}`" in body for each in report["test"]["per_class"])
    assert "python predict.py model.onnx photo.jpg" in body


def test_scores_of_8_bit_integers_are_their_own() -> None:
    front, body = card(int8=True)
    assert "model-index" not in front
    assert "this file scores accuracy 0.9 (autotl 0.9) on 120 test images" in body


def test_numbers_have_no_task_of_the_hub() -> None:
    front, body = card(target={"kind": "regression"})
    assert "image-classification" not in json.dumps(front)
    assert "the same numbers as autotl" in body


def test_notes_are_left_out_of_the_card() -> None:
    assert "/home/me" not in card(notes=["2 files of /home/me/photos were left out."])[1]


def test_a_table_has_all_of_many_classes() -> None:
    rows = [
        {"class": f"class {number}", "n": 5, "recall": 0.8, "precision": 0.8, "f1": 0.8}
        for number in range(60)
    ]
    report = json.loads(SAMPLE.read_text(encoding="utf-8"))
    _, body = card(test=report["test"] | {"per_class": rows})
    assert body.count("\n| `class ") == 60


def test_names_are_text_in_yaml_and_markdown() -> None:
    front, body = card(name='a: "b"\n---\n# <script>')
    assert front["model-index"][0]["name"] == 'a: "b" --- # <script>'
    assert "<script>" not in body.replace("\\<", "")


def test_a_push_names_the_repository_and_sends_no_pickle(
    finished: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    calls: list[tuple[tuple[Any, ...], dict[str, Any]]] = []
    monkeypatch.setattr("timm.models.push_to_hf_hub", lambda *given, **named: calls.append((given, named)))
    address = autotl.load(finished).push_to_hub("user/name", token="secret")
    assert address == "https://huggingface.co/user/name"
    (((model, repo), named),) = calls
    assert repo == "user/name"
    assert named["safe_serialization"] is True
    assert (named["private"], named["token"]) == (True, "secret")
    assert named["model_config"]["label_names"] == ["bars", "rings", "spots"]
    assert named["model_card"]["license"] == "other"
    text = named["model_card"]["description"]
    assert text.startswith("## Model\n")
    assert 'create_model("hf-hub:user/name"' in text
    assert "README.md" not in text
    assert model.num_classes == 3


def test_an_ensemble_is_not_pushed(finished: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("timm.models.push_to_hf_hub", None)
    result = autotl.load(finished)
    result.folder = tmp_path
    (tmp_path / "model").mkdir()
    (tmp_path / "model" / "ensemble.json").touch()
    with pytest.raises(ExportError, match="is an ensemble"):
        result.push_to_hub("user/name")
