"""The profile describes the data before training."""

from __future__ import annotations

from typing import Any

from autotl.report import parse, profile_sections

QUALITY: dict[str, Any] = {"near_duplicates": {"groups": 2, "images": 5, "conflicting": 1, "examples": []}}
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


def by_title(profile: dict[str, Any]) -> dict[str, tuple[str, ...]]:
    return {section.title: section.sentences for section in profile_sections(parse(profile))}


def test_the_profile_has_five_sections() -> None:
    found = by_title({"when": WHEN, "quality": QUALITY})
    assert list(found) == [
        "The data",
        "Similarity to the source data of each backbone",
        "Recommended backbone",
        "Effect of more images",
        "Recommended strategy",
    ]
    far = " ".join(found["Similarity to the source data of each backbone"])
    assert "frechet 0.70 (0.60 – 0.80) and batchnorm 0.50" in far
    assert "From layer `bn2` (50% depth)" in far
    assert "has 1 of the 3 classes by name (`cat`)" in far
    assert "`other` is first by logme." in found["Recommended backbone"]
    assert "50.0% from 10 and 90.0% from 80" in found["Effect of more images"][0]
    assert "winner is `finetune` (probability 75.0%)." in found["Recommended strategy"][1]


def test_an_empty_profile_has_sections() -> None:
    assert by_title({}).keys() <= {"The data"}
