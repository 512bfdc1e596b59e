"""A report is validated once: missing values are None, and wrong types are refused."""

from __future__ import annotations

import copy
from typing import Any

import pytest

from autotl.report import Report, parse


def test_a_whole_report_is_typed(sample: dict[str, Any]) -> None:
    report = parse(sample)
    assert report.verdict.strategy == "finetune"
    assert report.test.per_class[0].name == "daisy"
    assert report.when.transfer_gain is not None
    assert report.when.transfer_gain.ci95 == (0.25, 0.4333)
    assert report.arms[5].test is None
    assert report.quality.label_issues is None


def test_missing_parts_and_nulls_are_the_same(sample: dict[str, Any]) -> None:
    assert parse({}) == parse(dict.fromkeys(sample)) == Report()


def test_unknown_keys_are_ignored(sample: dict[str, Any]) -> None:
    newer = copy.deepcopy(sample)
    newer["of a newer version"] = {}
    newer["test"]["of a newer version"] = 3
    assert parse(newer) == parse(sample)


@pytest.mark.parametrize("interval", [None, [None, 0.4], [None, None], [float("nan"), 0.4]])
def test_half_an_interval_is_not_measured(sample: dict[str, Any], interval: Any) -> None:
    sample["test"]["ci95"] = interval
    assert parse(sample).test.ci95 is None


def test_a_setting_may_be_null(sample: dict[str, Any]) -> None:
    sample["how"]["params"] = {"clip": None}
    assert parse(sample).how.params == {"clip": None}


def test_a_class_may_have_any_name(sample: dict[str, Any]) -> None:
    sample["quality"]["imbalance"]["counts"] = {"class": 3, "params": 4}
    assert parse(sample).quality.imbalance.counts == {"class": 3, "params": 4}


@pytest.mark.parametrize(
    ("part", "value", "place"),
    [("test", {"value": "good"}, "test.value"), ("arms", {"a": 1}, "arms"), ("seed", "zero", "seed")],
)
def test_a_wrong_type_is_refused_with_its_place(
    sample: dict[str, Any], part: str, value: Any, place: str
) -> None:
    sample[part] = value
    with pytest.raises(ValueError, match=place):
        parse(sample)


def test_negative_transfer_of_the_first_version_has_its_gain(sample: dict[str, Any]) -> None:
    sample["when"]["negative_transfer_classes"] = [{"class": "tulip", "value": -0.1, "ci95": [-0.2, -0.01]}]
    assert parse(sample).when.negative_transfer_classes[0].difference == -0.1


def test_the_winner_is_first_even_if_another_arm_has_a_higher_score(
    sample: dict[str, Any],
) -> None:
    sample["arms"][1]["test"] = 0.99
    order = [(arm.strategy, arm.test) for arm in parse(sample).ranked_arms]
    assert order[:2] == [("finetune", 0.8667), ("linear_probe", 0.99)]
    assert order[-1] == ("direct", None)


def test_a_confusion_matrix_with_a_gap_is_not_shown(sample: dict[str, Any]) -> None:
    assert parse(sample).confused_pairs[0] == ("rose", "tulip", 4, 24)
    sample["test"]["confusion"][0][0] = None
    assert parse(sample).confusion == ()
