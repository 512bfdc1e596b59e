"""Figures of labels and numbers are drawn in any width, and not without numbers."""

from __future__ import annotations

import xml.etree.ElementTree as ET

import pytest

from autotl.report import figures

SVG = "{http://www.w3.org/2000/svg}"
WIDTHS = [figures.WIDE, figures.HALF, figures.NARROW]
POINTS = [(1.0, 2.0), (3.0, 2.5), (10.0, 12.0)]


def inside(svg: str, width: float) -> bool:
    root = ET.fromstring(svg)
    height = float(root.get("height") or 0)
    places = [
        (float(shape.get(x) or 0), float(shape.get(y) or 0))
        for shape in root.iter()
        for x, y in (("x", "y"), ("x1", "y1"), ("x2", "y2"), ("cx", "cy"))
        if shape.get(x)
    ]
    for polygon in root.iter(f"{SVG}polygon"):
        corners = [pair.split(",") for pair in (polygon.get("points") or "").split()]
        places += [(float(x), float(y)) for x, y in corners]
    return all(0 <= x <= width and 0 <= y <= height for x, y in places)


@pytest.mark.parametrize("width", WIDTHS)
@pytest.mark.parametrize("half_width", [None, 1.5, 100.0])
def test_predictions_are_drawn_against_the_truth(width: float, half_width: float | None) -> None:
    svg = figures.scatter(POINTS, "age <years>", half_width=half_width, width=width)
    assert inside(svg, width)
    assert len(list(ET.fromstring(svg).iter(f"{SVG}circle"))) == 3
    assert "<years>" not in svg


@pytest.mark.parametrize("width", WIDTHS)
def test_a_histogram_has_a_bar_for_each_bin_with_images(width: float) -> None:
    svg = figures.histogram([-2.0, -1.0, 0.0, 1.0], [3, 0, 12], name="residual", zero=True, width=width)
    assert inside(svg, width)
    assert len(list(ET.fromstring(svg).iter(f"{SVG}rect"))) == 2


@pytest.mark.parametrize("width", WIDTHS)
def test_labels_have_bars(width: float) -> None:
    bars = [figures.LabelBar("a" * 80, 5, 0.4, None), figures.LabelBar("b", 9, None, 0.5)]
    svg = figures.labels(bars, width=width)
    assert inside(svg, width)
    assert len(list(ET.fromstring(svg).iter(f"{SVG}rect"))) == 1


def test_without_numbers_there_is_no_figure() -> None:
    assert figures.scatter([], "age") == ""
    assert figures.scatter([(1.0, 1.0)], "age") == ""
    assert figures.histogram([], [], name="age") == ""
    assert figures.histogram([1.0, 1.0], [4], name="age") == ""
    assert figures.labels([]) == ""
    assert figures.labels([figures.LabelBar(str(i), 1, 0.5, 0.5) for i in range(31)]) == ""
