"""Pictures in memory that are no pixels as people mean them are refused."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
import torch

from autotl.errors import DataError
from tests.cases.pictures import found, pixels

IMAGES = np.stack([pixels(number % 2, number) for number in range(8)])
LABELS = list("abababab")


@pytest.mark.parametrize(
    ("images", "why"),
    [
        (IMAGES > 127, "must hold numbers .got bool"),
        (IMAGES.astype(complex), "must hold numbers .got complex128"),
        ((IMAGES / 255.0 - 0.5) / 0.25, "before any normalisation"),
        (IMAGES.astype(np.int16) - 300, "before any normalisation"),
        (np.where(IMAGES > 250, np.nan, IMAGES / 255.0), "must be numbers .got NaN"),
        (IMAGES[:, :0], r"shape \(8, 0, 12, 3\)"),
        (IMAGES[..., :2], "must have 1, 3 or 4 channels"),
        (np.repeat(IMAGES[..., :1], 5, axis=-1), "must have 1, 3 or 4 channels"),
        (IMAGES[:, :, 0, 0], r"got \(8, 9\)"),
        (IMAGES[None], r"got \(1, 8, 9, 12, 3\)"),
        (IMAGES[:7], "same length .got 7 and 8"),
    ],
    ids=[
        "masks", "complex", "normalised", "negative", "nan", "no-rows", "two-channels", "five-channels",
        "lines", "five-axes", "one-less",
    ],
)  # fmt: skip
def test_other_arrays_are_refused(images: Any, why: str) -> None:
    with pytest.raises(DataError, match=why):
        found((images, LABELS))


@pytest.mark.parametrize(
    "images",
    [
        IMAGES.astype(np.uint16) * 257,
        (IMAGES / 255).astype(np.float16),
        torch.from_numpy(IMAGES).permute(0, 3, 1, 2),
        (torch.from_numpy(IMAGES).permute(0, 3, 1, 2) / 255).to(torch.bfloat16).requires_grad_(),
        [image if number % 2 else image.astype(np.uint16) * 257 for number, image in enumerate(IMAGES)],
        [image if number % 2 else image / 255.0 for number, image in enumerate(IMAGES)],
        [image[: 4 + number % 3] for number, image in enumerate(IMAGES)],
    ],
    ids=["uint16", "float16", "tensors", "bfloat16", "mixed-depths", "mixed-floats", "ragged"],
)
def test_arrays_of_every_type_are_read(images: Any) -> None:
    told = found((images, LABELS))
    assert told.labels == {"a": 4, "b": 4}
    assert told.unreadable == {}
