"""Sections show the user's images, or their names if there are no thumbnails."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from PIL import Image

from autotl.report import Picture, PictureGroup, Pictures, Section, html, markdown, parse
from autotl.report.built_sections import build_sections
from autotl.report.pictures.thumbnail import webp_thumbnail
from autotl.report.render.markdown import _section
from autotl.report.sections.data import section as data_section
from autotl.report.sections.pictures import mistakes, samples

HOSTILE = '"><img src=x onerror=alert(1)>`|[x](y)'


@pytest.fixture
def run(tmp_path: Path, sample: dict[str, Any]) -> Path:
    (tmp_path / "pictures").mkdir()
    for file in sample["pictures"]["files"].values():
        (tmp_path / "pictures" / file).write_bytes(webp_thumbnail(Image.new("RGB", (80, 60), "red")))
    return tmp_path


def issues(sample: dict[str, Any]) -> None:
    sample["quality"] |= {
        "label_issues": [
            {"item": f"daisy/{number}.jpg", "given": "daisy", "suggested": "rose", "confidence": 0.1}
            for number in range(15)
        ],
        "near_leakage": {"images": 1, "compared": 60, "examples": [["tulip/9.jpg", "tulip/copy.jpg"]]},
        "outliers": [{"item": "rose/fog.jpg", "label": "rose", "score": 9.1}],
    }


def test_mistakes_are_shown_with_label_prediction_and_probability(sample: dict[str, Any]) -> None:
    section = mistakes.section(parse(sample))
    (grid,) = section.pictures
    first = grid.groups[0]
    assert first.caption == "`rose` → `tulip` (98.3%)"
    assert first.pictures[0].alt == "rose, predicted tulip (98.3%): rose/IMG_0012.jpg"
    assert section.sentences == (
        "2 of 16 wrong predictions in the test set, the most confident first. `result.mistakes()` returns "
        "all as a table.",
    )
    sample["pictures"]["n_mistakes"] = 2
    assert mistakes.section(parse(sample)).sentences[0].startswith("2 wrong predictions in the test set")


def test_missed_and_wrong_labels_and_errors_are_captions(sample: dict[str, Any]) -> None:
    sample["target"] = {"kind": "multi_label", "names": ["cat", "dog"]}
    sample["pictures"]["mistakes"] = [
        {
            "item": "1.jpg",
            "given": "cat",
            "predicted": "dog",
            "missed": "cat",
            "wrong": "dog",
            "probability": 0.9,
        }
    ]
    section = mistakes.section(parse(sample))
    assert section.pictures[0].groups[0].caption == "missed `cat`, wrongly `dog` (90.0%)"
    assert "images with a wrong label" in section.sentences[0]
    sample["target"] = {"kind": "regression", "names": ["age"]}
    sample["pictures"]["mistakes"] = [
        {"item": "1.jpg", "given": "3.00", "predicted": "9.50", "number": "age"}
    ]
    section = mistakes.section(parse(sample))
    assert section.title == "The largest errors"
    assert section.pictures[0].groups[0].caption == "`age`: given `3.00`, predicted `9.50`"
    assert section.pictures[0].groups[0].pictures[0].alt == "age: given 3.00, predicted 9.50: 1.jpg"


def test_samples_of_the_largest_classes_say_that_there_are_more(sample: dict[str, Any]) -> None:
    section = samples.section(parse(sample))
    assert section.title == "Images by class"
    assert section.sentences == ("Some training images of each class, of the 1 largest of 5 classes.",)
    assert section.pictures[0].groups[0].caption == "`sunflower`, 125 training images"
    sample["pictures"]["files"] = {}  # the time was up before them
    assert not samples.section(parse(sample))


def test_data_issues_are_shown_in_pairs_and_in_part(sample: dict[str, Any]) -> None:
    issues(sample)
    labels, leaks, copies, outliers = data_section(parse(sample)).pictures
    assert len(labels.groups) == 12
    assert labels.note == "Given → suggested: 12 of 15, the most doubtful first."
    assert labels.groups[0].caption == "`daisy` → `rose`"
    assert [each.item for each in leaks.groups[0].pictures] == ["tulip/9.jpg", "tulip/copy.jpg"]
    assert [each.item for each in copies.groups[0].pictures] == ["rose/IMG_0001.jpg", "tulip/IMG_0007.jpg"]
    assert outliers.groups[0].pictures[0].alt == "rose, unlike the others: rose/fog.jpg"


def test_a_report_without_pictures_shows_none(sample: dict[str, Any]) -> None:
    issues(sample)
    sample["pictures"] = None
    assert not any(each.pictures and any(each.pictures) for each in build_sections(parse(sample)))
    assert '<figure class="shot' not in html(parse(sample))


def test_the_page_embeds_thumbnails_and_names_the_others(run: Path, sample: dict[str, Any]) -> None:
    page = html(parse(sample), run)
    assert page.count('<img src="data:image/webp;base64,') == 3
    assert 'alt="rose, predicted tulip (98.3%): rose/IMG_0012.jpg"' in page
    assert (
        'class="gone" role="img" aria-label="daisy, predicted dandelion (91.0%): daisy/IMG_0031.jpg"' in page
    )
    assert "<span>daisy/IMG_0031.jpg</span>" in page
    assert page.count("<figure") == page.count("</figure>")
    assert page == html(parse(sample), run)
    without = html(parse(sample))  # report.json alone
    assert "<img" not in without
    for item in ("rose/IMG_0012.jpg", "sunflower/IMG_0005.jpg"):
        assert f"<span>{item}</span>" in without


def test_the_page_is_bounded_if_thumbnails_are_large(run: Path, sample: dict[str, Any]) -> None:
    huge = run / "pictures" / sample["pictures"]["files"]["rose/IMG_0012.jpg"]
    huge.write_bytes(b"RIFF" + (5_000_000).to_bytes(4, "little") + b"WEBP" + bytes(5_000_000 - 4))
    page = html(parse(sample), run)
    assert len(page) < 1_000_000
    assert page.count("<img") == 2


def test_hostile_names_are_text_in_the_page_and_in_markdown(run: Path, sample: dict[str, Any]) -> None:
    issues(sample)
    sample["quality"]["label_issues"][0] = {"item": HOSTILE, "given": HOSTILE, "suggested": HOSTILE}
    sample["pictures"]["mistakes"][0] |= {"item": HOSTILE, "given": HOSTILE, "predicted": HOSTILE}
    sample["pictures"]["files"][HOSTILE] = "00000000000000a1.webp"
    page = html(parse(sample), run)
    assert "<img src=x" not in page
    assert page.count("<img") == page.count('<img src="data:image/webp;base64,')
    assert 'onerror=alert(1)>"' not in page
    text = markdown(parse(sample))
    bullets = [line for line in text.splitlines() if line.startswith("- ") and "onerror" in line]
    assert bullets
    assert all(line.count("`") % 2 == 0 for line in bullets)


def test_long_names_are_cut_at_the_front_and_kept_as_a_title(run: Path, sample: dict[str, Any]) -> None:
    name = f"{'x' * 300}/tail.jpg"
    sample["pictures"]["mistakes"][0]["item"] = name
    sample["pictures"]["files"][name] = "00000000000000a1.webp"
    page = html(parse(sample), run)
    assert f'title="{name}"' in page
    assert "…" in page.split(f'title="{name}"')[1][:5]


def test_markdown_lists_names_in_place_of_pictures(sample: dict[str, Any]) -> None:
    text = markdown(parse(sample))
    assert "- `rose` → `tulip` (98.3%): `rose/IMG_0012.jpg`" in text
    assert "- `sunflower`, 125 training images: `sunflower/IMG_0002.jpg`, `sunflower/IMG_0005.jpg`" in text
    assert "webp" not in text


def test_a_section_of_pictures_alone_has_content() -> None:
    grid = Pictures((PictureGroup((Picture("a.jpg"), Picture("b.jpg")), "Two frames"),), "Frames")
    section = Section(name="frames", title="Frames", link="Frames", pictures=(grid,))
    assert section
    assert not Section(name="none", title="None", link="None", pictures=(Pictures(()),))
    assert _section(section) == ["## Frames", "", "**Frames**\n\n- Two frames: `a.jpg`, `b.jpg`"]
