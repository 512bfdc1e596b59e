"""Check the strip of a run's seconds."""

from __future__ import annotations

import xml.etree.ElementTree as ET

import pytest

from autotl.report import figures
from autotl.report.figures import Spent

SVG = "{http://www.w3.org/2000/svg}"
PARTS = [
    Spent("import", "import", 4.0),
    Spent("prepare", "forward", 10.0),
    Spent("prepare", "similarity", 2.0),
    Spent("search", "train", 30.0),
    Spent("report", "other", 0.01),
]


@pytest.mark.parametrize("width", [figures.WIDE, figures.HALF, figures.NARROW])
def test_segments_fill_the_width_in_proportion(width: float) -> None:
    root = ET.fromstring(figures.timeline(PARTS, width=width))
    segments = [group.find(f"{SVG}rect") for group in root.iter(f"{SVG}g")]
    widths = [float(each.get("width", "0")) for each in segments if each is not None]
    assert sum(widths) == pytest.approx(width, abs=0.5)
    assert widths[3] == pytest.approx(width * 30 / 46.01, abs=0.2)
    height = float(root.get("height", "0"))
    for text in root.iter(f"{SVG}text"):
        assert 0 <= float(text.get("y", "-1")) <= height


def test_the_legend_adds_activities_up_and_names_the_rest() -> None:
    svg = figures.timeline([*PARTS, Spent("test", "forward", 2.0)])
    words = [text.text for text in ET.fromstring(svg).iter(f"{SVG}text")]
    assert "forward 12.0 s" in words
    assert "other work 6.0 s" in words


def test_each_part_has_its_words() -> None:
    assert "prepare, similarity: 2.0 s" in figures.timeline(PARTS)


def test_without_seconds_there_is_no_strip() -> None:
    assert figures.timeline([]) == ""
