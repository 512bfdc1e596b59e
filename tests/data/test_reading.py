"""Any source becomes a dataset, or an error with advice."""

from __future__ import annotations

import os
import pickle
import zipfile
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from PIL import Image
from torchvision.datasets import ImageFolder

from autotl.api import Applies, Columns, Item, Listing
from autotl.builtin.readers.archive import Archive
from autotl.builtin.readers.arrays import Arrays
from autotl.builtin.readers.folders import Folders
from autotl.builtin.readers.hf_dataset import HfDataset
from autotl.builtin.readers.tables import Tables
from autotl.builtin.readers.torch_dataset import TorchDataset
from autotl.data import read, split
from autotl.errors import DataError
from autotl.results import write_split
from autotl.testing.reader import tiny_pictures

READERS = {
    reader.name: reader for reader in (Archive(), Arrays(), Folders(), HfDataset(), Tables(), TorchDataset())
}


def folder(at: Path, each: int = 10) -> Path:
    for number, (image, label) in enumerate(tiny_pictures(each=each)):
        (at / label).mkdir(parents=True, exist_ok=True)
        image.save(at / label / f"{number}.png")
    return at


def test_all_input_forms_give_the_same_split_hash(tmp_path: Path) -> None:
    root = folder(tmp_path / "images")
    files = sorted(root.rglob("*.png"))
    with zipfile.ZipFile(tmp_path / "images.zip", "w") as archive:
        for file in reversed(files):
            archive.write(file, f"wrapped/{file.relative_to(root).as_posix()}")
    table = pd.DataFrame(
        {"file": [str(file) for file in files], "label": [file.parent.name for file in files]}
    )
    table.sample(frac=1, random_state=0).to_csv(tmp_path / "table.csv", index=False)
    table.to_parquet(tmp_path / "table.parquet")
    images = np.stack([np.asarray(Image.open(file)) for file in files])
    labels = table["label"].to_numpy()
    sources = [
        root,
        str(tmp_path / "images.zip"),
        tmp_path / "table.csv",
        tmp_path / "table.parquet",
        table,
        (images, labels),
        (images.transpose(0, 3, 1, 2) / 255, list(labels)),
        ImageFolder(str(root)),
    ]
    datasets = [read(source, readers=READERS) for source in sources]
    assert len({dataset.digest for dataset in datasets}) == 1
    assert len({split(dataset, seed=0).hash for dataset in datasets}) == 1
    assert len({dataset.classes for dataset in datasets}) == 1


def test_rows_are_ordered_by_digest_and_open_upright_rgb(tmp_path: Path) -> None:
    dataset = read(folder(tmp_path), readers=READERS)
    columns = ["item", "label", "group", "digest", "part", "height", "width", "taken", "looks"]
    assert list(dataset.table.columns) == columns
    assert dataset.table["digest"].is_monotonic_increasing
    assert set(dataset.table["height"]) == {12}
    assert set(dataset.table["width"]) == {9}
    images = [opener() for opener in dataset.openers]
    assert {(image.mode, image.size) for image in images} == {("RGB", (9, 12))}
    again = pickle.loads(pickle.dumps(dataset.openers[3]))()
    assert again.tobytes() == images[3].tobytes()


def test_unreadable_images_are_left_out_and_listed_with_the_reason(tmp_path: Path) -> None:
    root = folder(tmp_path, each=30)
    (root / "ant" / "text.jpg").write_text("no picture")
    (root / "ant" / "empty.png").touch()
    Image.new("RGB", (300, 300), "red").save(root / "bee" / "cut.jpg")
    (root / "bee" / "cut.jpg").write_bytes((root / "bee" / "cut.jpg").read_bytes()[:700])
    dataset = read(root, readers=READERS)
    assert len(dataset) == 90
    assert {name: why.split(":")[0] for name, why in dataset.unreadable.items()} == {
        "ant/text.jpg": "not an image of a known format",
        "ant/empty.png": "not an image of a known format",
        "bee/cut.jpg": "OSError",
    }


def test_too_many_unreadable_images_stop_the_reading(tmp_path: Path) -> None:
    root = folder(tmp_path)
    for number in range(2):
        (root / "ant" / f"{number}.jpg").write_text("no picture")
    with pytest.raises(DataError, match=r"2 of 32 images .* more than 5%: ant/0.jpg .not an image"):
        read(root, readers=READERS)


