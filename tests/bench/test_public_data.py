"""Build a zip of the suite from a clone, by the digests of its images."""

from __future__ import annotations

import csv
import io
import zipfile
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

from autotl.bench import load
from autotl.bench.suite import SUITES_FOLDER
from autotl.data import pixel_digest
from benchmarks import public_data


@pytest.fixture
def clone(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Return a clone with two large images, a broken one and a text, and a split of the two."""
    rng, folder = np.random.default_rng(0), tmp_path / "clone"
    (folder / "any" / "layout").mkdir(parents=True)
    for name in ("one.png", "two.png"):
        pixels = rng.integers(0, 256, (150, 200, 3), dtype=np.uint8)
        Image.fromarray(pixels).save(folder / "any" / "layout" / name)
    (folder / "broken.jpg").write_bytes(b"none")
    (folder / "README.md").write_text("none")
    rows = []
    for content, label, part in zip(
        public_data._encoded(folder, "JPEG"), "ab", ("train", "test"), strict=True
    ):
        rows.append((pixel_digest(Image.open(io.BytesIO(content)).convert("RGB")), label, part))
    (tmp_path / "splits").mkdir()
    with (tmp_path / "splits" / "flowers5.csv").open("w", newline="") as file:
        csv.writer(file).writerows([("digest", "label", "part"), *rows])
    monkeypatch.setattr(public_data, "SUITES_FOLDER", tmp_path)
    return folder


def test_the_zip_has_the_images_of_the_split(clone: Path, tmp_path: Path) -> None:
    assert public_data.build("flowers5", clone, tmp_path) == (2, 2)
    with zipfile.ZipFile(tmp_path / "flowers5.zip") as found:
        assert sorted(Path(name).parent.as_posix() for name in found.namelist()) == ["test/b", "train/a"]
        sizes = {Image.open(io.BytesIO(found.read(name))).size for name in found.namelist()}
    assert sizes == {(128, 96)}


def test_no_zip_is_written_if_an_image_is_missing(clone: Path, tmp_path: Path) -> None:
    (clone / "any" / "layout" / "one.png").unlink()
    assert public_data.build("flowers5", clone, tmp_path) == (1, 2)
    assert not (tmp_path / "flowers5.zip").exists()


def test_a_bomb_and_a_broken_file_are_left_out(
    clone: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    Image.new("RGB", (400, 400)).save(clone / "huge.png")
    monkeypatch.setattr(Image, "MAX_IMAGE_PIXELS", 40_000)  # an error from twice as many
    opened = Image.open

    def refusing(path: Any, *arguments: Any) -> Image.Image:
        if isinstance(path, Path) and path.name == "broken.jpg":
            raise SyntaxError("broken PNG file")
        return opened(path, *arguments)

    monkeypatch.setattr(Image, "open", refusing)
    with pytest.raises(Image.DecompressionBombError):
        opened(clone / "huge.png")
    assert public_data.build("flowers5", clone, tmp_path) == (2, 2)


def test_every_data_set_of_the_suite_has_a_source() -> None:
    assert [data.name for data in load("public").datasets if data.name not in public_data.SOURCES] == []
    assert all((SUITES_FOLDER / "splits" / f"{name}.csv").is_file() for name in public_data.SOURCES)
