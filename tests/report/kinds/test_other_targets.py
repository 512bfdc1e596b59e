"""The report of several labels and of numbers has their own tables, figures and words."""

from __future__ import annotations

import xml.etree.ElementTree as ET
from typing import Any

import numpy as np
import pytest

from autotl.api import TargetSpec
from autotl.report import drawings, html, markdown, parse
from autotl.report.built_sections import build_sections
from autotl.report.kinds.target_data import target_facts
from autotl.report.kinds.words import words
from autotl.report.sections.profile import profile_sections
from autotl.report.sections.summary import summary
from tests.support import report_documents
from tests.support.report_documents import LABELS, NUMBERS


@pytest.fixture
def labels(sample: dict[str, Any]) -> dict[str, Any]:
    return report_documents.labels(sample)


@pytest.fixture
def numbers(sample: dict[str, Any]) -> dict[str, Any]:
    return report_documents.numbers(sample)


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
