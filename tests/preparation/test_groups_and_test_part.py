"""A test part of the user's own has no say in the groups; its images are attached to them for a note."""

from __future__ import annotations

import shutil
from pathlib import Path

import numpy as np
import pandas as pd
from PIL import Image

from autotl.clock import Deadline, WallClock
from autotl.data import read
from autotl.preparation.group_record import GroupRecord
from autotl.preparation.image_groups import first_groups
from tests.support.frames import CATALOG, FRAMES, frames, prepared, track
from tests.support.settings import settings


def grouping_of(data: object) -> tuple[GroupRecord, list[str], set[str]]:
    """The groups found before the split, the file names of the images, and the evidence."""
    dataset = read(data, readers=CATALOG.readers.items)
    _, grouping, known = first_groups(settings(data=data), dataset, None, end=Deadline(WallClock()))
    return grouping, dataset.table["item"].tolist(), set(known.how.values())


def test_evidence_counts_whatever_the_test_part_shows(tmp_path: Path) -> None:
    few = frames(tmp_path / "few", track, part="train", things=8)  # too few sets for names to tell
    many = tmp_path / "many"
    shutil.copytree(few, many)
    frames(few, track, part="test", seed=1, things=8)
    frames(many, track, part="test", seed=1)
    found = []
    for data in (few, many):
        grouping, names, evidence = grouping_of(data)
        sets = [{names[row] for row in each if names[row].startswith("train")} for each in grouping.first]
        found.append((sorted(map(sorted, filter(None, sets))), evidence))
        assert "file names" not in evidence
    assert found[0] == found[1]


def test_labels_of_the_test_part_change_no_fold(tmp_path: Path) -> None:
    folder = frames(tmp_path / "data", track)
    paths = sorted(folder.rglob("*.png"))
    table = pd.DataFrame(
        {
            "image": [str(path) for path in paths],
            "label": [path.parent.name for path in paths],
            "split": ["test" if path.stem.endswith("3") else "train" for path in paths],
        }
    )
    other = table.copy()
    tested = (other["split"] == "test").to_numpy()
    other.loc[tested, "label"] = np.random.default_rng(0).permutation(other.loc[tested, "label"])
    one, two = (prepared(tmp_path / str(number), each) for number, each in enumerate((table, other)))
    for each in (one, two):
        assert each.groups is not None
        across = each.groups.across_test
        assert across is not None
        assert across.images == tested.sum()  # by their names alone, whatever their labels
        assert across.groups == tested.sum()
        assert each.groups.images == len(each.splits.train) == tested.sum() * (FRAMES - 1)
    assert [fold.val.tolist() for fold in one.splits.folds] == [
        fold.val.tolist() for fold in two.splits.folds
    ]


def test_copies_in_the_test_part_are_attached_to_lone_images_too(tmp_path: Path) -> None:
    images = np.random.default_rng(0).integers(0, 256, (40, 8, 8, 3), dtype=np.uint8)
    for row, image in enumerate(images):
        for part in ("train", "test") if row < 4 else ("train",):
            path = tmp_path / part / "ab"[row % 2] / f"{chr(97 + row % 26) * (1 + row // 26)}.png"
            path.parent.mkdir(parents=True, exist_ok=True)
            Image.fromarray(image).resize((32, 32)).save(path)
    grouping, names, _ = grouping_of(tmp_path)
    found = sorted(sorted(Path(names[row]).name for row in each) for each in grouping.first)
    assert found == [[name, name] for name in ("a.png", "b.png", "c.png", "d.png")]
