from __future__ import annotations

import pytest
import torch

from autotl.api import Task
from autotl.errors import UnknownName
from autotl.testing import tiny_task
from autotl.training import balance_options, class_weights
from autotl.training.class_balance import epoch_order, row_weights

LABELS = torch.tensor([0] * 90 + [1] * 10)


def test_balanced_weights_make_every_class_count_the_same():
    weights = class_weights(LABELS)
    assert weights.mean() == pytest.approx(1)
    assert weights[LABELS == 0].sum() == pytest.approx(float(weights[LABELS == 1].sum()))


def test_a_class_that_is_not_there_gets_no_share():
    weights = class_weights(torch.tensor([0, 0, 2, 2]))
    assert weights.tolist() == [1, 1, 1, 1]


def test_own_weights_and_those_of_the_class_multiply():
    own = torch.linspace(0.5, 1.5, len(LABELS))
    assert row_weights(LABELS, None, "none") is None
    assert row_weights(LABELS, own, "none") is own
    assert row_weights(LABELS, own, "sampling") is own
    both = row_weights(LABELS, own, "weights")
    assert both is not None
    assert both.mean() == pytest.approx(1)
    ratio = both / (own * class_weights(LABELS))
    assert torch.allclose(ratio, ratio[0].expand_as(ratio))


def test_sampling_shows_each_class_about_equally_often():
    generator = torch.Generator().manual_seed(0)
    shown = torch.cat([LABELS[epoch_order(LABELS, "sampling", generator)] for _ in range(20)])
    assert 0.45 < shown.float().mean() < 0.55
    once = epoch_order(LABELS, "none", generator)
    assert sorted(once.tolist()) == list(range(len(LABELS)))


def test_balancing_is_searched_only_where_classes_are_uneven():
    def task(*rows: int) -> Task:
        return tiny_task(dict(zip("ab", rows, strict=True)))

    assert balance_options(task(100, 90)) == ["none"]
    assert balance_options(task(100, 20)) == ["none", "weights", "sampling"]


def test_an_unknown_way_is_named_with_those_there_are():
    with pytest.raises(UnknownName, match="sampling"):
        row_weights(LABELS, None, "samplin")
