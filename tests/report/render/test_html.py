import base64
import copy
import hashlib
import re
from pathlib import Path
from typing import Any

import pytest
from PIL import Image

from autotl.report import html, markdown, parse
from autotl.report.pictures.thumbnail import webp_thumbnail
from tests.support.html_page import Page

HOSTILE = '<script>alert("x")</script>'


def paths(document: Any, before: tuple[Any, ...] = ()) -> list[tuple[Any, ...]]:
    """Every path in a document; only the first entry of each list is followed."""
    inner = (
        document.items()
        if isinstance(document, dict)
        else list(enumerate(document))[:1]
        if isinstance(document, list)
        else []
    )
    return [place for key, value in inner for place in [(*before, key), *paths(value, (*before, key))]]


def test_the_page_fetches_nothing(sample, tmp_path: Path):
    (tmp_path / "pictures").mkdir()
    for file in sample["pictures"]["files"].values():
        (tmp_path / "pictures" / file).write_bytes(webp_thumbnail(Image.new("RGB", (8, 8))))
    text = html(parse(sample), tmp_path)
    page = Page(text)
    assert "url(" not in text
    assert "@import" not in text
    assert "http://" not in text.replace("http://www.w3.org/2000/svg", "")
    assert "https://" not in text
    fetching = {"src", "srcset", "data", "poster", "background", "action", "xlink:href"}
    for tag, attributes in page.tags:
        assert tag not in {"link", "iframe", "object", "embed", "base", "form"}
        if tag == "img":
            assert attributes.pop("src").startswith("data:image/webp;base64,")
        assert not fetching & attributes.keys()
        assert not any(name.startswith("on") for name in attributes)
        assert tag == "a" or "href" not in attributes
    policy = next(a["content"] for t, a in page.tags if a.get("http-equiv") == "Content-Security-Policy")
    assert policy.startswith("default-src 'none'; img-src data:; style-src 'unsafe-inline';")
    assert any(tag == "img" for tag, _ in page.tags)


def test_the_only_script_is_the_one_that_the_policy_allows(sample):
    text = html(parse(_rename(sample, "daisy", HOSTILE)))
    (script,) = re.findall(r"<script>(.*?)</script>", text, flags=re.DOTALL)
    digest = base64.b64encode(hashlib.sha256(script.encode()).digest()).decode()
    assert f"script-src 'sha256-{digest}';" in text
    assert not re.search(r"fetch|XMLHttp|import\(|eval|innerHTML", script)


def test_regions_that_scroll_have_names(sample):
    page = Page(html(parse(sample)))
    scrolling = [a for _, a in page.tags if "tabindex" in a]
    assert scrolling
    assert all(a.get("role") == "region" and a.get("aria-label") for a in scrolling)


def test_ids_are_unique_and_links_lead_somewhere(sample):
    page = Page(html(parse(sample)))
    ids = [attributes["id"] for _, attributes in page.tags if "id" in attributes]
    assert len(ids) == len(set(ids))
    assert {a["href"][1:] for tag, a in page.tags if tag == "a"} <= set(ids)
    assert {i for _, a in page.tags for i in (a.get("aria-labelledby") or "").split()} <= set(ids)


def test_the_score_the_mistakes_and_the_data_follow_the_verdict(sample):
    page = Page(html(parse(sample)))
    assert page.text.index("Transfer helps: finetune on") < page.text.index("On the test images")
    assert [a["id"] for tag, a in page.tags if tag == "section"] == [
        "next", "test", "mistakes", "data", "classes", "notes", "what", "when", "how",
        "arms", "search", "cost", "use", "provenance",
    ]  # fmt: skip


@pytest.mark.parametrize("write", [html, markdown])
def test_key_facts_are_in_the_page_and_in_markdown(sample, write):
    text = Page(html(parse(sample))).text if write is html else markdown(parse(sample))
    for fact in (
        "86.7%",
        "between 80.0% and 91.7%",
        "+34.2",
        "b2:5f0c9a71e3d84c62",
        "autotl-lora 0.1.0",
        "--seed 0",
    ):
        assert fact in text
    assert "3 of the 5 classes have no counterpart" in text  # why an arm was skipped
    assert "local-dir:RUN/model" in text


