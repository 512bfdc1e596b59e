"""The forms of images that an estimator takes, and what it refuses."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from PIL import Image
from scipy.sparse import csr_array

from autotl.errors import DataError
from autotl.estimators.images import listed_images

GREY = Image.new("L", (8, 8))


@pytest.mark.parametrize(
    ("shape", "each"),
    [((5, 8, 9), (8, 9)), ((5, 8, 9, 3), (8, 9, 3)), ((5, 3, 8, 9), (3, 8, 9)), ((3, 8, 9), (8, 9))],
)
def test_an_array_is_a_list_of_images(shape: tuple[int, ...], each: tuple[int, ...]) -> None:
    for dtype in (np.uint8, np.uint16, np.float32):
        assert {image.shape for image in listed_images(np.zeros(shape, dtype=dtype))} == {each}


def test_paths_need_no_suffix() -> None:
    names = ["a.png", "b"]
    for form in (names, np.array(names), np.array(names, dtype=object), pd.Series(names)):
        assert listed_images(form) == [Path("a.png"), Path("b")]


@pytest.mark.parametrize(
    ("wrong", "match"),
    [
        (np.zeros((20, 64)), r"Reshape rows of pixels to \(n, h, w\)"),
        (np.zeros((20, 8, 8, 5)), r"got an array of the shape \(20, 8, 8, 5\)"),
        (np.zeros(20), r"got an array of the shape \(20,\)"),
        (np.zeros((2, 8, 8), dtype=bool), r"whole numbers or floats \(got bool\)"),
        (np.zeros((0, 8, 8)), r"one image or more \(got an array of the shape \(0, 8, 8\)\)"),
        ([], "one image or more"),
        (csr_array(np.zeros((20, 64))), r"scipy\.sparse"),
        ("photos", "got the type str"),
        (GREY, "one entry for each image"),
        (None, "got the type NoneType"),
        (pd.DataFrame({"path": ["a.png"]}), r"of the shape \(1, 1\)"),
        ([[0, 1], [1, 0]], "got the type list as image 0"),
        ([GREY, np.zeros((8, 8))], "only arrays, or none"),
        (np.zeros((20, 64)).tolist(), "got the type list as image 0"),
    ],
)
def test_anything_else_is_refused_in_words(wrong: object, match: str) -> None:
    with pytest.raises(DataError, match=match):
        listed_images(wrong)
