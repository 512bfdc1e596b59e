"""Sentences about images become sentences about texts; names stay."""

from __future__ import annotations

from autotl.report.section import Section, Table
from autotl.report.wording import section_about, worded


def test_nouns_and_articles_change_and_names_stay():
    assert (
        worded("An image of `my image` is one of 3 images.", "text")
        == "A text of `my image` is one of 3 texts."
    )
    assert worded("Images have an image_size.", "text") == "Texts have an image_size."
    assert worded("An image.", "image") == "An image."


def test_cells_of_tables_stay():
    section = Section(
        name="a", title="Images", link="Images", sentences=("One image.",),
        tables=(Table(("Image", "Class"), (("row 1: an image", "images"),)),),
    )  # fmt: skip
    found = section_about(section, "text")
    assert (found.title, found.sentences) == ("Texts", ("One text.",))
    assert found.tables[0].headings == ("Text", "Class")
    assert found.tables[0].rows == section.tables[0].rows
    assert section_about(section, "image") is section
