"""Check the contract of a reader, for built-ins and plugins alike."""

from __future__ import annotations

from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

from autotl.api import Columns, Reader
from autotl.data import pixel_digest, read
from autotl.errors import DataError, UnknownName

Pictures = Sequence[tuple[Image.Image, str]]


def tiny_pictures(*, each: int = 4, labels: Sequence[str] = ("ant", "bee", "Ümläut 3")) -> Pictures:
    """Return small images of noise with their labels.

    Args:
        each: The number of images of each label.
        labels: The labels.
    """
    rng = np.random.default_rng(0)
    return [
        (Image.fromarray(rng.integers(0, 256, (12, 9, 3), dtype=np.uint8)), label)
        for label in labels
        for _ in range(each)
    ]


class ReaderChecks:
    """Conformance checks of :class:`autotl.api.Reader`, to be subclassed.

    >>> class TestFolders(ReaderChecks):
    ...     reader = Folders()
    ...
    ...     def source(self, pictures, folder):
    ...         for number, (image, label) in enumerate(pictures):
    ...             (folder / label).mkdir(exist_ok=True)
    ...             image.save(folder / label / f"{number}.png")
    ...         return folder
    """

    reader: Reader

    def source(self, pictures: Pictures, folder: Path) -> object:
        """Return the images in the form that the reader reads, without loss.

        Args:
            pictures: The images and their labels.
            folder: An empty folder for files.
        """
        raise NotImplementedError

    @pytest.fixture
    def given(self, tmp_path: Path) -> object:
        return self.source(tiny_pictures(), tmp_path)

    def test_it_keeps_the_contract(self) -> None:
        assert isinstance(self.reader, Reader)
        assert self.reader.name.isidentifier()
        assert self.reader.summary.strip()
        assert "\n" not in self.reader.summary

    def test_it_knows_its_own_form_and_says_why(self, given: object) -> None:
        answer = self.reader.reads(given)
        assert answer.ok, answer.why
        assert answer.why

    @pytest.mark.parametrize(
        "foreign",
        [None, 42, "", "\0", "no/such/path", Path("no/such.file"), object(), [], (), {}, b"bytes", ([],)],
    )
    def test_it_refuses_what_is_not_its_form_without_raising(self, foreign: object) -> None:
        answer = self.reader.reads(foreign)
        assert not answer.ok
        assert answer.why

    def test_it_lists_every_picture_with_its_label(self, given: object) -> None:
        listing = self.reader.read(given, Columns())
        assert sorted(item.target for item in listing.items) == sorted(label for _, label in tiny_pictures())
        assert len({item.name for item in listing.items}) == len(listing.items)
        assert all(item.part in (None, "train", "val", "test") for item in listing.items)

    def test_its_notes_are_sentences(self, given: object) -> None:
        notes = self.reader.read(given, Columns()).notes
        assert all(note[0].isupper() and note.endswith(".") for note in notes), notes

    def test_the_pixels_arrive_unchanged(self, given: object) -> None:
        listing = self.reader.read(given, Columns())
        found = sorted((pixel_digest(item.open().convert("RGB")), item.target) for item in listing.items)
        assert found == sorted((pixel_digest(image), label) for image, label in tiny_pictures())

    def test_an_image_can_be_opened_again_and_from_many_threads(self, given: object) -> None:
        items = self.reader.read(given, Columns()).items
        once = [pixel_digest(item.open().convert("RGB")) for item in items]
        with ThreadPoolExecutor(8) as pool:
            often = list(pool.map(lambda item: pixel_digest(item.open().convert("RGB")), list(items) * 8))
        assert often == once * 8

    def test_reading_twice_lists_the_same(self, given: object) -> None:
        first, second = (self.reader.read(given, Columns()) for _ in range(2))
        assert [(i.name, i.target, i.part, i.group) for i in first.items] == [
            (i.name, i.target, i.part, i.group) for i in second.items
        ]

    @pytest.mark.parametrize("role", ["image", "label", "group"])
    def test_a_column_that_is_not_there_is_refused_by_name(self, given: object, role: str) -> None:
        named: dict[str, Any] = {role: "no_such_column"}
        with pytest.raises((DataError, UnknownName), match="no_such_column"):
            self.reader.read(given, Columns(**named))

    def test_one_class_is_refused(self, tmp_path: Path) -> None:
        given = self.source(tiny_pictures(labels=["lonely"]), tmp_path)
        with pytest.raises(DataError, match="lonely"):
            read(given, readers={self.reader.name: self.reader}, columns=Columns())

    def test_a_dataset_comes_out(self, given: object) -> None:
        dataset = read(given, readers={self.reader.name: self.reader})
        assert dataset.classes == ("ant", "bee", "Ümläut 3")
        assert len(dataset) == len(tiny_pictures())
        assert not dataset.unreadable
