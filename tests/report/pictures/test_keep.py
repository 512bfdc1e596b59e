"""Thumbnails are kept in the run folder and embedded from there alone."""

from __future__ import annotations

import math
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from PIL import Image

from autotl.api import Dataset, TargetSpec
from autotl.clock import Deadline, WallClock
from autotl.data import open_image
from autotl.report.document.parse import parse
from autotl.report.pictures import embed
from autotl.report.pictures.choice import class_samples, shown_items
from autotl.report.pictures.embed import ThumbnailFolder
from autotl.report.pictures.keep import keep_thumbnails
from autotl.report.pictures.part import PictureEvidence, keep_pictures

NEVER = Deadline(WallClock(), math.inf)


def dataset(openers: dict[str, Callable[[], Image.Image]], labels: list[int] | None = None) -> Dataset:
    table = pd.DataFrame(
        {
            "item": list(openers),
            "label": labels or [0] * len(openers),
            "digest": [f"{number}" for number in range(len(openers))],
        }
    )
    return Dataset(table, list(openers.values()), TargetSpec("single_label", ("a", "b")), "digest")


def colour(name: str) -> Callable[[], Image.Image]:
    return lambda: Image.new("RGB", (120, 80), name)


def gone() -> Image.Image:
    raise FileNotFoundError("the file was deleted")


def test_kept_thumbnails_are_embedded_from_the_run_folder(tmp_path: Path) -> None:
    data = dataset({"red.png": colour("red"), '"><script>.png': colour("blue")})
    files = keep_thumbnails(data, ['"><script>.png', "red.png", "unknown.png"], tmp_path, end=NEVER)
    assert files.keys() == {'"><script>.png', "red.png"}
    assert {path.name for path in (tmp_path / "pictures").iterdir()} == set(files.values())
    folder = ThumbnailFolder(tmp_path)
    assert all(folder.uri(file).startswith("data:image/webp;base64,UklGR") for file in files.values())
    assert ThumbnailFolder(None).uri(files["red.png"]) == ""


def test_files_that_are_no_thumbnails_are_left(tmp_path: Path) -> None:
    own, other = tmp_path / "run", tmp_path / "other"
    (own / "pictures").mkdir(parents=True)
    other.mkdir()
    kept, old = own / "pictures" / "holiday.webp", own / "pictures" / "0123456789abcdef.webp"
    for file in (kept, old, other / "fedcba9876543210.webp"):
        file.write_bytes(b"image")
    keep_thumbnails(dataset({"red.png": colour("red")}), ["red.png"], own, end=NEVER)
    assert (kept.exists(), old.exists()) == (True, False)
    (tmp_path / "linked").mkdir()
    (tmp_path / "linked" / "pictures").symlink_to(other)
    keep_thumbnails(dataset({"red.png": colour("red")}), ["red.png"], tmp_path / "linked", end=NEVER)
    assert (other / "fedcba9876543210.webp").exists()
    assert not (tmp_path / "linked" / "pictures").is_symlink()


def test_truncated_and_missing_originals_have_no_thumbnail(tmp_path: Path) -> None:
    whole, cut = tmp_path / "whole.jpg", tmp_path / "cut.jpg"
    Image.effect_noise((200, 200), 50).convert("RGB").save(whole)
    cut.write_bytes(whole.read_bytes()[:900])
    data = dataset({"cut": lambda: open_image(cut), "whole": lambda: open_image(whole), "gone": gone})
    assert keep_thumbnails(data, ["cut", "gone", "whole"], tmp_path, end=NEVER).keys() == {"whole"}


def test_a_later_report_replaces_the_thumbnails_of_an_earlier_one(tmp_path: Path) -> None:
    data = dataset({"red": colour("red"), "blue": colour("blue")})
    first = keep_thumbnails(data, ["red"], tmp_path, end=NEVER)
    again = keep_thumbnails(data, ["blue", "red"], tmp_path, end=NEVER)
    assert again["red"] == first["red"]
    keep_thumbnails(data, ["blue"], tmp_path, end=NEVER)
    assert [path.name for path in (tmp_path / "pictures").iterdir()] == [again["blue"]]


