"""The difference of two runs is paired by image, and stated only if it can be."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest

import autotl
from autotl.api import TargetSpec
from autotl.errors import RunError
from autotl.evaluation import gain
from autotl.targets import target_of
from tests.support.run_folders import CLASSES, logits, save_run

IMAGES = 90
TRUTH = np.arange(IMAGES) % 3
LABELS = TargetSpec("multi_label", ("cat", "dog"))
NUMBERS = TargetSpec("regression", ("age", "height"))


def wrong_on(*rows: int) -> Any:
    """Outputs that are right but for some rows."""
    answers = TRUTH.copy()
    answers[list(rows)] = (answers[list(rows)] + 1) % 3
    return logits(answers.tolist())


def test_the_difference_of_accuracies_is_newcombes_paired_by_image(tmp_path: Path) -> None:
    ours, theirs = wrong_on(*range(12)), wrong_on(0, 1, 30)
    save_run(tmp_path / "a", TRUTH, ours)
    save_run(tmp_path / "b", TRUTH, theirs)
    found = autotl.compare(tmp_path / "a", tmp_path / "b")
    expected = gain(TRUTH, theirs, ours, metric="accuracy", seed=0)
    row = found.table().iloc[1]
    assert (row["difference"], row["difference_low"], row["difference_high"]) == (
        expected.value,
        *expected.ci95,
    )
    assert row["p"] == expected.p
    assert (row["better_images"], row["worse_images"]) == (10, 1)
    assert row["answer"] == "better"
    (sentence,) = found.sentences
    assert sentence.startswith("b is 10.0 points better in accuracy than a (95% interval +")
    assert sentence.endswith("paired on 90 test images).")


def test_the_images_that_one_run_alone_gets_right_are_listed(tmp_path: Path) -> None:
    save_run(tmp_path / "a", TRUTH, wrong_on(0, 5))
    save_run(tmp_path / "b", TRUTH, wrong_on(5, 7))
    found = autotl.compare(tmp_path / "a", tmp_path / "b").disagreements()
    assert found["path"].tolist() == ["0.jpg", "7.jpg"]
    assert found["right"].tolist() == ["b", "a"]
    assert found["given"].tolist() == ["cat", "dog"]
    assert found["predicted_first"].tolist() == ["dog", "dog"]
    assert found["predicted"].tolist() == ["cat", "emu"]


def test_a_difference_whose_interval_holds_0_is_not_measurable(tmp_path: Path) -> None:
    save_run(tmp_path / "a", TRUTH, wrong_on(0, 5))
    save_run(tmp_path / "b", TRUTH, wrong_on(5, 7, 9))
    found = autotl.compare(tmp_path / "a", tmp_path / "b")
    assert found.table()["answer"].tolist()[1] == "no measurable difference"
    assert found.sentences[0].startswith("No measurable difference in accuracy: b −1.1 points against a")


def test_images_are_paired_by_their_pixels_not_by_name_order_or_class_order(tmp_path: Path) -> None:
    outputs = wrong_on(3, 4)
    save_run(tmp_path / "a", TRUTH, outputs)
    order = np.random.default_rng(0).permutation(IMAGES)
    spec, place = TargetSpec("single_label", ("emu", "cat", "dog")), np.array([1, 2, 0])
    save_run(
        tmp_path / "b",
        place[TRUTH[order]],
        outputs[order][:, [2, 0, 1]],
        spec=spec,
        digests=[f"{row:032x}" for row in order],
        items=[f"elsewhere/{row}" for row in range(IMAGES)],
    )
    (sentence,) = autotl.compare(tmp_path / "a", tmp_path / "b").sentences
    assert sentence == "No measurable difference: b and a predict the same for all 90 test images."


def test_images_of_one_name_keep_their_own_digests(tmp_path: Path) -> None:
    same_name = ["one.jpg"] * IMAGES
    save_run(tmp_path / "a", TRUTH, wrong_on(0), items=same_name)
    save_run(tmp_path / "b", TRUTH, wrong_on(1))
    row = autotl.compare(tmp_path / "a", tmp_path / "b").table().iloc[1]
    assert (row["better_images"], row["worse_images"]) == (1, 1)


def test_runs_are_compared_on_the_images_that_both_scored(tmp_path: Path) -> None:
    few = [3, 40, 7, 81]  # as if the time was too short for the others
    save_run(tmp_path / "a", TRUTH, wrong_on(0, 3, 7))
    save_run(tmp_path / "b", TRUTH, wrong_on(81), scored=few)
    found = autotl.compare(tmp_path / "a", tmp_path / "b")
    row = found.table().iloc[1]
    assert (row["better_images"], row["worse_images"]) == (2, 1)
    assert row["difference"] == pytest.approx(1 / 4)
    assert (row["test_images"], row["scored_images"], row["same_test_images"]) == (IMAGES, 4, True)
    assert set(found.disagreements()["path"]) == {"3.jpg", "7.jpg", "81.jpg"}
    assert "a scored 90 test images. They are compared on the 4 images that both scored." in found.notes
    assert "paired on 4 test images" in found.sentences[0]


def test_images_of_one_name_cannot_be_paired_if_some_were_not_scored(tmp_path: Path) -> None:
    save_run(tmp_path / "a", TRUTH, wrong_on(0), items=["one.jpg"] * IMAGES, scored=[1, 2])
    save_run(tmp_path / "b", TRUTH, wrong_on(1))
    assert "of a list different test images" in autotl.compare(tmp_path / "a", tmp_path / "b").sentences[0]


def test_rounded_probabilities_keep_the_answers_of_the_run(tmp_path: Path) -> None:
    outputs = np.zeros((IMAGES, 3), dtype=np.float32)
    outputs[:, 2] = 1e-7  # the file has thirds for all classes
    save_run(tmp_path / "a", TRUTH, outputs)
    save_run(tmp_path / "b", TRUTH, wrong_on())
    found = autotl.compare(tmp_path / "a", tmp_path / "b").table()
    assert found["difference"][1] == pytest.approx(1 - found["test"][0])


@pytest.mark.parametrize(
    ("change", "why"),
    [
        ({"digests": [f"{row:032x}" for row in range(5, IMAGES + 5)]}, "90 of `a`, 90 of `b`, 85 in both"),
        (
            {"targets": (TRUTH + (np.arange(IMAGES) < 3)) % 3},
            "other targets for 3 of the same 90",
        ),
        ({"spec": TargetSpec("single_label", ("cat", "dog", "ox"))}, "only `a` has `emu`, only `b` has `ox`"),
        ({"spec": LABELS, "targets": np.eye(2)[TRUTH % 2], "outputs": np.ones((IMAGES, 2))}, "one class in"),
    ],
)
def test_runs_that_cannot_be_paired_are_not_compared_and_it_says_why(
    tmp_path: Path, change: dict[str, Any], why: str
) -> None:
    save_run(tmp_path / "a", TRUTH, wrong_on(0))
    given = {"targets": TRUTH, "outputs": wrong_on(1)} | change
    save_run(tmp_path / "b", **given)
    found = autotl.compare(tmp_path / "a", tmp_path / "b")
    assert found.sentences[0].startswith("b and a cannot be compared by image: ")
    assert why.replace("`", "") in found.sentences[0]
    row = found.table().iloc[1]
    assert row["answer"] == "not compared"
    assert row[["difference", "better_images"]].isna().all()
    assert found.disagreements().empty


def test_several_labels_are_compared_by_their_metric(tmp_path: Path) -> None:
    rng = np.random.default_rng(0)
    truth = (rng.random((IMAGES, 2)) < 0.4).astype(np.float32)
    ours, theirs = (truth * 4 - 2 + rng.normal(size=truth.shape) * noise for noise in (3.0, 0.1))
    save_run(tmp_path / "a", truth, ours, spec=LABELS)
    save_run(tmp_path / "b", truth, theirs, spec=LABELS)
    row = autotl.compare(tmp_path / "a", tmp_path / "b").table().iloc[1]
    target = target_of(LABELS)
    expected = gain(
        truth,
        theirs.astype(np.float32),
        ours.astype(np.float32),
        metric="mean_average_precision",
        seed=0,
        target=target,
    )
    assert row["difference"] == pytest.approx(expected.value, abs=1e-3)
    assert row["answer"] == "better"
    right = [target.correct(each.astype(np.float32), truth) for each in (ours, theirs)]
    assert row["better_images"] == (right[1] & ~right[0]).sum()


def test_numbers_are_better_with_smaller_errors(tmp_path: Path) -> None:
    rng = np.random.default_rng(0)
    truth = rng.normal(size=(IMAGES, 2)) * [10, 0.2] + [40, 1.7]
    errors = rng.normal(size=truth.shape) * [4, 0.1]
    save_run(tmp_path / "a", truth, truth + errors, spec=NUMBERS)
    save_run(tmp_path / "b", truth, truth + errors / 2, spec=NUMBERS)
    found = autotl.compare(tmp_path / "a", tmp_path / "b")
    row = found.table().iloc[1]
    assert row["difference"] == pytest.approx(np.abs(errors).mean(0).mean() / 2, rel=1e-4)
    assert (row["answer"], row["better_images"], row["worse_images"]) == ("better", IMAGES, 0)
    listed = found.disagreements()
    assert set(listed["closer"]) == {"b"}
    assert set(listed["number"]) == set(NUMBERS.names)
    change = np.abs(errors) / truth.std(0) / 2
    row_of_largest, number = np.unravel_index(change.argmax(), change.shape)
    assert (listed["path"][0], listed["number"][0]) == (f"{row_of_largest}.jpg", NUMBERS.names[number])


def test_a_lower_log_loss_is_better(tmp_path: Path) -> None:
    save_run(tmp_path / "a", TRUTH, wrong_on(0, 1, 2) / 2, metric="log_loss")
    save_run(tmp_path / "b", TRUTH, wrong_on(), metric="log_loss")
    row = autotl.compare(tmp_path / "a", tmp_path / "b").table().iloc[1]
    assert row["difference"] > 0
    assert row["difference_metric"] == "log_loss"


def test_runs_with_other_metrics_are_compared_by_that_of_the_first(tmp_path: Path) -> None:
    save_run(tmp_path / "a", TRUTH, wrong_on(0))
    save_run(tmp_path / "b", TRUTH, wrong_on(1), metric="macro_f1")
    found = autotl.compare(tmp_path / "a", tmp_path / "b")
    assert found.table()["difference_metric"].tolist()[1] == "accuracy"
    assert "b optimised macro f1, and a accuracy." in " ".join(found.notes)
    given = autotl.compare(tmp_path / "a", tmp_path / "b", metric="log_loss")
    assert given.table()["difference_metric"].tolist()[1] == "log_loss"
    assert "optimised" not in " ".join(given.notes)


def test_a_function_that_a_report_names_is_not_imported(tmp_path: Path) -> None:
    test = {"metric": "evil:run", "value": 0.9, "ci95": [0.8, 1.0], "n": IMAGES}
    save_run(tmp_path / "a", TRUTH, wrong_on(0), test=test)
    save_run(tmp_path / "b", TRUTH, wrong_on(1), test=test)
    found = autotl.compare(tmp_path / "a", tmp_path / "b")
    assert found.table()["difference_metric"].tolist()[1] == "accuracy"
    assert "a used the function evil:run as metric" in " ".join(found.notes)


def test_several_p_values_are_corrected_by_holm(tmp_path: Path) -> None:
    save_run(tmp_path / "a", TRUTH, wrong_on(*range(6)))
    for name in "bcd":  # six images alone: p = .031, above .05 / 3
        save_run(tmp_path / name, TRUTH, wrong_on())
    two = autotl.compare(tmp_path / "a", tmp_path / "b")
    four = autotl.compare(*(tmp_path / name for name in "abcd"))
    assert two.table()["answer"].tolist()[1:] == ["better"]
    assert two.table()["p_corrected"][1] == two.table()["p"][1]
    assert four.table()["p_corrected"][1:].tolist() == pytest.approx([3 * p for p in four.table()["p"][1:]])
    assert set(four.table()["answer"].tolist()[1:]) == {"no measurable difference"}
    assert "not below .05 after Holm's correction" in four.sentences[0]


def test_a_damaged_table_is_an_error_with_its_path(tmp_path: Path) -> None:
    save_run(tmp_path / "a", TRUTH, wrong_on(0), spec=CLASSES)
    save_run(tmp_path / "b", TRUTH, wrong_on(1))
    table = (tmp_path / "b" / "test.csv").read_text(encoding="utf-8")
    (tmp_path / "b" / "test.csv").write_text(table.replace("answer", "other", 1), encoding="utf-8")
    with pytest.raises(RunError, match=r"test\.csv cannot be read.*Restore the file"):
        autotl.compare(tmp_path / "a", tmp_path / "b")