def test_a_class_that_cannot_be_read_stops_the_reading(tmp_path: Path) -> None:
    root = folder(tmp_path)
    (root / "wasp").mkdir()
    (root / "wasp" / "1.jpg").write_text("no picture")
    with pytest.raises(DataError, match="No image of the class wasp"):
        read(root, readers=READERS)


def test_a_missing_path_gets_a_suggestion(tmp_path: Path) -> None:
    folder(tmp_path / "insects")
    with pytest.raises(DataError, match=r"There is no .*insectss. Did you mean .*insects?"):
        read(tmp_path / "insectss", readers=READERS)
    with pytest.raises(DataError, match=r"There is no folder .*nowhere either"):
        read(tmp_path / "nowhere" / "x", readers=READERS)


def test_an_unreadable_source_gets_a_list_of_forms(tmp_path: Path) -> None:
    with pytest.raises(DataError, match="No reader reads the given int") as raised:
        read(42, readers=READERS)
    assert all(f"{name}: {reader.summary}" in str(raised.value) for name, reader in READERS.items())
    (tmp_path / "data.tar").touch()
    with pytest.raises(DataError, match=r"data.tar. Supported forms"):
        read(tmp_path / "data.tar", readers=READERS)


class Strange:
    """A stranger's reader with something wrong."""

    name = "strange"
    summary = "anything"

    def __init__(self, listing: Listing | None) -> None:
        self.listing = listing

    def reads(self, source: object) -> Applies:
        return Applies(True, "why not")

    def read(self, source: object, columns: Columns) -> Listing:
        if self.listing is None:
            raise RuntimeError("oh")
        return self.listing


def test_a_readers_own_failure_names_the_reader() -> None:
    with pytest.raises(DataError, match="The reader strange failed on the given object: RuntimeError: oh"):
        read(object(), readers={"strange": Strange(None)})


def test_no_images_and_one_class_are_refused() -> None:
    with pytest.raises(DataError, match="holds no images"):
        read(object(), readers={"strange": Strange(Listing([]))})
    items = [Item(str(n), "only", lambda: Image.new("L", (1, 1))) for n in range(3)]
    with pytest.raises(DataError, match=r"two classes or more .got only 'only'"):
        read(object(), readers={"strange": Strange(Listing(items))})


def test_readers_are_asked_in_the_order_of_their_names() -> None:
    items = [Item(str(n), str(n), lambda: Image.new("L", (1, 1))) for n in range(3)]
    first, last = Strange(Listing(items)), Strange(None)
    assert len(read(object(), readers={"b": last, "a": first})) == 3


def test_a_published_dataset_is_read_with_its_own_split(hymenoptera: Path) -> None:
    dataset = read(hymenoptera, readers=READERS)
    assert dataset.classes == ("ants", "bees")
    splits = split(dataset, seed=0)
    assert (len(splits.train), len(splits.test), splits.kind) == (244, 153, "kfold")
    assert "The folders' own split is kept: train 244, test 153." in dataset.notes


def test_a_label_that_is_a_text_is_refused_in_a_short_sentence() -> None:
    items = [Item(str(n), f"{n % 2}" + "x" * 20_000, lambda: Image.new("L", (1, 1))) for n in range(4)]
    with pytest.raises(DataError, match=r"300 characters or less .got 20,001") as caught:
        read(object(), readers={"strange": Strange(Listing(items))})
    assert len(str(caught.value)) < 400


def test_names_that_are_not_utf_8_and_pipes_do_no_harm(tmp_path: Path) -> None:
    for number, label in enumerate(("a", "caf\udce9")):
        try:
            (tmp_path / label).mkdir()
        except (OSError, UnicodeError):
            pytest.skip("the file system takes UTF-8 alone")
        for row in range(3):
            Image.new("RGB", (2, 2), (number, row, 0)).save(tmp_path / label / f"\udcff{row}.png")
    os.mkfifo(tmp_path / "a/pipe.png")
    dataset = read(tmp_path, readers={"folders": Folders()})
    assert dataset.classes == ("a", "caf\udce9")
    assert sorted(dataset.table["item"])[0] == "a/\udcff0.png"
    assert not dataset.unreadable
    write_split(tmp_path / "split.csv", dataset, split(dataset, seed=0))
    assert r"caf\udce9/\udcff1.png" in (tmp_path / "split.csv").read_text(encoding="utf-8")
