"""The report of several labels and of numbers has their own tables, figures and words."""

from __future__ import annotations

import copy
import xml.etree.ElementTree as ET
from typing import Any

import numpy as np
import pytest

from autotl import jsonio
from autotl.api import PredictionIntervals, TargetSpec
from autotl.evaluation import evaluate
from autotl.report import drawings, html, markdown, parse
from autotl.report.built_sections import build_sections
from autotl.report.kinds.target_data import target_facts
from autotl.report.kinds.words import words
from autotl.report.sections.profile import profile_sections
from autotl.report.sections.summary import summary
from autotl.targets import target_of

LABELS = TargetSpec("multi_label", ("cat", "dog", "hat<b>"))
NUMBERS = TargetSpec("regression", ("age", "height"), (40.0, 170.0), (10.0, 5.0))


def renamed(test: dict[str, Any]) -> dict[str, Any]:
    for key, name in (("per_label", "label"), ("per_column", "column")):
        test[key] = [{name: each["name"], **each} for each in test[key]]
    return test


def of_kind(
    sample: dict[str, Any], spec: TargetSpec, truth: Any, outputs: Any, metric: str
) -> dict[str, Any]:
    """The sample as the report of another kind of target."""
    document = copy.deepcopy(sample)
    intervals = PredictionIntervals((5.0, 2.5), 0.9, 80) if spec.kind == "regression" else None
    found = evaluate(truth, outputs, target_of(spec), metric=metric, seed=0, intervals=intervals)
    document["target"] = {"kind": spec.kind, "names": list(spec.names)}
    document["classes"] = list(spec.names)
    document["test"] = renamed(jsonio.plain(found.document()))
    document["when"] |= {
        "n_classes": len(spec.names),
        "transfer_gain": {
            "value": 3.2,
            "ci95": [2.5, 3.9],
            "baseline": "pixels trial 1",
            "metric": metric,
            "n": 90,
            "p": 0.001,
        },
        "negative_transfer_classes": [
            {"class": "age, lowest third (1 to 2)", "gain": -1.5, "ci95": [-2.0, -1.0]}
        ],
    }
    document["how"]["intervals"] = jsonio.plain(intervals)
    document["quality"] |= {
        "targets": jsonio.plain(target_facts(spec, truth)),
        "label_issues": [],
        "imbalance": {"ratio": 3.0, "counts": {"cat": 30, "dog": 10}} if intervals is None else {},
    }
    return document


@pytest.fixture
def labels(sample: dict[str, Any]) -> dict[str, Any]:
    rng = np.random.default_rng(0)
    truth = (rng.random((90, 3)) < (0.5, 0.3, 0.1)).astype(np.float32)
    outputs = (3 * truth - 1.5 + rng.normal(size=(90, 3))).astype(np.float32)
    return of_kind(sample, LABELS, truth, outputs, "mean_average_precision")


@pytest.fixture
def numbers(sample: dict[str, Any]) -> dict[str, Any]:
    rng = np.random.default_rng(0)
    standard = rng.normal(size=(90, 2)).astype(np.float32)
    truth = target_of(NUMBERS).predict(standard).astype(np.float32)
    outputs = (standard + 0.3 * rng.normal(size=(90, 2))).astype(np.float32)
    return of_kind(sample, NUMBERS, truth, outputs, "mae")


def text_of(document: dict[str, Any]) -> str:
    return " ".join(each for section in build_sections(parse(document)) for each in section.sentences)


def test_several_labels_have_a_row_each(labels: dict[str, Any]) -> None:
    page, text = markdown(parse(labels)), text_of(labels)
    assert "average precision" in page
    assert "The weakest label is" in text
    assert "occur together most often" in text
    assert "No label looks wrong." in text
    assert "The most frequent label has 3 times the images of the rarest label." in text
    assert "The model was trained on" in text
    assert "of 3 labels" in text


def test_numbers_have_their_own_units(numbers: dict[str, Any]) -> None:
    text = text_of(numbers)
    assert "transfer lowers the MAE by 3.20, compared with the best model without transfer" in text
    assert "prediction intervals of `age` hold" in text
    assert "Prediction intervals that hold 90% of the true numbers are ± 5.00 for `age`" in text
    assert "Transfer has larger errors on one range: `age, lowest third (1 to 2)` (−1.50)." in text
    assert "`age` is between" in text
    assert "Always predicting the largest class" not in text
    assert "No number looks wrong." in text
    assert summary(parse(numbers)).numbers[0].label == "test MAE (lower is better)"


@pytest.mark.parametrize("kind", ["labels", "numbers"])
def test_no_sentence_speaks_of_classes(kind: str, request: pytest.FixtureRequest) -> None:
    document = request.getfixturevalue(kind)
    for key in ("label_overlap", "transferability"):
        document["when"].pop(key, None)
    for sentence in text_of(document).split(". "):
        allowed = ("classifier" in sentence, "1,000 classes" in sentence, "one class for each" in sentence)
        assert "class" not in sentence or any(allowed), sentence


@pytest.mark.parametrize(
    ("kind", "names"),
    [
        ("labels", {"labels"}),
        ("numbers", {"scatter", "scatter-2", "residuals", "residuals-2", "numbers", "numbers-2"}),
    ],
)
def test_the_figures_are_of_the_kind(kind: str, names: set[str], request: pytest.FixtureRequest) -> None:
    drawn = drawings(parse(request.getfixturevalue(kind)))
    assert names <= drawn.keys()
    assert {"confusion", "size"}.isdisjoint(drawn)
    for svg in drawn.values():
        ET.fromstring(svg)
        assert "url(" not in svg


@pytest.mark.parametrize("kind", ["labels", "numbers"])
def test_the_page_is_complete_and_escaped(kind: str, request: pytest.FixtureRequest) -> None:
    page = html(parse(request.getfixturevalue(kind)))
    assert "hat<b>" not in page
    assert ("hat&lt;b&gt;" in page) == (kind == "labels")
    assert "sigmoid()" in page if kind == "labels" else "sigmoid()" not in page
    assert "</html>" in page


@pytest.mark.parametrize("kind", ["labels", "numbers"])
def test_a_profile_counts_labels_or_numbers(kind: str, request: pytest.FixtureRequest) -> None:
    document = request.getfixturevalue(kind)
    known = {key: document[key] for key in ("target", "when", "quality")}
    first = profile_sections(parse(known))[0].sentences[0]
    assert f"of {3 if kind == 'labels' else 2} {kind}. The median" in first


def test_a_report_without_a_kind_is_of_single_labels(sample: dict[str, Any]) -> None:
    assert parse(sample).target.kind == "single_label"
    assert parse(sample).words.several == "classes"
    assert words("ranking").one == "class"


def test_facts_of_labels_and_numbers() -> None:
    truth = np.array([[1, 1, 0], [1, 1, 1], [0, 0, 0]], dtype=np.float32)
    facts = target_facts(LABELS, truth)
    assert facts is not None
    assert facts["pairs"][0] == ("dog", "cat", 2)
    assert facts["per_image"] == pytest.approx(5 / 3)
    assert target_facts(TargetSpec("single_label", ("a",)), np.zeros(3)) is None
    numbers = target_facts(NUMBERS, np.array([[1.0, 5.0], [3.0, 5.0]], dtype=np.float32))
    assert numbers is not None
    assert numbers["numbers"][0]["mean"] == 2.0
    assert sum(numbers["numbers"][1]["histogram"]["counts"]) == 2
