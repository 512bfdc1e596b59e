"""Names of the classes of torch datasets belong to their pictures, or are not used."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pandas as pd
import pytest
import torch
from torch.utils.data import Dataset, TensorDataset

from autotl.errors import DataError
from tests.cases.pictures import found, pixels


class Own(Dataset[Any]):
    """Pictures of two classes in turn; ``label`` makes a label of the class's index."""

    def __init__(self, label: Callable[[int], Any], **told: Any) -> None:
        self.label = label
        for name, value in told.items():
            setattr(self, name, value)

    def __len__(self) -> int:
        return 8

    def __getitem__(self, row: int) -> Any:
        return pixels(row % 2, row), self.label(row % 2)


@pytest.mark.parametrize(
    ("label", "told", "classes"),
    [
        (int, {"classes": np.array(["cat", "dog"])}, {"cat", "dog"}),
        (int, {"classes": pd.Index(["cat", "dog"])}, {"cat", "dog"}),
        (torch.tensor, {"classes": ["cat", "dog"]}, {"cat", "dog"}),
        (float, {"classes": ("cat", "dog")}, {"cat", "dog"}),
        (int, {"classes": ["same", "same"]}, {"0", "1"}),
        (int, {"classes": ["cat", "dog"], "class_to_idx": {"dog": 0, "cat": 1}}, {"cat", "dog"}),
        (bool, {"classes": ["cat", "dog"]}, {"False", "True"}),
        (lambda kind: 1 - 2 * kind, {"classes": ["cat", "dog"]}, {"-1", "1"}),
        (int, {"classes": 2}, {"0", "1"}),
        (int, {}, {"0", "1"}),
    ],
    ids=[
        "array", "index", "tensors", "floats", "same-name", "other-order", "booleans", "minus-one", "count",
        "none",
    ],
)  # fmt: skip
def test_names_count_if_they_surely_belong(
    label: Callable[[int], Any], told: dict[str, Any], classes: set[str]
) -> None:
    assert set(found(Own(label, **told)).labels) == classes


def test_class_to_idx_in_another_order_wins() -> None:
    data = Own(int, classes=["cat", "dog"], class_to_idx={"dog": 0, "cat": 1})
    reds = [row for row in range(8) if row % 2 == 0]
    assert found(data).labels == {"dog": len(reds), "cat": 8 - len(reds)}


@pytest.mark.parametrize(
    ("label", "why"),
    [
        (lambda kind: torch.eye(2)[kind], r"give labels\.argmax\(1\)"),
        (lambda kind: [kind], "A label must be one name or whole number"),
        (lambda kind: None, "8 of 8 labels are missing"),
        (lambda kind: {"class": kind}, "A label must be one name or whole number"),
        (lambda kind: kind / 2 + 0.25, "a name or a whole number"),
    ],
    ids=["one-hot", "list", "None", "dict", "floats"],
)
def test_labels_of_another_form_are_refused(label: Callable[[int], Any], why: str) -> None:
    with pytest.raises(DataError, match=why):
        found(Own(label))


def test_tensors_with_labels_are_read() -> None:
    images = torch.stack([torch.from_numpy(pixels(row % 2, row)).permute(2, 0, 1) for row in range(8)])
    assert found(TensorDataset(images, torch.tensor([0, 1] * 4))).labels == {"0": 4, "1": 4}
    with pytest.raises(DataError, match="got 1 values at 0"):
        found(TensorDataset(images))