def test_no_thumbnails_are_made_after_the_time(tmp_path: Path) -> None:
    data = dataset({"red": colour("red")})
    assert keep_thumbnails(data, ["red"], tmp_path, end=Deadline(WallClock(), 0.0)) == {}
    assert not (tmp_path / "pictures").exists()


def test_a_report_embeds_no_other_files(tmp_path: Path) -> None:
    data = dataset({"red": colour("red")})
    (file,) = keep_thumbnails(data, ["red"], tmp_path, end=NEVER).values()
    content = (tmp_path / "pictures" / file).read_bytes()
    (tmp_path / "0123456789abcdef.webp").write_bytes(content)
    folder, pictures = ThumbnailFolder(tmp_path), tmp_path / "pictures"
    for outside in ("../0123456789abcdef.webp", "0123456789abcdef.webp", "/etc/passwd", "", f"./{file}"):
        assert folder.uri(outside) == "", outside
    damaged = {"a" * 16: content[:-1], "b" * 16: b"<svg onload=alert(1)>", "c" * 16: content + b"more"}
    for name, written in damaged.items():
        (pictures / f"{name}.webp").write_bytes(written)
        assert folder.uri(f"{name}.webp") == "", name
    (pictures / f"{'d' * 16}.webp").symlink_to(pictures / file)
    assert folder.uri(f"{'d' * 16}.webp") == ""
    assert folder.uri(file)


def test_all_thumbnails_of_a_page_have_a_total_size(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    data = dataset({name: colour(name) for name in ("red", "green", "blue")})
    files = list(keep_thumbnails(data, ["red", "green", "blue"], tmp_path, end=NEVER).values())
    size = len(ThumbnailFolder(tmp_path).uri(files[0]))
    monkeypatch.setattr(embed, "MAX_EMBEDDED", 2 * size + 20)
    folder = ThumbnailFolder(tmp_path)
    shown = [folder.uri(file) for file in files]
    assert sum(map(len, shown)) <= 2 * size + 20
    assert 1 <= sum(map(bool, shown)) < 3
    # 12 mistakes, label issues and outliers, 12 pairs of copies and of leaks, 4 samples of 12 classes
    assert 132 * embed.MAX_BYTES * 4 / 3 < 2_000_000


def test_samples_are_of_the_largest_classes_without_equal_images() -> None:
    data = dataset({f"{number}": gone for number in range(9)}, [0, 1, 1, 1, 1, 1, 1, 0, 1])
    data.table.loc[2, "digest"] = data.table.loc[1, "digest"]
    found = class_samples(data, np.array([0, 1, 2, 3, 4, 5, 6, 7]))
    assert found == [
        {"class": "b", "images": 6, "items": ["1", "3", "4", "5"]},
        {"class": "a", "images": 2, "items": ["0", "7"]},
    ]


def test_every_shown_image_has_one_thumbnail_and_mistakes_come_first() -> None:
    quality = parse(
        {
            "quality": {
                "label_issues": [{"item": "issue", "given": "a", "suggested": "b"}] * 30,
                "near_leakage": {"images": 1, "compared": 9, "examples": [["test", "train"]]},
                "near_duplicates": {"groups": 1, "images": 3, "examples": [["one", "two", "three"]]},
                "outliers": [{"item": "odd", "label": "a", "score": 4.0}],
            }
        }
    ).quality
    found = shown_items(["wrong", "issue"], [["a1", "a2"], ["b1"]], quality)
    assert found == ["wrong", "issue", "test", "train", "one", "two", "odd", "a1", "b1", "a2"]


def test_the_part_of_the_report_names_what_is_shown(tmp_path: Path) -> None:
    data = dataset({"red": colour("red"), "blue": colour("blue"), "odd": gone}, [0, 1, 0])
    mistake = {"item": "odd", "given": "a", "predicted": "b", "probability": 0.9}
    evidence = PictureEvidence(data, np.array([0, 1]), [mistake] * 20, 20, {})
    part = keep_pictures(evidence, tmp_path, end=NEVER)
    assert part.keys() == {"mistakes", "n_mistakes", "samples", "files"}
    assert len(part["mistakes"]) == 12
    assert part["files"].keys() == {"red", "blue"}
    found = parse({"pictures": part}).pictures
    assert found is not None
    assert found.samples[0].name == "a"
