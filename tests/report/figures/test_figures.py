import xml.etree.ElementTree as ET

import pytest

from autotl.report import drawings, figures, parse
from autotl.report.figures import canvas

SVG = "{http://www.w3.org/2000/svg}"


def words_of(svg: str) -> str:
    return " ".join(text.text or "" for text in ET.fromstring(svg).iter(f"{SVG}text"))


@pytest.mark.parametrize("width", [figures.WIDE, figures.HALF, figures.NARROW])
def test_every_figure_is_a_picture_with_words_for_screen_readers(sample, width):
    drawn = drawings(parse(sample), width=width)
    assert list(drawn) == [
        "confusion", "reliability", "network", "gain", "similarity", "size", "learning", "class_gains",
        "depth", "curves", "arms", "search", "pareto", "importance", "forecasts",
    ]  # fmt: skip
    for svg in drawn.values():
        root = ET.fromstring(svg)
        title, description = root.find(f"{SVG}title"), root.find(f"{SVG}desc")
        assert title.text
        assert description.text
        assert root.get("role") == "img"
        assert root.get("aria-labelledby") == f"{title.get('id')} {description.get('id')}"


@pytest.mark.parametrize("width", [figures.WIDE, figures.NARROW])
def test_nothing_is_drawn_outside_the_frame(sample, width):
    for svg in drawings(parse(sample), width=width).values():
        root = ET.fromstring(svg)
        height = float(root.get("height"))
        for shape in root.iter():
            across = [float(shape.get(a)) for a in ("x", "x1", "x2", "cx") if shape.get(a)]
            down = [float(shape.get(a)) for a in ("y", "y1", "y2", "cy") if shape.get(a)]
            assert all(0 <= x <= width for x in across), ET.tostring(shape)
            assert all(0 <= y <= height for y in down), ET.tostring(shape)


def test_figures_fetch_nothing(sample):
    for svg in drawings(parse(sample)).values():
        assert "url(" not in svg
        assert "href" not in svg
        assert "@import" not in svg
        assert svg.count("http") == 1  # the name of the SVG namespace


def test_light_and_dark_are_both_drawn():
    assert "prefers-color-scheme:dark" in figures.STYLE


def test_hostile_names_cannot_break_a_picture():
    scores = [figures.ArmScore('</text><script>x</script>&"\x00', "b" * 500, 0.5, (0.4, 0.6), "winner")]
    svg = figures.arms(scores)
    assert "<script" not in svg
    assert "…" in words_of(svg)


def test_without_numbers_there_is_no_picture():
    assert figures.arms([]) == ""
    assert figures.similarity([]) == ""
    assert figures.search([figures.TrialScore("finetune", 3.0, None)]) == ""
    assert figures.confusion([], []) == ""
    assert drawings(parse({})) == {}


def test_one_arm_without_an_interval_is_drawn():
    assert "50.0%" in words_of(figures.arms([figures.ArmScore("finetune", "tiny", 0.5)]))


@pytest.mark.parametrize(
    ("ci95", "zone"),
    [((0.01, 0.1), "helps"), ((-0.1, -0.01), "hurts"), ((-0.1, 0.1), "no measurable difference"), (None, "")],
)
def test_the_gain_is_in_its_zone(ci95, zone):
    root = ET.fromstring(figures.gain(0.0 if ci95 is None else sum(ci95) / 2, ci95))
    bold = [
        t.text for t in root.iter(f"{SVG}text") if "strong" in (t.get("class") or "") and t.get("y") == "22"
    ]
    assert bold == ([zone] if zone else [])


def test_a_far_off_baseline_does_not_flatten_the_search():
    tries = [figures.TrialScore("finetune", float(i), 0.85 + 0.002 * i) for i in range(10)]
    tries.append(figures.TrialScore("from_scratch", 11.0, 0.2))
    svg = figures.search(tries)
    assert "lower" in words_of(svg)
    assert "20%" not in words_of(svg).split()
    assert "in the lowest lane: 1 trial." in svg
    near = figures.search(tries[:-1])
    assert "lane" not in near
    assert "without a score" not in near


def test_wide_scripts_are_cut_earlier():
    assert len(figures.canvas.fit("犬" * 100, 100)) < len(figures.canvas.fit("l" * 100, 100))


@pytest.mark.parametrize("width", [figures.WIDE, figures.NARROW])
def test_this_data_is_marked_among_measured_data(width):
    near = figures.Spot("flowers", 100, 0.6, "helps", 0.27)
    same = figures.Spot("leaves", 101, 0.6, "helps", 0.31)
    far = figures.Spot("digits", 10, 0.1, "hurts", -0.09)
    svg = figures.size([near, same, far], figures.Spot("this data", 30, 0.3), width=width)
    root = ET.fromstring(svg)
    assert len(root.findall(f".//{SVG}polygon")) == 3 + 2  # and two of the legend
    assert [each.get("r") for each in root.iter(f"{SVG}circle")].count("10") == 1
    assert "your data" in words_of(svg)
    assert "flowers: 100 images per class, similarity 0.60, +27.0 points, transfer helps" in svg
    assert ("−9" in words_of(svg)) == (width == figures.WIDE)
    assert "+31" not in words_of(svg)  # it would be written over the gain of its neighbour
    assert figures.size([]) == ""


def test_data_of_unknown_similarity_is_not_drawn(sample):
    sample["when"]["similarity"] = {}
    assert "size" not in drawings(parse(sample))


def test_a_very_long_name_is_cut_quickly() -> None:
    name = "ab" * 500_000
    found = canvas.fit(name, 100)
    assert len(found) < 20
    assert found == canvas.fit(name[:5000] + name[-5000:], 100)
