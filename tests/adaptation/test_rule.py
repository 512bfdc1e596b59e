"""The guard chooses an adaptation only if it is better by all that can be measured."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from autotl.adaptation.result import Candidate, GuardScores
from autotl.adaptation.rule import MAX_P, MAX_SOURCE_LOSS, MIN_CLASS_GAIN, decide, differs, fault
from autotl.evaluation import Gain
from autotl.quality import Shift

BEFORE = Candidate("finetune", "net", GuardScores(0.9, 0.5, 0.4, 3.0, 0.8, 0.3))
AFTER = Candidate("coral", "net", GuardScores(0.89, 0.3, 0.6, 3.5, 0.85, 0.05))


def changed(each: Candidate, strategy: str = "coral", **scores: float) -> Candidate:
    return replace(each, strategy=strategy, scores=replace(each.scores, **scores))


def on_slice(strategy: str, score: float, low: float, high: float, p: float = 0.01) -> Candidate:
    gain = Gain((low + high) / 2, (low, high), 40, p)
    return replace(AFTER, strategy=strategy, slice=score, slice_gain=gain)


def chosen(*candidates: Candidate, scale: float = 1.0) -> str | None:
    found = decide(BEFORE, candidates, accuracy_scale=scale, images=200).chosen
    return None if found is None else found.strategy


def test_a_better_adaptation_is_chosen_with_a_reason() -> None:
    decision = decide(BEFORE, [AFTER], accuracy_scale=1.0, images=200)
    assert decision.chosen is AFTER
    assert "closer to those of the training images, its mutual information is higher" in decision.reason


@pytest.mark.parametrize(
    ("scores", "why"),
    [
        ({"source_validation": 0.9 - MAX_SOURCE_LOSS - 0.01}, "loses too much on the source"),
        ({"class_distance": 0.3 - MIN_CLASS_GAIN + 0.01}, "classes are not clearly closer to those"),
        ({"mutual_information": 0.4}, "mutual information is not higher"),
    ],
)
def test_each_score_can_refuse(scores: dict[str, Any], why: str) -> None:
    bad = changed(AFTER, **scores)
    assert why in fault(BEFORE, bad, accuracy_scale=1.0, images=200)
    decision = decide(BEFORE, [bad], accuracy_scale=1.0, images=200)
    assert decision.chosen is None
    assert decision.reason == f"coral: {fault(BEFORE, bad, accuracy_scale=1.0, images=200)}"


def test_few_images_must_come_closer_by_more() -> None:
    close = changed(AFTER, class_distance=0.15)
    assert fault(BEFORE, close, accuracy_scale=1.0, images=100) == ""
    assert "not clearly closer" in fault(BEFORE, close, accuracy_scale=1.0, images=10)


def test_the_source_loss_is_in_units_of_accuracy() -> None:
    loss = changed(AFTER, source_validation=0.6)
    assert chosen(loss) is None
    assert chosen(loss, scale=10.0) == "coral"


def test_among_adaptations_without_fault_the_source_validation_decides() -> None:
    other = changed(AFTER, "dann", source_validation=0.92, mutual_information=0.5)
    assert chosen(AFTER, other) == "dann"
    assert chosen(AFTER, changed(other, "dann", class_distance=0.5)) == "coral"
    assert chosen(AFTER, changed(AFTER, "dann", mutual_information=0.7)) == "dann"


def test_a_labelled_slice_overrides_the_scores_without_labels() -> None:
    worse = replace(on_slice("coral", 0.9, 0.02, 0.3), scores=replace(AFTER.scores, mutual_information=0.0))
    assert chosen(worse) == "coral"
    decision = decide(BEFORE, [on_slice("coral", 0.9, -0.01, 0.2)], accuracy_scale=1.0, images=200)
    assert decision.chosen is None
    assert decision.reason == "the best adaptation, coral, is not measurably better on 40 labelled images"


def test_only_the_best_on_the_slice_counts() -> None:
    assert chosen(on_slice("coral", 0.8, 0.1, 0.2), on_slice("dann", 0.9, -0.1, 0.4)) is None
    assert chosen(on_slice("coral", -0.4, 0.1, 0.2), on_slice("dann", -0.6, 0.05, 0.2)) == "coral"


def test_the_best_of_several_needs_a_smaller_p_value() -> None:
    best, other = on_slice("coral", 0.9, 0.02, 0.3, p=0.03), on_slice("dann", 0.8, 0.02, 0.3)
    assert chosen(best) == "coral"
    assert chosen(best, other) is None


def test_a_collapsed_model_is_refused_if_the_slice_lacks_a_class() -> None:
    collapsed = changed(on_slice("coral", 0.99, 0.1, 0.3), class_distance=0.6)
    assert chosen(collapsed) == "coral"
    alone = decide(BEFORE, [collapsed], accuracy_scale=1.0, images=200, slice_has_all_classes=False)
    assert alone.chosen is None
    assert alone.reason == "coral: its predicted classes are too far from those of the training images"
    both = [collapsed, on_slice("dann", 0.9, 0.1, 0.3)]
    left = decide(BEFORE, both, accuracy_scale=1.0, images=200, slice_has_all_classes=False).chosen
    assert left is both[1]


def test_without_an_adaptation_nothing_is_chosen() -> None:
    assert chosen() is None


def test_the_p_value_of_the_domain_classifier_decides_whether_images_differ() -> None:
    assert differs(Shift(MAX_P - 0.01, 3.0, 0.7, 100, 100))
    assert not differs(Shift(MAX_P, 1.0, 0.55, 100, 100))
