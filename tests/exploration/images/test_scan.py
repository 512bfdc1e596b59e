"""Images are read in blocks that survive an interruption."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from autotl.data import UnlabelledImage
from autotl.exploration.images import scan
from autotl.exploration.images.listing import address_of, list_images, stamp_of
from autotl.exploration.images.scan import scan_images
from tests.support.planted import photos


def listed(folder: Path) -> list[UnlabelledImage]:
    return list(list_images(folder, readers=dict).images)


def test_copies_count_once_and_unreadable_files_are_listed(tmp_path: Path) -> None:
    folder = photos(tmp_path / "photos", each=2)
    first = sorted(folder.iterdir())[0]
    (folder / "zz-copy.png").write_bytes(first.read_bytes())
    (folder / "broken.png").write_bytes(b"no image")
    images = listed(folder)
    found = scan_images(images, tmp_path / "work")
    assert len(found.numbers) == 6
    assert [images[number].name for number in found.copies] == [str(folder / "zz-copy.png")]
    assert list(found.copies.values()) == [0]
    assert [images[number].name for number in found.unreadable] == [str(folder / "broken.png")]
    assert found.typical_size == 24
    assert found.looks.shape == (6,)


def test_finished_blocks_are_not_read_again(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(scan, "BLOCK", 4)
    folder, reads = photos(tmp_path / "photos", each=4), []
    read = scan.read_image_facts

    def counted(opener, scale=None):  # type: ignore[no-untyped-def] # it has the type of the original
        reads.append(opener)
        if len(reads) == 10:
            raise KeyboardInterrupt
        return read(opener, scale)

    monkeypatch.setattr(scan, "read_image_facts", counted)
    with pytest.raises(KeyboardInterrupt):
        scan_images(listed(folder), tmp_path / "work")
    monkeypatch.setattr(scan, "read_image_facts", lambda opener, scale=None: reads.append(0) or read(opener))
    reads.clear()
    found = scan_images(listed(folder), tmp_path / "work")
    assert len(found.numbers) == 12
    assert len(reads) == 4  # only the block that was interrupted


def test_a_changed_file_is_read_again(tmp_path: Path) -> None:
    folder = photos(tmp_path / "photos", each=2)
    before = scan_images(listed(folder), tmp_path / "work")
    file = sorted(folder.iterdir())[1]
    Image.new("RGB", (50, 40), "red").save(file)
    after = scan_images(listed(folder), tmp_path / "work")
    assert before.digests[0] == after.digests[0]
    assert before.digests[1] != after.digests[1]
    assert before.digest != after.digest


def test_damaged_facts_are_read_again(tmp_path: Path) -> None:
    folder = photos(tmp_path / "photos", each=2)
    before = scan_images(listed(folder), tmp_path / "work")
    for file in (tmp_path / "work").iterdir():
        file.write_text('{"stamp": "x", "facts": 3}')
    assert scan_images(listed(folder), tmp_path / "work").digests == before.digests


def test_images_in_memory_have_no_stamp_and_are_always_read(tmp_path: Path) -> None:
    arrays = np.random.default_rng(0).integers(0, 255, (5, 8, 8, 3), dtype=np.uint8)
    images = list_images(arrays, readers=dict).images
    assert stamp_of(images[0]) is None
    assert address_of(images[3]) == "image 3"
    assert len(scan_images(images, tmp_path).numbers) == 5
    assert list(tmp_path.iterdir()) == []


def test_deep_images_share_one_scale(tmp_path: Path) -> None:
    folder = tmp_path / "deep"
    folder.mkdir()
    for number, top in enumerate((1000, 4000)):
        values = np.linspace(0, top, 64).reshape(8, 8).astype(np.uint16)
        Image.fromarray(values).save(folder / f"{number}.png")
    found = scan_images(listed(folder), tmp_path / "work")
    assert found.scale.integers == (0, 4095)
    assert len(found.numbers) == 2
    assert "whole numbers of more than 8 bits" in found.notes[0]


def test_finished_blocks_of_deep_images_are_not_scaled_again(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(scan, "BLOCK", 2)
    folder, scaled = tmp_path / "deep", []
    folder.mkdir()
    for number in range(6):
        values = np.random.default_rng(number).integers(0, 4000, (8, 8)).astype(np.uint16)
        Image.fromarray(values).save(folder / f"{number}.png")
    read = scan.read_image_facts

    def counted(opener, scale=None):  # type: ignore[no-untyped-def] # it has the type of the original
        if scale is not None:
            scaled.append(opener)
            if len(scaled) == 3:
                raise KeyboardInterrupt
        return read(opener, scale)

    monkeypatch.setattr(scan, "read_image_facts", counted)
    with pytest.raises(KeyboardInterrupt):
        scan_images(listed(folder), tmp_path / "work")
    already = len(scaled)
    resumed = scan_images(listed(folder), tmp_path / "work")
    assert len(scaled) - already == 4  # the first block is kept
    whole = scan_images(listed(folder), tmp_path / "other")
    assert resumed.digests == whole.digests
    assert resumed.looks.tolist() == whole.looks.tolist()
    larger = np.full((8, 8), 60_000, dtype=np.uint16)
    larger[:4] = 0
    Image.fromarray(larger).save(folder / "6.png")
    rescaled = scan_images(listed(folder), tmp_path / "work")
    assert not set(rescaled.digests[:6]) & set(whole.digests)  # the scale has changed
