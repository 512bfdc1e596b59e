"""What each set of images contributed is stated in one sentence, with its interval."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from autotl.api import AdditionalImages, Arm, Record, TargetSpec
from autotl.evaluation import Contribution, Gain
from autotl.report import GivenImages, html, markdown, parse, profile_sections, result_lines
from autotl.report.contributions import contributions, kinds
from autotl.report.sections import summary, when
from autotl.testing import tiny_task

DOCS = Path(__file__).parents[2] / "docs" / "report.md"


def record(strategy: str) -> Record:
    return Record(0, Arm(strategy, "net"), {}, True, "complete", 0.8, 5, 1, 1.0)


def evidence(found: Contribution, *, used: int = 340, percent: bool = True) -> Any:
    name, higher = ("accuracy", True) if percent else ("log_loss", False)
    test = SimpleNamespace(metric=name, higher_is_better=higher, percent=percent)
    findings = SimpleNamespace(test=test, contributions=(found,))
    return SimpleNamespace(findings=findings, additional={found.role: GivenImages(350, used, 350 - used)})


def measured(
    value: float, ci95: tuple[float, float], p: float = 0.001, role: str = "unlabelled"
) -> Contribution:
    gain = Gain(value, ci95, 200, p)
    return Contribution(role, record("self_training"), record("linear_probe"), gain)


@pytest.mark.parametrize(
    ("value", "ci95", "p", "answer", "words"),
    [
        (0.05, (0.01, 0.09), 0.001, "helps", "help (self-taught learning)"),
        (0.05, (0.01, 0.09), 0.2, "no_measurable_difference", "make no measurable difference"),
        (0.01, (-0.03, 0.05), 0.6, "no_measurable_difference", "make no measurable difference"),
        (-0.05, (-0.09, -0.01), 0.001, "hurts", "hurt (self-taught learning)"),
    ],
)
def test_there_are_three_answers(
    value: float, ci95: tuple[float, float], p: float, answer: str, words: str
) -> None:
    (found,) = contributions(evidence(measured(value, ci95, p)))
    assert found["answer"] == answer
    assert found["sentence"].startswith(f"The 340 unlabelled images {words}")
    assert found["gain"] == {"value": value, "ci95": ci95, "p": p}
    assert (found["images"], found["used"], found["left_out"]) == (350, 340, 10)
    assert (found["strategy"], found["compared_with"]) == ("self_training", "linear_probe")


def test_the_sentence_names_both_sides_and_the_interval() -> None:
    (found,) = contributions(evidence(measured(0.05, (0.01, 0.09), role="source"), used=1))
    assert found["sentence"] == (
        "The 1 source image helps (inductive transfer, multi-task): self_training on net scores +5.0 points "
        "against linear_probe on net, without them (95% interval +1.0 to +9.0)."
    )
    gain = Gain(0.05, (0.01, 0.09), 200, 0.001, (5, 5), paired=True)
    both = Contribution("source", record("multi_task"), record("finetune"), gain)
    (paired,) = contributions(evidence(both))
    assert paired["sentence"].endswith("(95% interval +1.0 to +9.0, paired over 5 folds).")
    (loss,) = contributions(evidence(measured(0.05, (0.01, 0.09)), percent=False))
    assert "is +0.050 better in log loss (lower is better) against" in loss["sentence"]


def test_a_contribution_that_was_not_measured_gives_the_reason() -> None:
    (found,) = contributions(evidence(Contribution("unlabelled", why="the time was up")))
    assert found["answer"] is None
    assert found["gain"] is None
    assert found["sentence"] == (
        "The contribution of the 340 unlabelled images was not measured: the time was up."
    )
    nothing = evidence(Contribution("unlabelled"))
    nothing.additional = {}
    assert contributions(nothing) == []


def test_every_form_of_the_report_has_the_sentence(sample: dict[str, Any]) -> None:
    sample["contributions"] = contributions(evidence(measured(0.05, (0.01, 0.09))))
    report = parse(sample)
    assert report.contributions[0].gain is not None
    assert report.contributions[0].gain.ci95 == (0.01, 0.09)
    sentence = next(each for each in when.section(report).sentences if "unlabelled images help" in each)
    assert "`self_training` on net" in sentence
    assert sentence in summary.summary(report).notes
    plain = sentence.replace("`", "")
    assert plain in result_lines(report)
    assert "340 unlabelled images help" in markdown(report)
    assert "340 unlabelled images help" in html(report)
    sample["contributions"] = None
    assert "unlabelled images" not in markdown(parse(sample))


def test_the_possible_kinds_of_transfer_are_known_beforehand(sample: dict[str, Any]) -> None:
    task = tiny_task({"a": 10, "b": 10})
    assert [each["possible"] for each in kinds(task)] == [True, False, False, False]
    assert "give them with --unlabelled (unlabelled=)" in kinds(task)[1]["sentence"]
    object.__setattr__(
        task, "additional", {"source": AdditionalImages(500, ("x", "y")), "unlabelled": AdditionalImages(1)}
    )
    possible = kinds(task)
    assert [each["possible"] for each in possible] == [True, True, True, False]
    assert possible[1]["sentence"] == "Self-taught learning is possible: with 1 unlabelled image."
    assert possible[2]["sentence"].endswith("with 500 source images of 2 classes.")
    assert kinds(task)[3]["sentence"].endswith("give them with --deploy (deploy=).")
    alone = kinds(task, can_adapt=False)[3]
    assert (alone["possible"], alone["sentence"]) == (
        False,
        "Transductive transfer needs the plugin autotl-adapt.",
    )
    several = replace(task, target=TargetSpec("multi_label", ("a", "b")))
    assert kinds(several)[3]["sentence"] == "Transductive transfer needs one class for each image."
    sample["when"]["kinds"] = possible
    section = next(each for each in profile_sections(parse(sample)) if each.name == "kinds")
    assert section.sentences == tuple(each["sentence"] for each in possible)


def test_every_key_is_documented() -> None:
    text = DOCS.read_text(encoding="utf-8")
    (found,) = contributions(evidence(measured(0.05, (0.01, 0.09))))
    keys = {"contributions", *found, *found["gain"], *kinds(tiny_task({"a": 1, "b": 1}))[0], "kinds"}
    assert [key for key in sorted(keys) if f"`{key}`" not in text and f"{key}," not in text] == []
