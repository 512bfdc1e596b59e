"""Every form of the report names the causes of the gap that were found, and no other."""

from __future__ import annotations

from html import unescape
from typing import Any

import pytest

from autotl.report import html, markdown, parse
from autotl.report.sentences.validation_gap import validation_gap


@pytest.fixture
def wide(sample: dict[str, Any]) -> dict[str, Any]:
    """A report with a gap of 20 points and no cause."""
    sample["search"] |= {"optimism": 0.2, "optimism_ci95": [0.161, 0.239]}
    sample["search"]["optimism_reasons"] = {
        "selection": {"found": False, "trials": 1, "tied": 1, "explains": 0.0},
        "near_copies": {
            "found": False, "images": 900, "share": 0.02, "test_images": 400, "test_share": 0.03,
            "accuracy_with": 0.9, "accuracy_without": 0.5, "explains": 0.0, "examples": [], "grouped": False,
        },
        "shift": {"found": False, "p": 0.4, "auc": 0.51},
        "few_images": {"found": False, "validation": 900, "test": 400},
        "unexplained": 0.2,
    }  # fmt: skip
    return sample


def said(report: dict[str, Any], name: str, **facts: Any) -> str:
    report["search"]["optimism_reasons"][name] |= {"found": True} | facts
    found = validation_gap(parse(report))
    assert found in markdown(parse(report))
    return found


def test_one_trial_is_never_called_the_best_of_many(wide: dict[str, Any]) -> None:
    found = validation_gap(parse(wide))
    assert found.startswith(
        "The chosen trial's validation accuracy is 20.0 points above its test accuracy "
        "(95% interval 16.1 to 23.9). The cause is not known. Only one trial competed; 2% of validation "
        "images"
    )
    assert "look alike (p = 0.400)" in found
    assert found in unescape(html(parse(wide)))
    assert found in markdown(parse(wide))


def test_unmeasured_causes_are_not_excluded(wide: dict[str, Any]) -> None:
    wide["search"]["optimism_reasons"]["shift"] = None
    assert "a shift between training and test images was not measured" in validation_gap(parse(wide))
    wide["search"]["optimism_reasons"]["near_copies"] = None
    found = validation_gap(parse(wide))
    assert "near copies across folds were not checked" in found
    assert "have a near copy" not in found
    assert found in markdown(parse(wide))


def test_selection_bias_and_the_rest_are_quantified(wide: dict[str, Any]) -> None:
    wide["search"]["optimism_reasons"]["unexplained"] = 0.17
    found = said(wide, "selection", trials=12, tied=8, explains=0.03)
    assert "Choosing the best of 12 trials explains at most 3.0 points." in found
    assert found.endswith("The cause of the other 17.0 points is not known.")


def test_near_copies_are_named_with_examples_and_a_remedy(wide: dict[str, Any]) -> None:
    wide["search"]["optimism_reasons"]["unexplained"] = None
    found = said(wide, "near_copies", share=0.61, examples=[["a.png", "b.png"]])
    assert "61% of validation images have a near copy in their training fold" in found
    assert "`a.png` and `b.png`" in found
    assert "90.0% on them and 50.0% on the others" in found
    assert "Name groups of related images with `--group`. For folders, write a table" in found
    assert found.endswith("(docs/data.md).")
    assert "The named groups do not keep these together" in said(wide, "near_copies", grouped=True)
    assert "<code>a.png</code>" in html(parse(wide))


def test_a_shift_is_named_without_a_size(wide: dict[str, Any]) -> None:
    wide["search"]["optimism_reasons"]["unexplained"] = None
    found = said(wide, "shift", p=0.001, auc=0.72)
    assert found.endswith("differ (AUC 0.72, p = 0.001), which can lower test accuracy.")
    wide["search"]["optimism_reasons"]["near_copies"] |= {"found": True}
    assert "Near copies make this p-value too small." in validation_gap(parse(wide))


def test_few_images_are_named(wide: dict[str, Any]) -> None:
    assert "because 900 validation images and 60 test images were scored." in said(
        wide, "few_images", test=60
    )


def test_a_report_without_the_checks_names_no_cause(wide: dict[str, Any]) -> None:
    del wide["search"]["optimism_reasons"]
    assert validation_gap(parse(wide)).endswith("(95% interval 16.1 to 23.9).")


def test_validation_below_test_names_no_cause(wide: dict[str, Any]) -> None:
    wide["search"] |= {"optimism": -0.2, "optimism_ci95": [-0.239, -0.161]}
    assert validation_gap(parse(wide)) == (
        "The chosen trial's validation accuracy is 20.0 points below its test accuracy "
        "(95% interval 16.1 to 23.9)."
    )


def test_the_gap_of_a_loss_is_below_the_test_score(wide: dict[str, Any]) -> None:
    wide["test"] |= {"metric": "log_loss", "higher_is_better": False, "percent": False}
    assert "validation log loss is 0.200 below its test log loss" in validation_gap(parse(wide))


def test_the_gap_has_an_interval_and_says_whether_chance_explains_it(sample):
    found = validation_gap(parse(sample))
    assert "1.4 points above its test accuracy" in found
    assert "95% interval −1.0 to 3.9" in found
    assert found.endswith("so chance can explain this.")
    assert found in markdown(parse(sample))
    sample["search"]["optimism_ci95"] = [0.002, 0.026]
    assert "chance" not in validation_gap(parse(sample))
    del sample["search"]["optimism_ci95"]  # as in older reports
    assert "1.4 points above" in validation_gap(parse(sample))
    sample["search"]["optimism"] = None
    assert validation_gap(parse(sample)) == ""
