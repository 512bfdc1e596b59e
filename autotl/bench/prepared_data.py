"""Write a data set to disk for every entrant.

It consists of image files, and lists that every entrant can read.
"""

from __future__ import annotations

import csv
import io
import shutil
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np

from autotl import jsonio
from autotl.api import Columns, Dataset, Reader, TargetSpec
from autotl.bench import split as splits
from autotl.bench.data_sets.data import REST, Data, label_columns
from autotl.bench.data_sets.target_texts import cells_of, names_in, target_texts
from autotl.bench.generated.draw import FAMILIES, draw
from autotl.bench.generated.from_files import MAKERS, make_table
from autotl.bench.split import Split
from autotl.data import map_in_threads, read
from autotl.errors import BenchError, UnknownName
from autotl.seeds import derive

TEST_PER_CLASS = 200
"""Test images per class of a generated data set."""
_IndexRow = tuple[str, str, str, str]
"""Digest, target, part and file of an image."""
_Image = tuple[str, str, str | None, Path]
_MADE = "made"  # folder of changed images, which are exported like others
_INDEX, _OTHERS = "index.csv", "others.csv"
_HEADER = ("digest", "label", "part", "image")


@dataclass(frozen=True, slots=True)
class PreparedData:
    """A data set with one split, on disk.

    Attributes:
        data: The data set.
        split: The split.
        table: CSV file with image, label and part. Each number has a column with its name.
        train: CSV file with image and label of the training images.
        test: CSV file with the test images, in the order of the logits.
        additional: Files or folders of the images besides the labelled ones, by role.
    """

    data: Data
    split: Split
    table: Path
    train: Path
    test: Path
    additional: Mapping[str, Path] = field(default_factory=dict)

    @property
    def columns(self) -> tuple[str, ...]:
        """The columns of the table with the labels or numbers."""
        return self.split.numbers or ("label",)


class DataMissing(BenchError):
    """The files of a data set, or its plugins, are not available."""


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
    lines: list[Any] = [(digest, label, part) for digest, label, part, _ in images]
    split = splits.make(
        lines,
        shots=shots,
        seed=seed,
        test=data.test,
        train_cap=data.train_cap,
        test_cap=data.test_cap,
        target=_target(data, [label for _, label, _ in lines]),
    )
    name = splits.file_name(data.name, shots=shots, seed=seed)
    _check_official(data, split, official / name)
    lists = home / name.removesuffix(".csv")
    left = splits.unused(lines, split, test=data.test) if REST in data.additional.values() else []
    rest = {digest: image for digest, _, _, image in images}
    additional = {}
    for role, other in data.additional.items():
        if other == REST:
            additional[role] = lists / f"{role}.csv"
            _write(additional[role], ("image",), [(str(rest[digest].resolve()),) for digest in left])
        elif other == data.test_file:
            additional[role] = lists / f"{role}.csv"
            _write_others(additional[role], data, split, _read_index(home / _OTHERS))
        else:
            additional[role] = _data_file(data, other, files)
    _write_lists(lists, split, {(digest, label): image for digest, label, _, image in images})
    return PreparedData(data, split, lists / "table.csv", lists / "train.csv", lists / "test.csv", additional)


def _target(data: Data, texts: Sequence[str]) -> TargetSpec:
    """Return the target with its names: those of numbers are columns, others occur in the texts."""
    if data.target != "regression":
        return TargetSpec(data.target, names_in(texts, data.target))
    named = (MAKERS[str(data.generator)].label,) if data.is_made else label_columns(data)
    return TargetSpec(data.target, tuple(named))


def _check_official(data: Data, split: Split, path: Path) -> None:
    """Raise BenchError if a split differs from that of the suite."""
    if path.is_file() and (known := splits.read(path)).hash != split.hash:
        raise BenchError(
            f"{data.name} is not the data of {path}: the split must have the hash {known.hash} "
            f"(got {split.hash}). Use the original data, or your own suite."
        )


def _write_lists(folder: Path, split: Split, images: Mapping[tuple[str, str], Path]) -> None:
    """Write the table, and the lists of training and test images."""
    names = split.numbers or ("label",)
    rows = [
        (str(images[line.digest, line.label].resolve()), *cells_of(line.label, split.target), line.part)
        for line in split.lines
    ]
    _write(folder / "table.csv", ("image", *names, "part"), rows)
    _write(folder / "train.csv", ("image", *names), [row[:-1] for row in rows if row[-1] == "train"])
    _write(folder / "test.csv", ("image",), [row[:1] for row in rows if row[-1] == "test"])


