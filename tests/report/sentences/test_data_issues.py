"""Each data issue is a sentence with its effect and its remedy."""

from __future__ import annotations

from typing import Any

from autotl.report import parse
from autotl.report.sentences.data_issues import data_issues

QUALITY: dict[str, Any] = {
    "near_duplicates": {"groups": 2, "images": 5, "conflicting": 1, "examples": [["a.png", "b.png"]]},
    "near_leakage": {"images": 1, "compared": 50, "examples": [["test/x.png", "train/y.png"]]},
    "label_issues": [{"item": "z.png", "given": "cat", "suggested": "dog", "confidence": 0.01}],
    "outliers": [{"item": "odd.png", "label": "cat", "score": 3.0}],
    "shift": {"p": 0.001, "statistic": 9.0, "auc": 0.9, "n_train": 100, "n_test": 50},
    "missing": {"bird": ["test"]},
    "cleaned": {"mode": "drop", "dropped": 3, "reweighted": True, "n_eff": 80.0, "why": {}},
}


def sentences(report: dict[str, Any]) -> list[str]:
    return data_issues(parse(report).quality)


def test_each_finding_has_its_effect_and_its_remedy() -> None:
    copies, leaks, labels, odd, shift, missing, cleaned = sentences({"quality": QUALITY})
    assert copies.startswith("5 training images in 2 groups look like copies")
    assert "1 group has different labels" in copies
    assert "`test/x.png` and `train/y.png`" in leaks
    assert "may be too high" in leaks
    assert "1 label looks wrong, for example `z.png`, labelled `cat` but predicted as `dog`" in labels
    assert "`odd.png`" in odd
    assert "AUC of 0.90" in shift
    assert "`--reweight`" in shift
    assert "`bird` (test)" in missing
    assert cleaned == (
        "3 training images were left out, as requested. Training images were weighted, as requested: "
        "the effective sample size is 80 images."
    )


def test_clean_data_is_reported_and_unmeasured_issues_are_not() -> None:
    assert sentences({"quality": {}}) == []
    assert sentences({"quality": {"label_issues": [], "near_duplicates": {"images": 0}}}) == [
        "No label looks wrong."
    ]
    (alike,) = sentences({"quality": {"shift": {"p": 0.4, "auc": 0.51}}})
    assert alike.startswith("Training and test images look alike")


def test_doubtful_labels_and_numbers_are_named_with_the_probes_answer() -> None:
    several = {"label_issues": [{"item": "z.png", "given": "not cat", "suggested": "cat"}]}
    (text,) = data_issues(parse({"quality": several}).quality, "multi_label")
    assert "1 label looks wrong, for example `z.png`, labelled `not cat` but predicted as `cat`" in text
    assert text.endswith("Check them by hand (`label_issues` in the JSON).")
    numbers = {"label_issues": [{"item": "z.png", "given": "age: 410", "suggested": "age: 39.0"}] * 2}
    (text,) = data_issues(parse({"quality": numbers}).quality, "regression")
    assert text.startswith("2 numbers look wrong, for example `z.png`, given as `age: 410` but predicted")
    assert data_issues(parse({"quality": {"label_issues": []}}).quality, "regression") == [
        "No number looks wrong."
    ]


def test_groups_are_named_with_their_effect_and_the_switch() -> None:
    groups: dict[str, Any] = {
        "groups": 2,
        "images": 7,
        "found_by": {"likeness": 3, "file names": 4},
        "examples": [["t/1_1.png", "t/1_2.png", "t/1_3.png"]],
        "moved": 3,
        "divided": 0,
        "across_test": {"groups": 1, "images": 2, "of": 50, "examples": [["test/x.png", "t/1_1.png"]]},
        "across_validation": None,
    }
    found = " ".join(sentences({"quality": {"groups": groups}}))
    assert "7 training images in 2 groups" in found
    assert "`t/1_1.png` and `t/1_2.png`" in found
    assert "file names and likeness" in found
    assert "3 images moved to another fold" in found
    assert "`--group none` switches this off" in found
    assert "2 test images" in found
    assert "the test score may be too high" in found
    assert "No fold divides a group" in found
    divided = " ".join(sentences({"quality": {"groups": {**groups, "divided": 2}}}))
    assert "No fold divides" not in divided
    assert "A fold divides 2 groups, so validation scores may be too high" in divided
    nothing = {**groups, "groups": 0, "images": 0, "examples": [], "moved": 0, "across_test": None}
    assert "group" not in " ".join(sentences({"quality": {"groups": nothing}}))
    assert "group" not in " ".join(sentences({"quality": {"groups": None}}))
