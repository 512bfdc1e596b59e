"""Folders that hold more, or other files, than the pictures of their classes."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

import pytest

from autotl.data import label_paths
from autotl.errors import DataError
from tests.cases.pictures import folders, found, png

CLASSES = ["cat", "dog"]


def files(*names: str) -> list[str]:
    return [f"{name}/{number}.png" for name in names for number in range(2)]


@pytest.mark.parametrize(
    ("beside", "told"),
    [
        (["cat/masks", "dog/masks"], "folder masks 4"),
        (["cat/Mask", "cat/Image", "dog/Mask", "dog/Image"], "folder Mask 4"),
        (["#recycle/cat"], "#recycle 2"),
        (["lost+found"], "lost+found 2"),
        (["cat/annotated", "dog/annotated"], "annotated 4"),
        (["cat/overlay", "dog/overlay"], "overlay 4"),
        (["cat/2023", "dog/2024"], "2023 2, 2024 2"),
    ],
)
def test_what_lies_inside_or_beside_classes_is_counted(beside: list[str], told: str) -> None:
    listed, notes = label_paths(files(*CLASSES, *beside), where="here")
    assert {each.label for each in listed} == set(CLASSES)
    assert told in " ".join(notes)


@pytest.mark.parametrize(
    "hidden", [".ipynb_checkpoints/cat", "cat/.thumbnails", "__MACOSX/cat", ".Trash-1000/files/dog"]
)
def test_hidden_folders_are_no_data(hidden: str) -> None:
    listed, _ = label_paths(files(*CLASSES, hidden), where="here")
    assert len(listed) == 4


@pytest.mark.parametrize("inside", [["rgb", "depth"], ["left", "right"], ["labeled", "unlabeled"]])
def test_two_kinds_of_picture_inside_every_class_are_refused(inside: list[str]) -> None:
    names = files(*(f"{name}/{kind}" for name in CLASSES for kind in inside))
    with pytest.raises(DataError, match="hold folders of the same names"):
        label_paths(names, where="here")


@pytest.mark.parametrize("ending", ["mp4", "npy", "zip", "bin", "ARW"])
def test_a_class_without_a_picture_is_no_class_in_silence(here: Path, ending: str) -> None:
    folders(here / "photos", *CLASSES)
    (here / "photos/owl").mkdir()
    for number in range(3):
        (here / f"photos/owl/{number}.{ending}").touch()
    with pytest.raises(DataError, match=rf"owl.*\.{ending}|\.{ending.lower()}"):
        found(here / "photos")


def test_files_without_an_ending_are_counted(here: Path) -> None:
    folders(here / "photos", *CLASSES)
    (here / "photos/cat/picture").write_bytes(png())
    assert "Ignored 1 files that are not images: cat/picture." in found(here / "photos").notes


@pytest.mark.parametrize(("name", "refused"), [("owl", True), ("lost+found", False), (".Trash-0", False)])
def test_a_folder_that_may_not_be_read_is_not_lost_unsaid(
    here: Path, monkeypatch: pytest.MonkeyPatch, name: str, refused: bool
) -> None:
    folders(here / "photos", *CLASSES, name)
    scan = os.scandir

    def scandir(path: Any) -> Any:
        if Path(path).name == name:
            raise PermissionError(13, "Permission denied", str(path))
        return scan(path)

    monkeypatch.setattr(os, "scandir", scandir)
    if refused:
        with pytest.raises(DataError, match=f"The folder .*{name} cannot be read: Permission denied"):
            found(here / "photos")
    else:
        assert found(here / "photos").labels == {"cat": 3, "dog": 3}


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="the system has no named pipes")
def test_pipes_and_links_in_a_folder_are_never_waited_for(here: Path) -> None:
    folders(here / "photos", *CLASSES, each=20)
    os.mkfifo(here / "photos/cat/pipe.png")
    (here / "photos/cat/zero.png").symlink_to("/dev/zero")
    (here / "photos/dog/nowhere.png").symlink_to("gone.png")
    (here / "photos/dog/again").symlink_to(here / "photos")
    told = found(here / "photos")
    assert told.labels == {"cat": 20, "dog": 20}
    assert told.unreadable == {"dog/nowhere.png": "no such file"}
