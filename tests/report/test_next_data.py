"""The data to collect next follows from measurements alone, with the figure in each sentence."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from autotl import jsonio
from autotl.api import TargetSpec
from autotl.evaluation import evaluate
from autotl.report import html, markdown, parse, result_lines
from autotl.report.next_data import NextData, next_data
from autotl.targets import target_of

CURVE = {"forecast": [{"more": 50, "gain": 0.01, "ci95": [0.0, 0.02]}]}


def advice(document: dict[str, Any]) -> list[NextData]:
    return next_data(parse(document))


def sentences(document: dict[str, Any]) -> str:
    return " ".join(str(each.sentence) for each in advice(document))


def forecast(gain: float, low: float, high: float) -> dict[str, Any]:
    last = {"more": 400, "gain": gain, "ci95": [low, high]}
    return {"learning_curve": {"forecast": [*CURVE["forecast"], last]}}


def of_classes(confusion: list[list[int]]) -> dict[str, Any]:
    """A report on single labels with the scores that follow from a confusion matrix."""
    names = ("ant", "bee", "cat", "dog")[: len(confusion)]
    target = target_of(TargetSpec("single_label", names))
    truth = np.array([i for i, row in enumerate(confusion) for n in row for _ in range(n)])
    guess = [j for row in confusion for j, n in enumerate(row) for _ in range(n)]
    outputs = (9 * np.eye(len(names))[guess]).astype(np.float32)
    found = evaluate(truth, outputs, target, metric="accuracy", seed=0)
    test = jsonio.plain(found.document())
    test["per_class"] = [{"class": each["name"], **each} for each in test["per_class"]]
    return {"classes": list(names), "target": {"kind": "single_label"}, "test": test}


def of_labels(recalls: dict[str, tuple[int, int]], metric: str = "mean_average_precision") -> dict[str, Any]:
    rows = [{"label": name, "n": n, "recall": right / n} for name, (right, n) in recalls.items()]
    test = {"metric": metric, "value": 0.8, "ci95": [0.78, 0.82], "n": 500, "per_label": rows}
    return {"classes": [*recalls], "target": {"kind": "multi_label"}, "test": test}


def of_numbers(value: float, ci95: tuple[float, float], metric: str = "mae") -> dict[str, Any]:
    test = {
        "metric": metric, "value": value, "ci95": list(ci95), "n": 120,
        "higher_is_better": metric not in ("mae", "rmse"), "percent": False,
    }  # fmt: skip
    return {"classes": ["age"], "target": {"kind": "regression", "names": ["age"]}, "test": test}


def test_nothing_is_advised_without_a_measurement() -> None:
    assert advice({}) == []
    assert advice(of_numbers(5.0, (4.8, 5.2))) == []
    assert advice({"when": {"learning_curve": {"sentence": "more images help"}}}) == []


def test_more_labelled_images_are_advised_by_the_forecast() -> None:
    (found,) = advice({"when": forecast(0.031, 0.004, 0.062)})
    assert (found.action, found.about, found.stake) == ("collect", "labelled images", 0.031)
    assert found.sentence == (
        "Label about 400 more images like these: the learning curve of a linear probe forecasts +3.1 points "
        "in accuracy (95% interval +0.4 to +6.2)."
    )


def test_more_labelled_images_are_advised_against_if_they_gain_little() -> None:
    (found,) = advice({"when": forecast(0.002, 0.0, 0.006)})
    assert found.action == "stop"
    assert "400 more would give a linear probe at most +0.6 points in accuracy" in str(found.sentence)
    assert advice({"when": forecast(0.004, 0.0, 0.03)}) == []  # neither is known


def test_the_forecast_names_what_it_counts() -> None:
    numbers = of_numbers(5.0, (4.8, 5.2)) | {"when": forecast(0.05, 0.01, 0.09)}
    assert "+5.0 points in explained share of the variance" in sentences(numbers)
    labels = of_labels({"a": (90, 100), "b": (90, 100)}) | {"when": forecast(0.05, 0.01, 0.09)}
    assert "+5.0 points in share of images with all labels correct" in sentences(labels)


def test_a_weak_class_is_named_with_its_confusion() -> None:
    document = of_classes([[190, 5, 3, 2], [4, 190, 3, 3], [60, 2, 136, 2], [3, 3, 2, 192]])
    found = next(each for each in advice(document) if each.about == "class")
    assert found.sentence == (
        "Collect images of the class `cat`: its recall is 68.0% on 200 test images, and 95.3% for the other "
        "classes. It is most often confused with `ant`, in 63 of the 92 wrong predictions."
    )
    assert found.stake == pytest.approx(64 / 800)
    assert "pair of classes" not in {each.about for each in advice(document)}


def test_a_confused_pair_of_equally_good_classes_is_named() -> None:
    document = of_classes([[80, 20, 0, 0], [20, 80, 0, 0], [0, 4, 88, 8], [8, 0, 8, 84]])
    assert (
        "Collect images of `ant` and `bee`: they are confused most often, in 40 of the 68 wrong predictions."
        in sentences(document)
    )


def test_classes_that_differ_by_chance_alone_are_not_named() -> None:
    even = of_classes([[46, 2, 2, 0], [1, 47, 1, 1], [2, 1, 45, 2], [1, 2, 1, 46]])
    assert not {"class", "pair of classes"} & {each.about for each in advice(even)}
    two = of_classes([[80, 20], [20, 80]])
    assert not {"class", "pair of classes"} & {each.about for each in advice(two)}
    assert "class" not in {each.about for each in advice(of_classes([[1, 1, 0], [0, 40, 0], [0, 0, 40]]))}


def test_a_weak_label_is_named_as_a_label() -> None:
    document = of_labels({"ant": (180, 200), "bee": (60, 120), "cat": (150, 170)})
    assert sentences(document) == (
        "Collect images with the label `bee`: its recall is 50.0% on 120 test images, and 89.2% for the "
        "other labels."
    )


def test_test_images_are_advised_if_the_interval_is_wide() -> None:
    document = of_classes([[36, 4], [4, 36]])
    found = next(each for each in advice(document) if each.about == "test images")
    assert str(found.sentence).startswith(
        "Add about 240 test images: the 95% interval of the accuracy on 80 "
    )
    low, high = document["test"]["ci95"]
    assert found.stake == pytest.approx((high - low) / 2)
    assert "test images" not in {each.about for each in advice(of_classes([[900, 100], [100, 900]]))}


@pytest.mark.parametrize(
    ("value", "ci95", "metric", "advised"),
    [
        (5.0, (4.0, 6.0), "mae", True),
        (5.0, (4.6, 5.4), "mae", False),
        (0.8, (0.7, 0.85), "r2", True),
        (0.8, (0.77, 0.83), "r2", False),
        (0.0, (0.0, 0.0), "mae", False),
    ],
)
def test_the_width_is_that_of_the_metrics_scale(
    value: float, ci95: tuple[float, float], metric: str, advised: bool
) -> None:
    found = advice(of_numbers(value, ci95, metric))
    assert [each.about for each in found] == ["test images"] * advised
    assert all(each.stake is not None and 0 < each.stake <= 1 for each in found)


@pytest.mark.parametrize(
    ("answer", "value", "action", "words"),
    [
        ("helps", 0.05, "collect", "Collect more unlabelled images: the 340 given ones changed the score by"),
        ("hurts", -0.05, "stop", "Leave the unlabelled images out: the 340 given ones changed the score by"),
        ("no_measurable_difference", 0.0, "stop", "Do not collect more unlabelled images like these: the"),
    ],
)
def test_other_images_are_advised_by_their_contribution(
    answer: str, value: float, action: str, words: str
) -> None:
    gain = {"value": value, "ci95": [value - 0.03, value + 0.03]}
    given = {"role": "unlabelled", "used": 340, "answer": answer, "gain": gain}
    (found,) = advice({"contributions": [given]})
    assert found.action == action
    assert str(found.sentence).startswith(words)
    assert advice({"contributions": [{"role": "source", "used": 3}]}) == []
    numbers = of_numbers(5.0, (4.8, 5.2)) | {"contributions": [given]}
    (found,) = advice(numbers)
    assert "points" not in str(found.sentence)
    assert found.stake == pytest.approx(abs(value) / 5)


def test_doubtful_labels_are_to_be_checked_unless_they_were_treated() -> None:
    doubts = [{"item": "a.png", "given": "x", "suggested": "y"}] * 2 + [{"item": "b.png"}]
    document: dict[str, Any] = {"quality": {"label_issues": doubts}, "when": {"n_train": 100}}
    (found,) = advice(document)
    assert (found.action, found.about, found.stake) == ("check", "labels", 0.02)
    assert str(found.sentence).startswith("Check the labels of 2 training images before you collect more")
    numbers = document | {"target": {"kind": "regression"}}
    assert "Check the numbers of 2 training images" in sentences(numbers)
    document["quality"]["cleaned"] = {"mode": "drop"}
    assert advice(document) == []


def test_other_objects_are_advised_if_most_images_are_in_groups() -> None:
    groups = {"groups": 20, "images": 300}
    (found,) = advice({"quality": {"groups": groups}, "when": {"n_train": 400}})
    assert "300 of the 400 training images are in 20 groups that each show the same thing" in str(
        found.sentence
    )
    assert found.stake is None
    assert advice({"quality": {"groups": groups}, "when": {"n_train": 1000}}) == []


def test_the_three_with_the_most_at_stake_are_kept_in_order() -> None:
    document = of_classes([[36, 4, 2], [4, 36, 2], [18, 2, 20]])
    document |= {
        "when": {"n_train": 100, **forecast(0.3, 0.2, 0.4)},
        "quality": {"label_issues": [{"item": "a"}], "groups": {"groups": 2, "images": 90}},
        "contributions": [
            {
                "role": "source", "used": 9, "answer": "no_measurable_difference",
                "gain": {"value": 0.0, "ci95": [-0.5, 0.5]},
            }
        ],
    }  # fmt: skip
    found = advice(document)
    assert [each.about for each in found] == ["labelled images", "class", "test images"]
    stakes = [each.stake or 0.0 for each in found]
    assert stakes == sorted(stakes, reverse=True)
    assert {each.action for each in found} == {"collect"}


def test_every_form_of_the_report_has_the_advice(sample: dict[str, Any]) -> None:
    sample["next"] = [
        {"action": "collect", "about": "class", "stake": 0.1, "sentence": "Collect images of `rose`."},
        {"action": "stop", "about": "source images", "stake": None, "sentence": "Do not collect more."},
    ]
    report = parse(sample)
    lines = result_lines(report)
    start = lines.index("What to do next:")
    assert lines[start + 1 :] == ["1. Collect images of rose.", "2. Do not collect more."]
    for form in (markdown(report), html(report)):
        assert "What to do next" in form
        assert "Do not collect more." in form
    del sample["next"]
    assert "What to do next" not in markdown(parse(sample))
    assert "What to do next:" not in result_lines(parse(sample))
