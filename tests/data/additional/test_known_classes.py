"""Labels of the place of use are classes of the labelled images, or nothing."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from autotl import plugins
from autotl.api import Columns, TargetSpec
from autotl.clock import WallClock
from autotl.data.additional.known_classes import UNKNOWN, known_labels, with_known_classes
from autotl.data.additional.listing import AdditionalListing, list_additional
from autotl.data.additional.reading import ReadingLimits, read_additional
from autotl.errors import DataError
from autotl.testing import tiny_images

READERS = plugins.load().readers.items
TARGET = TargetSpec("single_label", ("bars", "rings", "spots"))


def table(root: Path, labels: list[str], column: str = "label") -> Path:
    """Write images, and a table of their paths and labels."""
    images = tiny_images(classes=1, each=len(labels))[0]
    lines = [f"path,{column}"]
    for number, (pixels, label) in enumerate(zip(images, labels, strict=True)):
        Image.fromarray(pixels).save(root / f"{number}.png")
        lines.append(f"{number}.png,{label}")
    (root / "place.csv").write_text("\n".join(lines), encoding="utf-8")
    return root / "place.csv"


def labels_of(listing: AdditionalListing) -> list[str]:
    return [str(item.target) for item in listing.items]


def test_a_table_may_have_empty_labels(tmp_path: Path) -> None:
    given = ["bars", "", "rings", "", "", "spots", "", "bars", "", ""]
    found = list_additional("deploy", table(tmp_path, given), readers=READERS)
    assert labels_of(found) == given
    assert not found.labelled
    known = with_known_classes(found, TARGET)
    assert labels_of(known) == given
    assert known.notes == ()


def test_a_table_without_any_label_is_read_too(tmp_path: Path) -> None:
    found = list_additional("deploy", table(tmp_path, [""] * 12), readers=READERS)
    assert labels_of(with_known_classes(found, TARGET)) == [""] * 12


def test_a_table_may_have_the_column_names_of_the_labelled_images(tmp_path: Path) -> None:
    path = table(tmp_path, ["bars"] * 10, column="species")
    found = list_additional("deploy", path, readers=READERS, columns=Columns(label="species"))
    assert labels_of(found) == ["bars"] * 10


def test_unknown_classes_are_used_without_label_and_counted(tmp_path: Path) -> None:
    path = table(tmp_path, [*["bars"] * 6, *["clouds"] * 3, "fog"])
    known = with_known_classes(list_additional("deploy", path, readers=READERS), TARGET)
    assert labels_of(known) == [*["bars"] * 6, *[""] * 4]
    (note,) = known.notes
    assert note == (
        "4 of the 10 images of the place of use have unknown labels (clouds, fog): they are used without "
        "label."
    )


def test_other_classes_only_are_refused_with_both_lists(tmp_path: Path) -> None:
    path = table(tmp_path, [*["clouds"] * 6, *["fog"] * 6])
    listed = list_additional("deploy", path, readers=READERS)
    with pytest.raises(DataError, match=r"\(got clouds, fog; your classes: bars, rings, spots\)"):
        with_known_classes(listed, TARGET)


def tree(root: Path, *names: str) -> Path:
    """Write folders of six images each."""
    for seed, name in enumerate(names):
        (root / name).mkdir(parents=True)
        for number, pixels in enumerate(tiny_images(classes=1, each=6, seed=seed)[0]):
            Image.fromarray(pixels).save(root / name / f"{number}.png")
    return root


def test_folders_that_are_no_classes_are_used_without_labels(tmp_path: Path) -> None:
    cameras = tree(tmp_path / "place", "camera1", "camera2")
    known = with_known_classes(list_additional("deploy", cameras, readers=READERS), TARGET)
    assert labels_of(known) == [""] * 12
    assert known.notes == (
        "The images of the place of use are used without labels: no folder has the name of a class "
        "(camera1, camera2).",
    )


def test_a_single_folder_is_no_class(tmp_path: Path) -> None:
    tree(tmp_path, "place")
    tree(tmp_path / "place" / "more", "images")
    known = with_known_classes(list_additional("deploy", tmp_path / "place", readers=READERS), TARGET)
    assert (labels_of(known), known.notes) == ([""] * 12, ())


def test_a_single_strange_label_of_a_table_is_noted(tmp_path: Path) -> None:
    listed = list_additional("deploy", table(tmp_path, ["Dog"] * 12), readers=READERS)
    known = with_known_classes(listed, TARGET)
    assert labels_of(known) == [""] * 12
    assert known.notes == ("The label 'Dog' is no class of yours: ignored.",)


def test_labels_that_cannot_be_read_are_noted(tmp_path: Path) -> None:
    path = table(tmp_path, ["bars"] * 12)
    text = path.read_text(encoding="utf-8").replace("label", "one,two").replace(",bars", ",bars,rings")
    path.write_text(text, encoding="utf-8")
    listed = list_additional("deploy", path, readers=READERS)
    assert labels_of(listed) == [""] * 12
    (note,) = listed.notes
    assert note.startswith("The images of the place of use are used without labels, which cannot be read: ")
    assert "no column can be the labels. Columns: path, one, two." in note


def test_images_have_the_same_names_however_the_path_is_given(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    place = tree(tmp_path / "place", "images", "more")
    monkeypatch.chdir(tmp_path)
    absolute, relative = (list_additional("unlabelled", each, readers=READERS) for each in (place, "place"))
    names = [item.name for item in absolute.items]
    assert names == [item.name for item in relative.items]
    assert names[0] == "images/0.png"


def test_labels_are_ignored_if_images_have_no_single_class() -> None:
    images, names = tiny_images(classes=2, each=6)
    listed = list_additional("deploy", (images, names), readers=READERS)
    known = with_known_classes(listed, TargetSpec("multi_label", ("bars", "rings")))
    assert set(labels_of(known)) == {""}
    assert "are ignored" in known.notes[0]


def test_labels_follow_the_images_that_were_read() -> None:
    images, names = tiny_images(classes=3, each=6)
    names = ["" if number % 2 else name for number, name in enumerate(names)]
    listed = with_known_classes(
        list_additional("deploy", (images, [each or "other" for each in names]), readers=READERS), TARGET
    )
    dataset, _ = read_additional(listed, None, ReadingLimits(), clock=WallClock(), seed=0)
    assert dataset.classes == ()
    assert set(dataset.table["label"]) == {0}
    found = known_labels(listed, dataset, TARGET)
    by_name = {item.name: str(item.target) for item in listed.items}
    due = [TARGET.names.index(by_name[each]) if by_name[each] else UNKNOWN for each in dataset.table["item"]]
    assert found.tolist() == due
    assert np.unique(found).tolist() == [UNKNOWN, 0, 1, 2]
