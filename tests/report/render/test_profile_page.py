"""The page of a profile shows all that was measured before training, and fetches nothing."""

from __future__ import annotations

from typing import Any

from autotl.report import parse, profile_page
from tests.support.html_page import Page

HOSTILE = '<script>alert("x")</script>'
FORECASTS = [
    {"strategy": "linear_probe", "backbone": "net", "expected": 0.85, "deviation": 0.02, "low": 0.81,
     "high": 0.89, "chance_to_win": 0.2},
    {"strategy": "finetune", "backbone": "net", "expected": 0.89, "deviation": 0.03, "low": 0.84,
     "high": 0.94, "chance_to_win": 0.8},
]  # fmt: skip
PROFILE: dict[str, Any] = {
    "target": {"kind": "single_label", "names": ["cat", "dog"]},
    "when": {
        "n_train": 1234,
        "n_test": 300,
        "n_classes": 2,
        "min_per_class": 234,
        "image_side": 96,
        "similarity": {"net": {"frechet": {"value": 1.0, "calibrated": 0.7, "ci95": [0.6, 0.8]}}},
        "transferability": {"net": {"probe_accuracy": {"value": 0.9, "ci95": [0.8, 0.95]}}},
        "choice": {"by": "probe_accuracy", "order": ["net"], "sentence": "net is the only backbone"},
        "rule_of_thumb": {"advice": "linear_probe", "sentence": "few and near: frozen features should do"},
        "forecasts": FORECASTS,
    },
    "quality": {
        "imbalance": {"ratio": 4.3, "counts": {"cat": 1000, "dog": 234}},
        "label_issues": [{"item": "cat/7.png", "given": "cat", "suggested": "dog"}],
        "outliers": [{"item": "dog/9.png", "label": "dog"}],
        "unreadable": {"cat/broken.png": "it is empty"},
    },
}


def shown(profile: dict[str, Any], name: str = "photos") -> Page:
    return Page(profile_page(parse(profile), name=name))


def test_the_page_has_data_faults_similarity_ranking_and_forecasts() -> None:
    page = shown(PROFILE)
    text = " ".join(page.text.split())
    assert "finetune on net has the largest chance to score highest" in text
    assert "an expected validation accuracy of 89.0% ± 3.0 points." in text
    assert "1,234" in text
    assert "234 in the smallest class" in text
    assert "Labels that look wrong (1)" in text
    assert "cat/7.png" in text
    assert "dog/9.png" in text
    assert "cat/broken.png" in text
    assert "All similarities" in text
    assert "Transferability scores before training" in text
    assert text.index("84.0% – 94.0%") < text.index("81.0% – 89.0%")  # the largest chance first
    assert sum(tag == "svg" for tag, _ in page.tags) == 2  # the similarities, wide and narrow


def test_the_page_fetches_nothing() -> None:
    page = shown(PROFILE)
    links = [each.get(name) for _, each in page.tags for name in ("href", "src") if name in each]
    assert links
    assert all(str(link).startswith("#") for link in links)


def test_names_are_escaped() -> None:
    quality = {
        "imbalance": {"ratio": 2.0, "counts": {HOSTILE: 2, "b": 1}},
        "label_issues": [{"item": HOSTILE, "given": HOSTILE, "suggested": HOSTILE}],
        "near_leakage": {"images": 1, "examples": [[HOSTILE, HOSTILE]]},
        "unreadable": {HOSTILE: HOSTILE},
    }
    page = shown({**PROFILE, "quality": quality}, name=HOSTILE)
    assert [tag for tag, _ in page.tags].count("script") == 1  # the page's own
    assert HOSTILE in page.text


def test_forecasts_of_numbers_are_in_their_unit() -> None:
    forecast = {**FORECASTS[0], "expected": 2.5, "deviation": 0.5, "low": 1.7, "high": 3.3}
    when = {**PROFILE["when"], "forecasts": [forecast]}
    text = shown({"target": {"kind": "regression", "names": ["age"]}, "when": when}).text
    assert "2.50 ± 0.500" in text
    assert "MAE (lower is better)" in text


def test_an_empty_profile_has_a_page() -> None:
    assert "The data before training." in shown({}).text
