"""Names of parts are distinguished from similar names."""

from __future__ import annotations

import pytest

from autotl.data import part_of
from autotl.data.layout.part_names import is_fold_name, is_unlabelled_name, parse_name


@pytest.mark.parametrize(
    ("name", "part"),
    [
        *[
            (name, "train")
            for name in ("train", "Training Set", "train1", "trn", "train_data", "TrainImages", "trainset")
        ],
        *[(name, "val") for name in ("val", "validate", "eval", "evaluation", "dev", "Validation-Split")],
        *[
            (name, "test")
            for name in ("TEST", "tst", "hold-out", "holdout", "PublicTest", "PrivateTest", "test_images")
        ],
        ("train_val", "train"),
        *[
            (name, None)
            for name in ("seg_train", "train_station", "contest", "invalid", "untested", "data", "", "12")
        ],
    ],
)
def test_a_part_is_known_by_words_that_name_nothing_else(name: str, part: str | None) -> None:
    assert part_of(name) == part


def test_the_other_words_of_a_name_are_kept() -> None:
    assert parse_name("seg_train2").part == "train"
    assert parse_name("seg_train2").rest == ("seg",)


def test_folds_and_unlabelled_images_are_known_by_name() -> None:
    assert [is_fold_name(name) for name in ("fold_0", "Fold1", "kfold-3", "cv2", "fold", "scaffold_1")] == [
        True
    ] * 4 + [False] * 2
    assert [is_unlabelled_name(name) for name in ("unlabeled", "seg_pred", "predators")] == [
        True,
        True,
        False,
    ]
