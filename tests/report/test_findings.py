"""What was found wrong with the data, in sentences; and what is known before training."""

from __future__ import annotations

from typing import Any

from autotl.report import analysis
from autotl.report.findings import told

QUALITY: dict[str, Any] = {
    "near_duplicates": {"groups": 2, "images": 5, "conflicting": 1, "examples": [["a.png", "b.png"]]},
    "near_leakage": {"images": 1, "compared": 50, "examples": [["test/x.png", "train/y.png"]]},
    "label_issues": [{"item": "z.png", "given": "cat", "suggested": "dog", "confidence": 0.01}],
    "outliers": [{"item": "odd.png", "label": "cat", "score": 3.0}],
    "shift": {"p": 0.001, "statistic": 9.0, "auc": 0.9, "n_train": 100, "n_test": 50},
    "missing": {"bird": ["test"]},
    "cleaned": {"mode": "drop", "dropped": 3, "reweighted": True, "n_eff": 80.0, "why": {}},
}
WHEN: dict[str, Any] = {
    "n_train": 100,
    "n_test": 50,
    "n_classes": 3,
    "min_per_class": 20,
    "image_side": 64,
    "similarity": {
        "net": {
            "frechet": {"value": 1.0, "calibrated": 0.7, "ci95": [0.6, 0.8], "reference": "shipped"},
            "batchnorm": {
                "value": 1.0,
                "calibrated": 0.5,
                "ci95": [0.4, 0.6],
                "reference": "batchnorm",
                "layers": [
                    {"layer": "bn1", "depth": 0.0, "calibrated": 0.9},
                    {"layer": "bn2", "depth": 0.5, "calibrated": 0.3},
                ],
            },
        }
    },
    "transferability": {
        "net": {"probe_accuracy": {"value": 0.9}, "logme": {"value": 1.0}},
        "other": {"probe_accuracy": {"value": 0.8}, "logme": {"value": 2.0}},
    },
    "choice": {"by": "probe_accuracy", "order": ["net", "other"], "sentence": "net is ahead"},
    "label_overlap": {"net": {"known": 1, "of": 3, "classes": {"cat": ["tabby"]}}, "other": None},
    "learning_curve": {
        "points": [{"n": 10, "score": 0.5, "se": 0.1}, {"n": 80, "score": 0.9, "se": 0.1}],
        "sentence": "30 more images would give about +1.0 points (0.1 to 2.0).",
    },
    "rule_of_thumb": {"advice": "linear_probe", "sentence": "few and near: frozen features should do"},
    "experience": {
        "evidence": "In 2 past runs on data like this, finetune won 2.",
        "predicted": "finetune",
        "probability": 0.75,
        "agreed": None,
    },
}


def test_each_finding_says_what_it_means_and_what_can_be_done() -> None:
    copies, leaks, labels, odd, shift, missing, cleaned = told({"quality": QUALITY})
    assert copies.startswith("5 training images in 2 groups look like copies")
    assert "1 group bears" in copies
    assert "`test/x.png` and `train/y.png`" in leaks
    assert "flatters" in leaks
    assert "1 label looks doubtful, first `z.png`, labelled `cat` and more like `dog`" in labels
    assert "`odd.png`" in odd
    assert "AUC of 0.90" in shift
    assert "`--reweight`" in shift
    assert "`bird` (test)" in missing
    assert cleaned == (
        "3 training images were left out, as asked; training images were weighted, as asked: "
        "they are worth 80 that all count alike."
    )


def test_clean_data_is_said_to_be_clean_and_what_was_not_measured_is_not_mentioned() -> None:
    assert told({"quality": {}}) == []
    assert told({"quality": {"label_issues": [], "near_duplicates": {"images": 0}}}) == [
        "No label looks doubtful."
    ]
    (alike,) = told({"quality": {"shift": {"p": 0.4, "auc": 0.51}}})
    assert alike.startswith("Training and test images look alike")


def test_the_analysis_tells_everything_by_section() -> None:
    found = dict(analysis({"when": WHEN, "quality": QUALITY}))
    assert list(found) == [
        "The data",
        "How far it lies from what each backbone was trained on",
        "Which backbone to start from",
        "What more images would bring",
        "What to try first",
    ]
    far = " ".join(found["How far it lies from what each backbone was trained on"])
    assert "frechet 0.70 (0.60 – 0.80) and batchnorm 0.50" in far
    assert "From layer `bn2` on (50% of the way)" in far
    assert "knows 1 of the 3 classes by name (`cat`)" in far
    assert "`other` is first by logme." in found["Which backbone to start from"]
    assert "50.0% from 10 and 90.0% from 80" in found["What more images would bring"][0]
    assert "`finetune` likeliest to win (75.0%)." in found["What to try first"][1]


def test_an_empty_profile_is_told_without_failing() -> None:
    assert dict(analysis({})).keys() <= {"The data"}


def test_groups_are_named_with_what_they_change_and_what_ends_the_search() -> None:
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
    said = " ".join(told({"quality": {"groups": groups}}))
    assert "7 training images in 2 groups" in said
    assert "`t/1_1.png` and `t/1_2.png`" in said
    assert "file names and likeness" in said
    assert "3 images moved to another fold" in said
    assert "`--group none` switches this off" in said
    assert "2 test images" in said
    assert "the test score may be too high" in said
    assert "No fold divides a group" in said
    divided = " ".join(told({"quality": {"groups": {**groups, "divided": 2}}}))
    assert "No fold divides" not in divided
    assert "A fold divides 2 groups, so validation scores may be too high" in divided
    nothing = {**groups, "groups": 0, "images": 0, "examples": [], "moved": 0, "across_test": None}
    assert "group" not in " ".join(told({"quality": {"groups": nothing}}))
    assert "group" not in " ".join(told({"quality": {"groups": None}}))
