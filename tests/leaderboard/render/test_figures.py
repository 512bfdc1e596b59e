import re
import xml.etree.ElementTree as ET

import pytest

from autotl.leaderboard.render.figure_index import draw_figures
from autotl.leaderboard.render.figures.cost import CostPoint, cost_figure
from autotl.leaderboard.render.figures.critical import critical_figure
from autotl.leaderboard.render.figures.heat import MAX_OPACITY, HeatCell, heat_figure
from autotl.leaderboard.render.figures.territory import WinningFamily, territory_figure
from autotl.leaderboard.render.findings import findings
from autotl.report import figures

SVG = "{http://www.w3.org/2000/svg}"
HOSTILE = '</text><script>x</script>&"\x00'


def words_of(svg):
    return [text.text or "" for text in ET.fromstring(svg).iter(f"{SVG}text")]


@pytest.fixture
def found(suite):
    return findings(suite)


@pytest.mark.parametrize("width", [figures.WIDE, figures.NARROW])
def test_every_figure_has_a_text_alternative(found, width):
    drawn = draw_figures(found, width=width)
    assert list(drawn) == ["critical", "heat", "territory", "cost"]
    for svg in drawn.values():
        root = ET.fromstring(svg)
        title, description = root.find(f"{SVG}title"), root.find(f"{SVG}desc")
        assert title.text
        assert description.text
        assert root.get("aria-labelledby") == f"{title.get('id')} {description.get('id')}"


@pytest.mark.parametrize("width", [figures.WIDE, figures.NARROW])
def test_no_element_is_outside_the_frame(found, width):
    for svg in draw_figures(found, width=width).values():
        root = ET.fromstring(svg)
        height = float(root.get("height"))
        for shape in root.iter():
            across = [float(shape.get(a)) for a in ("x", "x1", "x2", "cx") if shape.get(a)]
            down = [float(shape.get(a)) for a in ("y", "y1", "y2", "cy") if shape.get(a)]
            assert all(0 <= x <= width for x in across), ET.tostring(shape)
            assert all(0 <= y <= height for y in down), ET.tostring(shape)


def test_figures_fetch_nothing(found):
    for svg in draw_figures(found).values():
        assert not re.search(r"url\(|href|@import|<script|src=", svg)
        assert svg.count("http") == 1  # the name of the SVG namespace


def test_names_are_escaped_in_figures():
    drawn = [
        critical_figure([(HOSTILE, 1.0), ("b" * 400, 2.0)], [(HOSTILE, "b" * 400)], 1.0),
        heat_figure([(HOSTILE, {HOSTILE: HeatCell(0.5, 1.0)})], [HOSTILE]),
        territory_figure([WinningFamily(HOSTILE, 100, 0.5, HOSTILE, 0.5)]),
        cost_figure([CostPoint(HOSTILE, "peer", 3.0, 0.5)]),
    ]
    for svg in drawn:
        ET.fromstring(svg)
        assert "<script" not in svg


def test_without_numbers_there_is_no_figure():
    assert critical_figure([("alone", 1.0)], [], 1.0) == ""
    assert heat_figure([], ["a"]) == ""
    assert territory_figure([WinningFamily("x", 100, 0.5, "", None)]) == ""
    assert cost_figure([]) == ""


def test_each_group_has_a_bar():
    svg = critical_figure([("a", 1.2), ("b", 1.8), ("c", 3.0)], [("a", "b")], 0.9)
    assert "no significant difference: a, b" in svg
    assert svg.count('stroke-width="5"') == 1
    assert "critical difference 0.90" in words_of(svg)


def test_a_critical_difference_larger_than_the_axis_is_labelled():
    assert "critical difference 4.00, longer than the axis" in words_of(
        critical_figure([("a", 1.0), ("b", 2.0)], [("a", "b")], 4.0)
    )


def test_the_best_of_a_case_is_bold_and_failures_are_labelled():
    svg = heat_figure(
        [("x", {"a": HeatCell(0.5, 0.2), "b": HeatCell(0.9, 1.0), "c": HeatCell(None, 0.0)})], ["a", "b", "c"]
    )
    bold = [t.text for t in ET.fromstring(svg).iter(f"{SVG}text") if "strong" in (t.get("class") or "")]
    assert bold == ["90.0"]
    assert "failed" in words_of(svg)


def test_many_cases_give_a_line_per_data_set(suite, row, monkeypatch):
    monkeypatch.setattr("autotl.leaderboard.render.figure_index.MAX_LINES", 3)
    ten = [
        row("direct", 0.9, dataset="eurosat", shots=10, split="b2:t", n_classes=10),
        row("ludwig", None, dataset="eurosat", shots=10, kind="peer"),
    ]
    svg = draw_figures(findings([*suite, *ten]))["heat"]
    assert "on 6 data sets" in svg
    assert "ludwig on eurosat: failed" in svg
    before = next(r for r in findings(suite).cases if r.case.dataset == "eurosat").cells
    direct = next(cell.test for cell in before if cell.entrant == "direct")
    assert f"direct on eurosat: {50 * (direct + 0.9):.1f}%" in svg


def test_families_differ_in_colour_and_shape():
    wins = [
        WinningFamily(f, 100 * 3**i, 0.5, f, 0.5) for i, f in enumerate(("frozen", "fine-tuned", "scratch"))
    ]
    root = ET.fromstring(territory_figure(wins))
    marks = [m for g in root.iter(f"{SVG}g") for m in g if "halo" in (m.get("class") or "")]
    assert len({m.get("class") for m in marks}) == 3


def test_unknown_likeness_has_a_separate_column():
    assert "?" in words_of(territory_figure([WinningFamily("x", 100, None, "frozen", 0.5)]))
    assert "?" not in words_of(territory_figure([WinningFamily("x", 100, 0.5, "frozen", 0.5)]))


def test_labels_without_space_become_tooltips():
    crowd = [WinningFamily(f"case number {i}", 100, 0.5, "frozen", 0.5) for i in range(30)]
    svg = territory_figure(crowd)
    assert sum(word.startswith("case number") for word in words_of(svg)) < 30
    assert all(f"<title>case number {i}, " in svg for i in range(30))


def luminance(colour):
    parts = [int(colour[i : i + 2], 16) / 255 for i in (1, 3, 5)]
    linear = [p / 12.92 if p <= 0.04045 else ((p + 0.055) / 1.055) ** 2.4 for p in parts]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]


def blend(over, under, opacity):
    mixed = [
        round(opacity * int(over[i : i + 2], 16) + (1 - opacity) * int(under[i : i + 2], 16))
        for i in (1, 3, 5)
    ]
    return "#" + "".join(f"{each:02x}" for each in mixed)


@pytest.mark.parametrize("mode", [0, 1])
def test_numbers_on_the_darkest_cell_are_readable_in_both_themes(mode):
    ink, page, good = (
        re.findall(rf"--{name}:(#\w+)", figures.STYLE)[mode].replace("#fff", "#ffffff")[:7]
        for name in ("ink", "page", "good")
    )
    high, low = sorted((luminance(ink), luminance(blend(good, page, MAX_OPACITY))), reverse=True)
    assert (high + 0.05) / (low + 0.05) >= 4.5
