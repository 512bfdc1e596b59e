"""Figures of the gain on each class, and of more images."""

from __future__ import annotations

import xml.etree.ElementTree as ET

import pytest

from autotl.report import figures
from autotl.report.figures import ClassGainBar, SizePoint
from autotl.report.figures.gains.class_gains import MOST

SVG = "{http://www.w3.org/2000/svg}"
WIDTHS = [figures.WIDE, figures.NARROW]


def words(svg: str) -> list[str]:
    return [text.text or "" for text in ET.fromstring(svg).iter(f"{SVG}text")]


@pytest.mark.parametrize("width", WIDTHS)
def test_only_significant_gains_are_coloured(width: float) -> None:
    bars = [
        ClassGainBar("rose", 0.2, (0.1, 0.3), True),
        ClassGainBar("tulip", -0.1, (-0.2, -0.01), True),
        ClassGainBar("daisy", 0.05, (-0.1, 0.2)),
    ]
    svg = figures.class_gains(bars, width=width)
    circles = [each.get("class") for each in ET.fromstring(svg).iter(f"{SVG}circle")]
    assert circles == ["bad halo", "flat halo", "good halo"]  # the largest loss first
    assert "transfer is better on 1 and worse on 1" in svg
    assert "−10.0" in words(svg)
    assert figures.class_gains(bars[:1]) == ""


def test_the_middle_of_many_classes_is_left_out() -> None:
    bars = [ClassGainBar(f"class {i}", 0.01 * (i - 30)) for i in range(100)]
    shown = words(figures.class_gains(bars))
    assert "60 more between" in shown
    assert sum(each.startswith("class ") for each in shown) == MOST
    assert {"class 0", "class 19", "class 80", "class 99"} <= set(shown)


def test_gains_of_numbers_are_in_their_unit() -> None:
    bars = [ClassGainBar("age, lowest third", 1.25, (0.5, 2.0)), ClassGainBar("age, highest third", -3.5)]
    shown = words(figures.class_gains(bars, in_points=False, noun="range"))
    assert "+1.25" in shown
    assert "−3.50" in shown


@pytest.mark.parametrize("width", WIDTHS)
def test_a_forecast_continues_the_learning_curve(width: float) -> None:
    measured = [SizePoint(40, 0.6, (0.55, 0.65)), SizePoint(400, 0.8, (0.78, 0.82))]
    forecast = [SizePoint(550, 0.81, (0.78, 0.84)), SizePoint(1000, 0.85, (0.79, 0.9))]
    svg = figures.learning(measured, forecast, now=500, width=width)
    assert "forecast: 1,000 images, accuracy 85.0% (79.0% to 90.0%)" in svg
    assert "now 500 images" in words(svg)
    lines = [each.get("stroke-dasharray") for each in ET.fromstring(svg).iter(f"{SVG}polyline")]
    assert lines == ["4 3", None]
    assert "forecast" not in figures.learning(measured)
    assert figures.learning(measured[:1], forecast) == ""
    assert "now" not in words(figures.learning(measured, forecast, now=0))
