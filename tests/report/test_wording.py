"""A section about images becomes one about texts; cells of tables and names in drawings stay."""

from __future__ import annotations

from autotl.report.section import Figure, Section, Table
from autotl.report.wording import document_about, section_about


def test_cells_of_tables_and_names_in_drawings_stay():
    section = Section(
        name="a", title="Images", link="Images", sentences=("One image.",),
        tables=(Table(("Image", "Class"), (("row 1: an image", "images"),)),),
        figures=(Figure("b", "Images of a class", lambda width: f"image, {width:.0f} images"),),
    )  # fmt: skip
    found = section_about(section, "text")
    assert (found.title, found.sentences) == ("Texts", ("One text.",))
    assert found.tables[0].headings == ("Text", "Class")
    assert found.tables[0].rows == section.tables[0].rows
    assert (found.figures[0].caption, found.figures[0].draw(9)) == ("Texts of a class", "image, 9 texts")
    assert section_about(section, "image") is section


def test_the_sentences_of_a_report_name_the_inputs():
    document = {
        "verdict": {
            "sentence": "It helps on 5 test images.", "caveat": "", "cost": "", "delivered": "a on b",
            "warnings": ["3 images leak."], "strategy": "image",
        },
        "next": [{"about": "labelled images", "sentence": "Label 9 images."}],
        "notes": ["Reads 5 images."],
    }  # fmt: skip
    found = document_about(document, "text")
    assert found["verdict"]["sentence"] == "It helps on 5 test texts."
    assert found["verdict"]["warnings"] == ["3 texts leak."]
    assert found["verdict"]["strategy"] == "image"
    assert found["next"] == [{"about": "labelled images", "sentence": "Label 9 texts."}]
    assert found["notes"] == ["Reads 5 texts."]
    assert document_about(document, "image") == document
