"""The page is self-contained, escaped and bounded."""

from __future__ import annotations

import base64
import hashlib
import re
from pathlib import Path

import pytest
from PIL import Image

import autotl
from autotl.api import PixelScale
from autotl.data import UnlabelledImage
from autotl.exploration.page import thumbnails
from autotl.exploration.page.html import MAX_NAME, MAX_THUMBNAILS, short_name
from autotl.exploration.page.map_figure import Point, draw_map, series, shown_rows
from autotl.exploration.page.thumbnails import MAX_BYTES, thumbnail_uri
from autotl.exploration.result import Exploration
from autotl.testing import tiny_images
from tests.support.html_page import Page

HOSTILE = '"><script>alert(1)<img src=x onerror=alert(2)>'


@pytest.fixture
def text(explored: Exploration) -> str:
    return (explored.folder / "explore.html").read_text(encoding="utf-8")


def test_the_page_fetches_nothing_and_its_script_is_the_allowed_one(text: str) -> None:
    tags = Page(text).tags
    for tag, attributes in tags:
        assert tag not in {"link", "iframe", "object", "embed", "base", "form"}
        assert not any(name.startswith("on") for name in attributes)
        assert (attributes.get("href") or "#").startswith("#")
        assert (attributes.get("src") or "data:image/jpeg;").startswith("data:image/jpeg;")
    assert not re.search(r"url\(|@import|fetch\(|XMLHttp|import\(", text)
    (script,) = re.findall(r"<script>(.*?)</script>", text, flags=re.DOTALL)
    digest = base64.b64encode(hashlib.sha256(script.encode()).digest()).decode()
    policy = next(a["content"] for t, a in tags if a.get("http-equiv") == "Content-Security-Policy")
    assert policy is not None
    assert policy.startswith("default-src 'none'; img-src data:;")
    assert f"script-src 'sha256-{digest}'" in policy


def test_ids_are_unique_and_links_have_targets(text: str) -> None:
    tags = Page(text).tags
    ids = [attributes["id"] for _, attributes in tags if "id" in attributes]
    assert len(ids) == len(set(ids))
    assert {(a["href"] or "")[1:] for tag, a in tags if tag == "a"} <= set(ids)


def test_every_cluster_has_pictures_a_legend_and_a_group_on_the_map(text: str) -> None:
    tags = Page(text).tags
    for cluster in ("0", "1", "2"):
        assert sum(tag == "g" and a.get("data-cluster") == cluster for tag, a in tags) == 2  # wide and narrow
        assert sum(tag == "a" and a.get("data-only") == cluster for tag, a in tags) == 1
        assert f'id="cluster{cluster}"' in text
    assert sum(tag == "img" for tag, _ in tags) >= 24


def test_hostile_names_are_escaped(tmp_path: Path) -> None:
    folder = tmp_path / "photos"
    folder.mkdir()
    for number, image in enumerate(tiny_images(each=10)[0]):
        Image.fromarray(image).save(folder / f"{number}{HOSTILE.replace('/', '')}\u202e.png")
    found = autotl.explore(folder, out=tmp_path / "out", backbone="tiny", clusters=2, projection="pca")
    text = (found.folder / "explore.html").read_text(encoding="utf-8")
    assert "<script>alert" not in text
    assert "<img src=x" not in text
    assert not [a for tag, a in Page(text).tags if "onerror" in a]
    assert "<script" not in found._repr_html_()


def test_the_page_is_bounded_whatever_the_images(monkeypatch: pytest.MonkeyPatch) -> None:
    assert MAX_THUMBNAILS * MAX_BYTES * 4 / 3 < 7e6
    noisy = Image.effect_noise((900, 700), 120).convert("RGB")
    uri = thumbnail_uri(UnlabelledImage("noise", lambda: noisy), PixelScale())
    assert 0 < len(uri) <= MAX_BYTES * 4 / 3 + 40
    monkeypatch.setattr(thumbnails, "MAX_BYTES", 10)
    assert thumbnail_uri(UnlabelledImage("noise", lambda: noisy), PixelScale()) == ""


def test_an_image_that_is_gone_has_no_thumbnail() -> None:
    def gone() -> Image.Image:
        raise FileNotFoundError

    assert thumbnail_uri(UnlabelledImage("gone", gone), PixelScale()) == ""


def test_long_names_are_cut_at_the_front() -> None:
    assert short_name("a/b.png") == "a/b.png"
    assert short_name("x" * 500 + "end.png").endswith("end.png")
    assert len(short_name("x" * 500)) == MAX_NAME + 1
    assert "\n" not in short_name("a\nb")


def test_clusters_differ_in_colour_or_shape() -> None:
    assert len({series(cluster) for cluster in range(-1, 40)}) == 41


def test_the_map_escapes_names_and_draws_a_group_per_cluster() -> None:
    points = [Point(0.1, 0.2, 0, HOSTILE), Point(0.9, 0.4, -1, "b")]
    drawn = draw_map(points, width=720, labels=True)
    assert "<script" not in drawn
    assert drawn.count("<g data-cluster=") == 2


def test_the_rows_on_the_map_are_bounded_and_hold_the_representatives() -> None:
    rows = shown_rows(10_000, 50, [3, 9_999], seed=0).tolist()
    assert {3, 9_999} <= set(rows)
    assert len(rows) <= 52
    assert shown_rows(5, 50, [], seed=0).tolist() == [0, 1, 2, 3, 4]
