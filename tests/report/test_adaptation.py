"""The report states whether the model is adapted, why, and how good it is at the place of use."""

from __future__ import annotations

from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest

from autotl.adaptation.result import Adaptation, Candidate, GuardScores
from autotl.evaluation import Evaluation, Gain, evaluate
from autotl.quality import Shift
from autotl.report import GivenImages, html, markdown, parse, result_lines
from autotl.report.adaptation import adaptation
from autotl.report.sections import arms, place
from autotl.targets import SingleLabel

DOCS = Path(__file__).parents[2] / "docs" / "report.md"
SCORES = GuardScores(0.9, 0.5, 0.4, 3.0, 0.8, 0.05)
BEFORE = Candidate("finetune", "net", SCORES)
AFTER = Candidate("coral", "net", SCORES)
GAIN = Gain(0.061, (0.02, 0.102), 216, 0.003)


def truth() -> Evaluation:
    labels = np.arange(216) % 4
    outputs = np.eye(4, dtype=np.float32)[np.where(np.arange(216) < 90, labels, (labels + 1) % 4)]
    return evaluate(labels, outputs, SingleLabel.numbered(4), metric="accuracy", seed=0)


def evidence(found: Adaptation | None) -> Any:
    test = SimpleNamespace(metric="accuracy", higher_is_better=True, percent=True)
    return SimpleNamespace(
        findings=SimpleNamespace(test=test),
        additional={"deploy": GivenImages(500, 490, 10)},
        adaptation=found,
    )


def document(found: Adaptation) -> dict[str, Any]:
    built = adaptation(evidence(found))
    assert built is not None
    return built


@pytest.fixture
def chosen() -> Adaptation:
    return Adaptation(
        "it is better",
        chosen="coral",
        unadapted=BEFORE,
        candidates=(AFTER,),
        difference=Shift(0.001, 9.0, 0.93, 400, 490),
        untried={"dann": "its 9 s were not left"},
        truth=truth(),
        truth_gain=GAIN,
    )


def test_without_images_of_the_place_there_is_no_part() -> None:
    assert adaptation(evidence(None)) is None


def test_the_sentence_has_the_decision_the_true_score_and_the_gain(chosen: Adaptation) -> None:
    found = document(chosen)
    assert found["sentence"].startswith(
        "Adapted by coral: it is better. At the place of use the accuracy is 41.7% (95% interval 35.0% to "
    )
    assert found["sentence"].endswith(
        ", +6.1 points (+2.0 to +10.2) over the unadapted model on 216 labelled images that were not used "
        "for the decision."
    )
    assert (found["images"], found["used"], found["left_out"]) == (500, 490, 10)
    assert found["truth_gain"] == {"value": 0.061, "ci95": (0.02, 0.102), "p": 0.003}
    assert found["untried"] == [{"strategy": "dann", "reason": "its 9 s were not left"}]


def test_without_labels_the_sentence_tells_how_to_get_a_score() -> None:
    found = document(Adaptation("the images do not differ measurably from the training images"))
    assert found["sentence"] == (
        "Do not adapt: the images do not differ measurably from the training images. The accuracy at the "
        "place of use is unknown: label 100 images of it. Give them to --deploy as a table with a column of "
        "paths and one of labels, or run 'autotl evaluate'."
    )
    assert (found["chosen"], found["truth"], found["domain_difference"]) == (None, None, None)


def test_a_true_score_that_cannot_be_measured_has_a_reason() -> None:
    found = document(Adaptation("it is worse", no_truth="MetricError: planted"))
    assert found["truth"] is None
    assert found["sentence"] == (
        "Do not adapt: it is worse. The accuracy at the place of use could not be measured: MetricError: "
        "planted."
    )


def test_the_section_the_summary_and_the_terminal_have_it(sample: dict[str, Any], chosen: Adaptation) -> None:
    sample["adaptation"] = document(chosen)
    report = parse(sample)
    section = place.section(report)
    assert section.sentences[0].startswith("Adapted by `coral`: it is better.")
    assert section.sentences[1] == (
        "490 images of the place of use were compared, without 10 copies of your images. A classifier tells "
        "them from training images with an AUC of 0.93 (p = 0.001)."
    )
    assert section.sentences[2] == "`dann` was not tried: its 9 s were not left."
    (models,) = section.tables
    assert [row[0] for row in models.rows] == ["`finetune` (unadapted)", "`coral`"]
    assert models.strong == 1
    assert any(line.startswith("Adapted by coral") for line in result_lines(report))
    assert "At the place of use" in markdown(report)
    assert "At the place of use" in html(report)
    assert "`coral`, which adapts to the place of use" in " ".join(arms.section(report).sentences)


def test_a_report_without_a_place_has_no_section(sample: dict[str, Any]) -> None:
    report = parse(sample)
    assert not place.section(report)
    assert place.decision(report) == ""
    assert "place of use" not in markdown(report)


def test_every_key_is_documented(chosen: Adaptation) -> None:
    text = DOCS.read_text(encoding="utf-8").replace("`", " ")
    for mark in '"{}[],;:.()':
        text = text.replace(mark, " ")
    found = document(chosen)
    (candidate,) = found["candidates"]
    keys = {"adaptation", *found, *candidate, *candidate["scores"], *found["truth"], *found["truth_gain"]}
    keys |= {*found["domain_difference"], *found["untried"][0]}
    assert keys - {*text.split()} == set()