def _write_others(path: Path, data: Data, split: Split, others: Sequence[_Image]) -> None:
    """Write the images of the test file that are no test images, with their targets."""
    if not others:
        raise BenchError(
            f"{data.name}: {data.test_file} must have training images, because its test images are no "
            "additional ones. Give another file."
        )
    names = split.numbers or ("label",)
    rows = [(str(image.resolve()), *cells_of(label, split.target)) for _, label, _, image in others]
    _write(path, ("image", *names), rows)


def _data_file(data: Data, name: str, files: Path | None) -> Path:
    """Return a file or folder in the folder of data files. Raises DataMissing."""
    path = (files or Path()) / name
    if files is None or not path.exists():
        raise DataMissing(f"{data.name}: {name} is not in {files or 'a folder of data. Give --data'}.")
    return path


def _images(data: Data, home: Path, files: Path | None, readers: Mapping[str, Reader]) -> list[_Image]:
    """Return digest, target, part and file of every image; decode and write them the first time."""
    index, others = home / _INDEX, home / _OTHERS
    if not (index.is_file() and (data.test_file is None or others.is_file())):
        shutil.rmtree(home, ignore_errors=True)
        dataset = _open(data, home, files, readers)
        rows = _exported(dataset, home, "images")
        if data.test_file is not None:
            path = _data_file(data, data.test_file, files)
            other = read(path, readers=readers, columns=Columns(data.image, data.label, target=data.target))
            rows, left = _with_test_rows(data, rows, _exported(other, home, "test-images"))
            _write(others, _HEADER, left)
        _write(index, _HEADER, rows)
        shutil.rmtree(home / _MADE, ignore_errors=True)
    return _read_index(index)


def _read_index(path: Path) -> list[_Image]:
    """Return digest, target, part and file of every image of an index."""
    with path.open(encoding="utf-8", newline="") as file:
        found = list(csv.DictReader(file))
    return [(row["digest"], row["label"], row["part"] or None, path.parent / row["image"]) for row in found]


def _exported(dataset: Dataset, home: Path, folder: str) -> list[_IndexRow]:
    """Write the images into a folder, and return their rows of the index."""
    (home / folder).mkdir(parents=True)

    def save(row: int) -> None:
        dataset.openers[row]().save(home / folder / f"{row:07d}.png", compress_level=1)

    for _ in map_in_threads(save, range(len(dataset))):
        pass
    columns = dataset.table["digest"], target_texts(dataset), dataset.table["part"]
    return [
        (digest, target, part or "", f"{folder}/{number:07d}.png")
        for number, (digest, target, part) in enumerate(zip(*columns, strict=True))
    ]


def _with_test_rows(
    data: Data, rows: list[_IndexRow], others: list[_IndexRow]
) -> tuple[list[_IndexRow], list[_IndexRow]]:
    """Replace the test rows by those of another file, and return its other rows too.

    All of its rows are test rows if it has no parts.
    """
    parts = {part for _, _, part, _ in others}
    tested = [row for row in others if row[2] == "test" or "test" not in parts]
    known = [{name for _, name, _, _ in each} for each in (rows, tested)]
    if data.target == "single_label" and known[0] != known[1]:
        raise BenchError(
            f"{data.name}: {data.test_file} must have the classes of {data.file} (got "
            f"{', '.join(sorted(known[0] ^ known[1])[:5])} in one of them alone). Give another file."
        )
    train = [(digest, target, "train", image) for digest, target, part, image in rows if part != "test"]
    digests = {digest for digest, *_ in tested}
    left = [row for row in others if row[0] not in digests]
    return [*train, *((digest, target, "test", image) for digest, target, _, image in tested)], left


def _open(data: Data, home: Path, files: Path | None, readers: Mapping[str, Reader]) -> Dataset:
    columns = Columns(data.image, data.label, target=data.target)
    if data.file is not None:
        path = _data_file(data, data.file, files)
        if not data.is_made:
            return read(path, readers=readers, columns=columns)
        name, seed = str(data.generator), derive(0, "benchmark", data.name)
        known = read(path, readers=readers, columns=Columns(target="single_label"))
        table = make_table(name, known, home / _MADE, seed=seed, settings=data.settings)
        return read(table, readers=readers, columns=Columns("image", MAKERS[name].label, target=data.target))
    if data.generator is not None:
        return read(_generate(data), readers=readers, columns=columns)
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
