"""Each section answers its question in sentences."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from autotl.report import parse
from autotl.report import sections as sections_package
from autotl.report.built_sections import build_sections
from autotl.report.sections import SECTIONS, how, summary, test, what, when
from autotl.report.sections.data import data_sentences


def test_the_reports_own_verdict_comes_first(sample: dict[str, Any]) -> None:
    found = summary.verdict(parse(sample))
    assert found.replace("`", "") == sample["verdict"]["sentence"]
    assert "`finetune` on `mobilenetv2_100.in1k`" in found


def test_a_verdict_is_made_of_numbers_if_none_was_written(sample: dict[str, Any]) -> None:
    sample["verdict"]["sentence"] = None
    found = summary.verdict(parse(sample))
    assert found == "Transfer helps: `finetune` on `mobilenetv2_100.in1k` reaches 86.7% test accuracy."
    assert summary.verdict(parse({})) == "This run has no verdict yet."


def test_a_caveat_follows_the_gain_it_belongs_to(sample: dict[str, Any]) -> None:
    assert not any("from scratch was stopped" in each for each in when.section(parse(sample)).sentences)
    sample["verdict"]["caveat"] = "Training from scratch was stopped by the end of its time."
    sentences = when.section(parse(sample)).sentences
    assert 0 < sentences.index(sample["verdict"]["caveat"]) < 5


def test_every_section_has_sentences_or_a_table(sample: dict[str, Any]) -> None:
    sample["adaptation"] = {"sentence": "Do not adapt: it is worse.", "used": 60}
    found = build_sections(parse(sample))
    assert len(found) == len(SECTIONS)
    assert len({each.name for each in found}) == len(found)
    for section in found:
        assert section.sentences or any(section.tables)
        assert all(sentence[-1] in ".!?" for sentence in section.sentences)


def test_every_module_of_a_section_is_listed() -> None:
    folder = Path(sections_package.__file__).parent
    files = [path.relative_to(folder).with_suffix("") for path in folder.rglob("*.py")]
    modules = {".".join(file.parts) for file in files if file.name != "__init__"}
    parts = {"summary", "profile", "pictures.issues", "pictures.issue_tables", "pictures.picture"}
    assert modules == set(SECTIONS) | parts


def test_sections_without_content_are_left_out() -> None:
    assert [section.name for section in build_sections(parse({}))] == ["when", "arms", "use"]


def test_a_missing_baseline_is_reported(sample: dict[str, Any]) -> None:
    sample["when"]["transfer_gain"] = None
    report = parse(sample)
    assert "not measured" in when.section(report).sentences[0]
    assert "majority-class baseline" in {number.label for number in summary.key_numbers(report)}


def test_everything_frozen_reads_differently_from_nothing_frozen(sample: dict[str, Any]) -> None:
    facts = sample["what"]
    facts["frozen_stages"] = facts["transferred_stages"]
    assert any("All of them were frozen" in each for each in what.section(parse(sample)).sentences)
    facts["frozen_stages"] = []
    assert any("No stage was frozen" in each for each in what.section(parse(sample)).sentences)
    facts["transferred_stages"] = []
    assert any("No layer starts from pretrained" in each for each in what.section(parse(sample)).sentences)


def test_each_stage_has_its_state_if_its_weights_are_unknown(sample: dict[str, Any]) -> None:
    assert what.section(parse(sample)).stages == ()  # the figure shows them
    sample["what"]["stages"] = None
    stages = what.section(parse(sample)).stages
    assert [each.state for each in stages] == ["frozen"] * 4 + ["trained"] * 2 + ["new"]


def test_the_most_frequent_mistake_is_named(sample: dict[str, Any]) -> None:
    sentences = test.section(parse(sample)).sentences
    assert any("`rose` predicted as `tulip` (4 of 24 images)" in sentence for sentence in sentences)


def test_copies_in_the_test_set_are_named_beside_the_score(sample: dict[str, Any]) -> None:
    sample["quality"]["near_leakage"] = {"images": 3, "compared": 60, "examples": []}
    [score, *_] = test.section(parse(sample)).sentences
    assert "86.7% on 120 test images (3 of 60 compared images are copies of training images)" in score
    assert "unseen" not in score
    sample["quality"]["cleaned"] = {"mode": "drop"}
    assert "120 unseen test images" in test.section(parse(sample)).sentences[0]


def test_a_leaking_split_is_named(sample: dict[str, Any]) -> None:
    sentences = data_sentences(parse(sample))
    assert any(
        each.startswith("The split leaks: 2 test images are also in the training set") for each in sentences
    )


def test_clean_data_is_reported_as_clean() -> None:
    clean = {
        "duplicates": {"images": 0},
        "leakage": {"images": 0},
        "unreadable": {},
        "imbalance": {"ratio": 1.0},
    }
    assert data_sentences(parse({"quality": clean})) == [
        "The classes are balanced.",
        "No two images are identical.",
        "No test image is in the training set.",
        "Every file could be read.",
    ]


@pytest.mark.parametrize(
    ("ci95", "p", "words"),
    [
        ([0.01, 0.08], None, "above zero: transfer helps"),
        ([0.01, 0.08], 0.01, "above zero: transfer helps"),
        ([-0.08, -0.01], None, "below zero: transfer hurts"),
        ([-0.01, 0.08], None, "not significant"),
        (
            [0.01, 0.08],
            0.0625,
            "a paired test on the same images is not significant (p = 0.0625)",
        ),
    ],
)
def test_only_a_significant_gain_is_an_effect(
    sample: dict[str, Any], ci95: list[float], p: float | None, words: str
) -> None:
    sample["when"]["transfer_gain"] |= {"ci95": ci95, "p": p}
    assert words in " ".join(when.section(parse(sample)).sentences[:4])


def test_the_gain_is_a_sentence_with_its_interval(sample: dict[str, Any]) -> None:
    gain = {"value": 0.048, "ci95": [0.012, 0.084], "metric": "balanced_accuracy", "n": 120}
    sample["when"]["transfer_gain"] = gain
    first, interval, *_ = when.section(parse(sample)).sentences
    assert first == (
        "On the same 120 test images, transfer scores 4.8 points higher in balanced accuracy than the best "
        "model without transfer."
    )
    assert interval == "The 95% interval of this gain is between +1.2 and +8.4 points."
    sample["when"]["transfer_gain"] = {"value": -0.02}
    first, *_ = when.section(parse(sample)).sentences
    assert first == "Transfer scores 2.0 points lower in accuracy than the best model without transfer."
    sample["when"]["transfer_gain"] = {"value": 0.0001}
    assert "have the same accuracy" in when.section(parse(sample)).sentences[0]


def test_the_gain_in_a_loss_says_that_lower_is_better(sample: dict[str, Any]) -> None:
    sample["test"] |= {"metric": "log_loss", "higher_is_better": False, "percent": False}
    sample["when"]["transfer_gain"] |= {"value": 0.274, "ci95": [0.1, 0.4], "metric": "log_loss"}
    first, interval, *_ = when.section(parse(sample)).sentences
    assert "+0.274 better in log loss than the best model without transfer (lower is better)." in first
    assert "between +0.100 and +0.400." in interval


def test_an_adapted_model_has_the_number_of_images_of_the_place(sample: dict[str, Any]) -> None:
    sample["what"]["additional"] = ["deploy"]
    sample["adaptation"] = {"sentence": "Adapted by coral: it is better.", "chosen": "coral", "used": 490}
    text = " ".join(how.section(parse(sample)).sentences)
    assert "It learned from 490 images of the place of use besides the labelled ones." in text
