"""Sentences about images become sentences about other inputs; names, paths and options stay."""

from __future__ import annotations

import pytest

from autotl.errors import DataError, UnknownName
from autotl.modalities import errors_about, worded
from autotl.modalities.words import counted


@pytest.mark.parametrize(
    ("sentence", "expected"),
    [
        ("An image of `my image` is one of 3 images.", "A text of `my image` is one of 3 texts."),
        ("Images have an image_size.", "Texts have an image_size."),
        ("It takes image inputs, not text inputs.", "It takes image inputs, not text inputs."),
        ("Try another image size.", "Try another input size."),
        (
            "Read 'image' and images/a.txt (--image COLUMN).",
            "Read 'image' and images/a.txt (--image COLUMN).",
        ),
        ("The column image.csv has 5 images.", "The column image.csv has 5 texts."),
        ("Its inputs have no mirror images.", "Its inputs have no mirror images."),
    ],
)
def test_nouns_and_articles_change_and_names_stay(sentence: str, expected: str):
    assert worded(sentence, "text") == expected
    assert worded(sentence, "image") == sentence


def test_an_article_agrees_with_the_noun():
    assert worded("An image and an image size.", "row") == "A row and an input size."
    assert worded("It is an image.", "utterance") == "It is an utterance."


def test_drawings_have_the_noun_after_numbers_alone():
    svg = '<g class="image"><title>image taken for images: 3 images</title></g>'
    assert counted(svg, "text") == '<g class="image"><title>image taken for images: 3 texts</title></g>'


def test_errors_in_a_block_name_the_inputs():
    with pytest.raises(DataError, match=r"^Add texts of the class 'image'\.$"), errors_about("text"):
        raise DataError("Add images of the class 'image'.")
    with pytest.raises(UnknownName, match="No column called 'image'"), errors_about("text"):
        raise UnknownName("column", "image", ["a"])