def test_hostile_class_names_are_escaped(sample):
    text = html(parse(_rename(sample, "daisy", HOSTILE)))
    assert HOSTILE not in text
    assert "&lt;script&gt;" in text
    Page(text)


def test_hostile_names_cannot_act_in_markdown(sample):
    hostile = "<img src=x> | [a](b) `c` @team\n# d"
    text = markdown(parse(_rename(sample, "daisy", hostile)))
    for line in text.splitlines():
        outside = re.sub(r"`[^`]*`", "", line)
        assert "<img" not in re.sub(r"\\<", "", outside)
    _assert_tables_are_well_formed(text)


@pytest.mark.slow
def test_any_null_is_reported(sample):
    for path in paths(sample):
        report = copy.deepcopy(sample)
        inner = report
        for key in path[:-1]:
            inner = inner[key]
        inner[path[-1]] = None
        assert "None" not in Page(html(parse(report))).text, path
        text = markdown(parse(report))
        assert "None" not in text, path
        _assert_tables_are_well_formed(text)


@pytest.mark.parametrize(
    "nothing", [{}, dict.fromkeys(("verdict", "what", "when", "how", "test", "arms", "trials"))]
)
def test_an_empty_report_is_still_a_page(nothing):
    assert "no verdict yet" in Page(html(parse(nothing))).text
    assert "no verdict yet" in markdown(parse(nothing))


def test_only_one_arm_and_no_baseline(sample):
    sample["arms"], sample["when"]["transfer_gain"] = sample["arms"][:1], None
    text = Page(html(parse(sample))).text
    assert "1 arm (a strategy with a backbone) ran." in text
    assert "was not measured" in text
    assert "Transfer gain not measured" in text
    assert "No measurable difference" not in text


def test_two_hundred_classes_are_folded(sample):
    names = [f"species {i:03} of the family Nymphalidae" for i in range(200)]
    sample["classes"] = names
    sample["test"]["confusion"] = [
        [(5 if i == j else (i + 1) % 200 == j) + 0 for j in range(200)] for i in range(200)
    ]
    sample["test"]["per_class"] = [
        {"class": n, "n": 6, "recall": 5 / 6, "precision": 1.0, "f1": 0.9} for n in names
    ]
    text = html(parse(sample))
    assert "All 200 classes" in text
    assert "The most frequent mistakes" in text
    assert 'id="confusion-' not in text
    assert "180 more in `report.html`" in markdown(parse(sample))
    assert len(markdown(parse(sample))) < 65_536  # what a comment on GitHub may hold


def test_long_and_foreign_names_survive(sample):
    foreign = "向日葵 🌻 " + "x" * 300
    assert foreign in Page(html(parse(_rename(sample, "sunflower", foreign)))).text
    assert foreign in markdown(parse(_rename(sample, "sunflower", foreign)))


def test_an_invalid_file_name_does_not_prevent_the_report(sample):
    sample["quality"]["unreadable"] = {"caf\udce9.jpg": "truncated"}
    assert "caf\\udce9.jpg" in html(parse(sample))
    assert "udce9.jpg" in markdown(parse(sample))


def test_markdown_tables_are_well_formed(sample):
    _assert_tables_are_well_formed(markdown(parse(sample)))


def _assert_tables_are_well_formed(text: str) -> None:
    for block in re.findall(r"(?:^\|.*\n)+", text, flags=re.MULTILINE):
        cells = [len(re.findall(r"(?<!\\)\|", line)) for line in block.splitlines()]
        assert len(set(cells)) == 1, block
        assert re.fullmatch(r"\|(-+:?\|)+", block.splitlines()[1])


def _rename(report: Any, old: str, new: str) -> Any:
    if isinstance(report, dict):
        return {(new if key == old else key): _rename(value, old, new) for key, value in report.items()}
    if isinstance(report, list):
        return [_rename(value, old, new) for value in report]
    return new if report == old else report
