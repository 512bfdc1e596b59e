"""Write a data set to disk for every entrant.

It consists of image files, and lists that every entrant can read. Texts are in the lists.
"""

from __future__ import annotations

import shutil
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np

from autotl.api import Columns, Dataset, Reader, TargetSpec
from autotl.bench import split as splits
from autotl.bench.data_sets.data import MESSAGES, REST, Data, label_columns
from autotl.bench.data_sets.index import Example, IndexRow, export, read_index, write_index, write_table
from autotl.bench.data_sets.target_texts import cells_of, names_in
from autotl.bench.generated.draw import FAMILIES, draw
from autotl.bench.generated.from_files import MAKERS, make_table
from autotl.bench.split import Split
from autotl.data import customer_messages, read
from autotl.errors import BenchError, UnknownName
from autotl.seeds import derive

TEST_PER_CLASS = 200
"""Test images per class of a generated data set."""
_MADE = "made"  # folder of changed images, which are exported like others
_INDEX, _OTHERS = "index.csv", "others.csv"


@dataclass(frozen=True, slots=True)
class PreparedData:
    """A data set with one split, on disk.

    Attributes:
        data: The data set.
        split: The split.
        table: CSV file with image or text, label and part. Each number has a column with its name.
        train: CSV file with image or text and label of the training part.
        test: CSV file with the test images or texts, in the order of the logits.
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
    examples = _examples(data, home, files, readers)
    lines: list[Any] = [(digest, label, part) for digest, label, part, _ in examples]
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
    rest = {digest: cell for digest, _, _, cell in examples}
    additional = {}
    for role, other in data.additional.items():
        if other == REST:
            additional[role] = lists / f"{role}.csv"
            write_table(additional[role], ("image",), [(rest[digest],) for digest in left])
        elif other == data.test_file:
            additional[role] = lists / f"{role}.csv"
            _write_others(additional[role], data, split, read_index(home / _OTHERS, data.modality))
        else:
            additional[role] = _data_file(data, other, files)
    cells = {(digest, label): cell for digest, label, _, cell in examples}
    _write_lists(lists, split, cells, column=data.modality)
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


def _write_lists(folder: Path, split: Split, cells: Mapping[tuple[str, str], str], *, column: str) -> None:
    """Write the table, and the lists of the training and test parts."""
    names = split.numbers or ("label",)
    rows = [
        (cells[line.digest, line.label], *cells_of(line.label, split.target), line.part)
        for line in split.lines
    ]
    write_table(folder / "table.csv", (column, *names, "part"), rows)
    write_table(folder / "train.csv", (column, *names), [row[:-1] for row in rows if row[-1] == "train"])
    write_table(folder / "test.csv", (column,), [row[:1] for row in rows if row[-1] == "test"])


def _write_others(path: Path, data: Data, split: Split, others: Sequence[Example]) -> None:
    """Write the images of the test file that are no test images, with their targets."""
    if not others:
        raise BenchError(
            f"{data.name}: {data.test_file} must have training images, because its test images are no "
            "additional ones. Give another file."
        )
    names = split.numbers or ("label",)
    rows = [(image, *cells_of(label, split.target)) for _, label, _, image in others]
    write_table(path, ("image", *names), rows)


def _data_file(data: Data, name: str, files: Path | None) -> Path:
    """Return a file or folder in the folder of data files. Raises DataMissing."""
    path = (files or Path()) / name
    if files is None or not path.exists():
        raise DataMissing(f"{data.name}: {name} is not in {files or 'a folder of data. Give --data'}.")
    return path


def _examples(data: Data, home: Path, files: Path | None, readers: Mapping[str, Reader]) -> list[Example]:
    """Return every image or text; read and write them the first time."""
    index, others = home / _INDEX, home / _OTHERS
    if not (index.is_file() and (data.test_file is None or others.is_file())):
        shutil.rmtree(home, ignore_errors=True)
        dataset = _open(data, home, files, readers)
        rows = export(dataset, home, "images")
        if data.test_file is not None:
            path = _data_file(data, data.test_file, files)
            other = read(path, readers=readers, columns=Columns(data.image, data.label, target=data.target))
            rows, left = _with_test_rows(data, rows, export(other, home, "test-images"))
            write_index(others, data.modality, left)
        write_index(index, data.modality, rows)
        shutil.rmtree(home / _MADE, ignore_errors=True)
    return read_index(index, data.modality)


def _with_test_rows(
    data: Data, rows: list[IndexRow], others: list[IndexRow]
) -> tuple[list[IndexRow], list[IndexRow]]:
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
    columns = Columns(data.image, data.label, target=data.target, text=data.text)
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
    if name == MESSAGES:
        return customer_messages(**data.settings)
    if name not in FAMILIES:
        raise UnknownName("generator", name, ["digits", MESSAGES, *FAMILIES])
    settings = dict(data.settings)
    # by default, enough for the test images and for all training images that a seed may use
    per_class = settings.pop("per_class", 0) or (data.train_cap or TEST_PER_CLASS) + TEST_PER_CLASS
    images, labels = draw(name, per_class=per_class, seed=derive(0, "benchmark", data.name), **settings)
    return np.asarray(images), np.asarray(labels)
