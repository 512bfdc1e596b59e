"""Figures of the delivered model: its stages, its mistakes and its probabilities."""

from __future__ import annotations

import xml.etree.ElementTree as ET

import pytest

from autotl.report import figures
from autotl.report.figures import Bin, StageBar

SVG = "{http://www.w3.org/2000/svg}"
WIDTHS = [figures.WIDE, figures.HALF, figures.NARROW]


def words(svg: str) -> str:
    return " ".join(text.text or "" for text in ET.fromstring(svg).iter(f"{SVG}text"))


def inside(svg: str, width: float) -> bool:
    root = ET.fromstring(svg)
    height = float(root.get("height", "0"))
    across = [float(each.get(a, "0")) for each in root.iter() for a in ("x", "x1", "x2", "cx")]
    down = [float(each.get(a, "0")) for each in root.iter() for a in ("y", "y1", "y2", "cy")]
    return all(0 <= x <= width for x in across) and all(0 <= y <= height for y in down)


@pytest.mark.parametrize("width", WIDTHS)
def test_each_stage_has_its_weights_and_its_distance(width: float) -> None:
    stages = [
        StageBar("blocks.0", "frozen", 0.2, 0.0),
        StageBar("blocks.1", "tuned", 0.7, 0.0425),
        StageBar("classifier (1280 → 5)", "new", 0.1),
    ]
    svg = figures.network(stages, width=width)
    assert inside(svg, width)
    shown = words(svg)
    assert "4.2%" in shown or "4.3%" in shown
    assert "starts at random" in shown
    assert "blocks.0: transferred and frozen, 20.0% of the weights, moved by 0 of the source" in svg
    assert figures.network([]) == ""


@pytest.mark.parametrize("width", WIDTHS)
@pytest.mark.parametrize("classes", [43, 100])
def test_many_classes_have_a_heat_map_of_the_cells_that_are_not_empty(classes: int, width: float) -> None:
    names = [f"sign {i:05}" for i in range(classes)]
    matrix = [[9 if i == j else int((i + 1) % classes == j) for j in range(classes)] for i in range(classes)]
    svg = figures.confusion(matrix, names, width=width)
    assert inside(svg, width)
    cells = [group for group in ET.fromstring(svg).iter(f"{SVG}g")]
    assert len(cells) == 2 * classes
    assert "sign 00000 predicted as sign 00001: 1 image" in svg
    assert len(svg) < 120_000
    assert ("sign 00004" in words(svg)) == (classes == 43 and width != figures.NARROW)


def test_more_than_a_hundred_classes_have_no_heat_map() -> None:
    assert figures.confusion([[1] * 101] * 101, [str(i) for i in range(101)]) == ""


def test_numbers_in_cells_are_never_on_a_dark_ground() -> None:
    svg = figures.confusion([[20, 0], [0, 20]], ["a", "b"])
    shades = [float(each.get("fill-opacity", "1")) for each in ET.fromstring(svg).iter(f"{SVG}rect")]
    assert max(shades) <= 0.5


@pytest.mark.parametrize("width", WIDTHS)
def test_probabilities_are_drawn_before_and_after(width: float) -> None:
    after, before = [Bin(0.5, 0.4, 10), Bin(0.95, 1.0, 3)], [Bin(0.6, 0.4, 10), Bin(0.99, 1.0, 3)]
    svg = figures.reliability(after, before, width=width)
    assert inside(svg, width)
    assert "without temperature" in words(svg)
    assert "50.0% stated, 40.0% right of 10" in svg
    assert "without temperature" not in words(figures.reliability(after))
    assert figures.reliability([]) == ""
