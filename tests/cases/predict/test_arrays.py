"""Arrays to predict on are seen as the pictures that they are, or refused."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
import torch

from autotl.api import PixelScale
from autotl.errors import DataError
from autotl.results.by_target.prediction_rows import PredictionOptions
from autotl.results.predictions import prediction_table
from tests.cases.pictures import Brightness

DARK, LIGHT = np.full((10, 12, 3), 20, np.uint8), np.full((10, 12, 3), 230, np.uint8)
BOTH = np.stack([DARK, LIGHT])


def labels(images: Any, scale: PixelScale | None = None) -> list[str | None]:
    return prediction_table(images, Brightness(scale), PredictionOptions())["label"].tolist()


@pytest.mark.parametrize(
    "images",
    [
        BOTH,
        BOTH[..., 0],
        BOTH[..., :1],
        BOTH.transpose(0, 3, 1, 2),
        BOTH.astype(np.uint16) * 257,
        BOTH / 255,
        (BOTH / 255).astype(np.float16),
        BOTH.astype(np.float64),
        np.ma.masked_array(BOTH),
        BOTH.astype(object),
        list(BOTH.astype(np.uint16) * 257),
        (each for each in BOTH),
        torch.from_numpy(BOTH).permute(0, 3, 1, 2),
        (torch.from_numpy(BOTH).permute(0, 3, 1, 2) / 255).to(torch.bfloat16),
        (torch.from_numpy(BOTH).permute(0, 3, 1, 2) / 255).requires_grad_(),
    ],
    ids=[
        "uint8", "grey", "one-channel", "channels-first", "uint16", "to-1", "float16", "to-255", "masked",
        "objects", "list-of-uint16", "generator", "tensor", "bfloat16", "with-gradient",
    ],
)  # fmt: skip
def test_every_array_of_two_pictures_gives_two_answers(images: Any) -> None:
    assert labels(images) == ["dark", "light"]


@pytest.mark.parametrize(
    ("images", "answers"),
    [
        (LIGHT, ["light"]),
        (LIGHT[..., 0], ["light"]),
        (LIGHT[..., :1], ["light"]),
        (torch.from_numpy(LIGHT).permute(2, 0, 1), ["light"]),
        (torch.from_numpy(LIGHT[..., 0])[None], ["light"]),
        (LIGHT[None], ["light"]),
        (BOTH[..., 0][:, :, :8], ["dark", "light"]),
    ],
)
def test_one_picture_gives_one_answer(images: Any, answers: list[str]) -> None:
    assert labels(images) == answers


@pytest.mark.parametrize(
    ("images", "why"),
    [
        (LIGHT[..., :2], r"one image of 2 channels, or 10 grey images"),
        (np.repeat(LIGHT[..., :1], 7, axis=-1), "one image of 7 channels"),
        (BOTH > 127, "must be numbers .got bool"),
        ([BOTH[0] > 127], "must be numbers .got bool"),
        (BOTH.astype(complex), "must be numbers .got complex128"),
        ((BOTH / 255 - 0.5) / 0.2, "before any normalisation"),
        (BOTH.astype(np.int16) - 300, "before any normalisation"),
        (np.zeros((2, 9, 9, 5), np.uint8), "must have 1, 3 or 4 channels"),
        (np.zeros((1, 2, 9, 9, 3), np.uint8), "must have the shape"),
        (np.array(3), "must have the shape"),
        (np.zeros(3, dtype=[("x", "i4")]), "must have the shape"),
        (BOTH[:0], "no image was given"),
    ],
    ids=[
        "two-channels", "seven-channels", "mask", "list-of-masks", "complex", "normalised", "negative",
        "five-channels", "five-axes", "number", "records", "empty",
    ],
)  # fmt: skip
def test_other_arrays_are_refused(images: Any, why: str) -> None:
    with pytest.raises(DataError, match=why):
        labels(images)


def test_16_bits_are_seen_at_the_scale_of_the_model() -> None:
    dim = np.full((2, 9, 9, 3), 3_000, np.uint16)
    assert labels(dim, PixelScale(integers=(0, 65535))) == ["dark"] * 2
    assert labels(dim, PixelScale(integers=(0, 4095))) == ["light"] * 2
    assert labels((each for each in dim), PixelScale(integers=(0, 4095))) == ["light"] * 2
