"""Write a data set to disk for every entrant.

It consists of image files, and lists that every entrant can read.
"""

from __future__ import annotations

import csv
import io
import shutil
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from autotl import jsonio
from autotl.api import Columns, Dataset, Reader
from autotl.bench import split as splits
from autotl.bench.generated.draw import FAMILIES, draw
from autotl.bench.split import Split
from autotl.bench.suite import Data
from autotl.data import map_in_threads, read
from autotl.errors import BenchError, UnknownName
from autotl.seeds import derive

TEST_PER_CLASS = 200
"""Test images per class of a generated data set."""


@dataclass(frozen=True, slots=True)
class PreparedData:
    """A data set with one split, on disk.

    Attributes:
        data: The data set.
        split: The split.
        table: CSV file with image, label and part.
        train: CSV file with image and label of the training images.
        test: CSV file with the test images, in the order of the logits.
    """

    data: Data
    split: Split
    table: Path
    train: Path
    test: Path


class DataMissing(BenchError):
    """The files of a data set are not available."""


def prepare_data(
    data: Data,
    *,
    shots: int,
    seed: int,
    folder: Path,
    files: Path | None,
    official: Path,
    readers: Mapping[str, Reader],
) -> PreparedData:
    """Prepare a data set under ``folder``; existing files are reused.

    Args:
        data: The data set.
        shots: Training images per class; 0 for all.
        seed: Seed of the split.
        folder: Folder for the prepared data.
        files: Folder of the suite's data files; None if there is none.
        official: Folder of the suite's split files. If it contains this split, the new split must equal it.
        readers: The readers of data formats.

    Raises:
        DataMissing: If the data is not available.
        BenchError: If the data differs from that of the official split.
    """
    home = folder / data.name
    images = _images(data, home, files, readers)
    split = splits.make(
        [(digest, label, part) for digest, label, part, _ in images],
        shots=shots,
        seed=seed,
        test=data.test,
        train_cap=data.train_cap,
        test_cap=data.test_cap,
    )
    name = splits.file_name(data.name, shots=shots, seed=seed)
    if (kept := official / name).is_file() and splits.read(kept).hash != split.hash:
        raise BenchError(
            f"{data.name} is not the data of {kept}: the split must have the hash {splits.read(kept).hash} "
            f"(got {split.hash}). Use the original data, or your own suite."
        )
    paths = {(digest, label): image for digest, label, _, image in images}
    lists = home / name.removesuffix(".csv")
    rows = [(str(paths[line.digest, line.label].resolve()), line.label, line.part) for line in split.lines]
    _write(lists / "table.csv", ("image", "label", "part"), rows)
    _write(lists / "train.csv", ("image", "label"), [row[:2] for row in rows if row[2] == "train"])
    _write(lists / "test.csv", ("image",), [row[:1] for row in rows if row[2] == "test"])
    return PreparedData(data, split, lists / "table.csv", lists / "train.csv", lists / "test.csv")


def _images(
    data: Data, home: Path, files: Path | None, readers: Mapping[str, Reader]
) -> list[tuple[str, str, str | None, Path]]:
    """Return digest, label, part and file of every image; decode and write them the first time."""
    index = home / "index.csv"
    if not index.is_file():
        shutil.rmtree(home, ignore_errors=True)
        dataset = _open(data, files, readers)
        _export(dataset, home / "images")
        table = dataset.table
        rows = [
            (digest, dataset.classes[label], part or "", f"images/{number:07d}.png")
            for number, (digest, label, part) in enumerate(
                zip(table["digest"], table["label"], table["part"], strict=True)
            )
        ]
        _write(index, ("digest", "label", "part", "image"), rows)
    with index.open(encoding="utf-8", newline="") as file:
        found = list(csv.DictReader(file))
    return [(row["digest"], row["label"], row["part"] or None, home / row["image"]) for row in found]


def _export(dataset: Dataset, folder: Path) -> None:
    folder.mkdir(parents=True)

    def save(row: int) -> None:
        dataset.openers[row]().save(folder / f"{row:07d}.png", compress_level=1)

    for _ in map_in_threads(save, range(len(dataset))):
        pass


def _open(data: Data, files: Path | None, readers: Mapping[str, Reader]) -> Dataset:
    columns = Columns(data.image, data.label, target="single_label")  # suites have one class for each image
    if data.generator is not None:
        return read(_generate(data), readers=readers, columns=columns)
    if data.file is not None:
        path = (files or Path()) / data.file
        if files is None or not path.exists():
            raise DataMissing(
                f"{data.name}: {data.file} is not in {files or 'a folder of data. Give --data'}."
            )
        return read(path, readers=readers, columns=columns)
    try:
        from datasets import load_dataset  # an extra

        return read(load_dataset(data.huggingface, **data.settings), readers=readers, columns=columns)
    except ImportError as error:
        raise DataMissing(f"{data.name}: Hugging Face data needs pip install 'autotl[hf]'.") from error
    except (OSError, ConnectionError) as error:
        raise DataMissing(f"{data.name}: {data.huggingface} cannot be downloaded: {error}") from error


def _generate(data: Data) -> tuple[Any, Any]:
    name = str(data.generator)
    if name == "digits":
        from sklearn.datasets import load_digits  # takes a second

        digits = load_digits()
        return (digits.images * (255 / 16)).round().astype("uint8"), digits.target
    if name not in FAMILIES:
        raise UnknownName("generator", name, ["digits", *FAMILIES])
    settings = dict(data.settings)
    # by default, enough for the test images and for all training images that a seed may use
    per_class = settings.pop("per_class", 0) or (data.train_cap or TEST_PER_CLASS) + TEST_PER_CLASS
    images, labels = draw(name, per_class=per_class, seed=derive(0, "benchmark", data.name), **settings)
    return np.asarray(images), np.asarray(labels)


def _write(path: Path, header: tuple[str, ...], rows: list[Any]) -> None:
    out = io.StringIO(newline="")
    writer = csv.writer(out, lineterminator="\n")
    writer.writerow(header)
    writer.writerows(rows)
    jsonio.write_text(path, out.getvalue())
