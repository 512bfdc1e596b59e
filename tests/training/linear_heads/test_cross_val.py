"""Scoring rows by classifiers that have not seen them."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from sklearn.linear_model import LogisticRegression
from torch import Tensor

from autotl.api import HeadSetting
from autotl.training import out_of_fold_logits
from autotl.training.linear_heads.cross_val import stratified_parts


def clusters(sizes: tuple[int, ...], d: int, *, apart: float = 1.0) -> tuple[Tensor, Tensor]:
    rng = np.random.default_rng(0)
    y = np.repeat(np.arange(len(sizes)), sizes)
    x = apart * rng.normal(size=(len(sizes), d))[y] + rng.normal(size=(len(y), d))
    return torch.from_numpy(x).float(), torch.from_numpy(y)


def fold_of(x: Tensor, y: Tensor, parts: int) -> Tensor:
    """The part that each row is dealt to."""
    out = torch.full((len(y),), -1)
    for number, part in enumerate(stratified_parts(x, y, parts)):
        out[part] = number
    return out


def test_each_row_gets_the_logits_of_a_classifier_that_was_fitted_to_the_other_parts() -> None:
    x, y = clusters((30, 40, 50), 6)
    parts = stratified_parts(x, y, 4)
    logits = out_of_fold_logits(x, y, classes=3, parts=parts, setting=HeadSetting(0.1, standardise=False))
    assert logits.dtype == torch.float32
    for held in parts:
        rest = torch.ones(len(y), dtype=torch.bool)
        rest[held] = False
        model = LogisticRegression(C=0.1, max_iter=5000, tol=1e-8).fit(x[rest].double(), y[rest])
        expected = model.predict_proba(x[held].double())
        np.testing.assert_allclose(logits[held].softmax(1), expected, atol=0.03)


def test_given_parts_equal_the_made_ones() -> None:
    x, y = clusters((20, 30), 4)
    assert torch.equal(
        out_of_fold_logits(x, y, classes=2, parts=3),
        out_of_fold_logits(x, y, classes=2, parts=stratified_parts(x, y, 3)),
    )


def test_random_labels_cannot_be_memorised() -> None:
    x = torch.randn(120, 300, generator=torch.Generator().manual_seed(0))
    y = torch.arange(120) % 2
    right = (out_of_fold_logits(x, y, classes=2).argmax(1) == y).float().mean()
    assert 0.3 < right < 0.7


@pytest.mark.parametrize("sizes", [(2, 2), (1, 3, 7), (40, 3, 26, 5), (2,) * 9])
def test_every_class_is_spread_as_evenly_as_it_can_be(sizes: tuple[int, ...]) -> None:
    x, y = clusters(sizes, 3)
    fold = fold_of(x, y, 4)
    whole = fold.bincount(minlength=4)
    assert len(whole) == 4
    assert whole.max() - whole.min() <= 1
    for label in range(len(sizes)):
        own = fold[y == label].bincount(minlength=4)
        assert own.max() - own.min() <= 1


def test_neither_the_order_of_the_rows_nor_the_numbers_of_the_classes_move_a_row() -> None:
    x, y = clusters((7, 9, 12), 3)
    fold = fold_of(x, y, 5)
    assert torch.equal(fold_of(x, torch.tensor([2, 0, 1])[y], 5), fold)
    mixed = torch.randperm(len(y), generator=torch.Generator().manual_seed(0))
    assert torch.equal(fold_of(x[mixed], y[mixed], 5), fold[mixed])


def test_there_are_no_more_parts_than_rows() -> None:
    x, y = clusters((2, 2), 3)
    assert len(stratified_parts(x, y, 5)) == 4
    assert out_of_fold_logits(x, y, classes=2, parts=5).isfinite().all()


def test_features_that_never_change_do_no_harm() -> None:
    assert out_of_fold_logits(torch.full((12, 3), 0.1), torch.arange(12) % 2, classes=2).isfinite().all()


def test_the_cancellation_check_may_end_the_work() -> None:
    class Enough(Exception):
        pass

    def stop() -> None:
        raise Enough

    x, y = clusters((10, 10), 3)
    with pytest.raises(Enough):
        out_of_fold_logits(x, y, classes=2, check_cancelled=stop)
