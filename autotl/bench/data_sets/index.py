"""Export inputs of a data set, and list them in an index."""

from __future__ import annotations

import csv
import io
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from autotl import jsonio
from autotl.api import Dataset, ModalityName
from autotl.bench.data_sets.target_texts import target_texts
from autotl.data import map_in_threads

IndexRow = tuple[str, str, str, str]
"""Digest, target, part, and the file of an image or a text itself, as the index has them."""
Example = tuple[str, str, str | None, str]
"""Digest, target, part, and the path of an image or a text itself."""


def export(dataset: Dataset, home: Path, folder: str) -> list[IndexRow]:
    """Return the rows of the index, and write images into a folder.

    Args:
        dataset: The data.
        home: The folder of the index.
        folder: The new folder of images inside it.
    """
    if dataset.modality == "text":
        # the csv module does not quote a carriage return
        cells = [opener().replace("\r\n", "\n").replace("\r", "\n") for opener in dataset.openers]
    else:
        cells = _image_files(dataset, home, folder)
    columns = dataset.table["digest"], target_texts(dataset), dataset.table["part"], cells
    return [(digest, target, part or "", cell) for digest, target, part, cell in zip(*columns, strict=True)]


def write_index(path: Path, modality: ModalityName, rows: Sequence[IndexRow]) -> None:
    """Write an index; its last column has the name of the modality.

    Args:
        path: The file.
        modality: The kind of the inputs.
        rows: The rows.
    """
    write_table(path, ("digest", "label", "part", modality), rows)


def read_index(path: Path, modality: ModalityName) -> list[Example]:
    """Return the examples of an index, with the full paths of images."""
    with path.open(encoding="utf-8", newline="") as file:
        found = list(csv.DictReader(file))
    return [
        (row["digest"], row["label"], row["part"] or None, _cell(row[modality], path.parent, modality))
        for row in found
    ]


def write_table(path: Path, header: tuple[str, ...], rows: Sequence[Any]) -> None:
    """Write a CSV file, atomically.

    Args:
        path: The file.
        header: The names of the columns.
        rows: The cells of each row.
    """
    out = io.StringIO(newline="")
    writer = csv.writer(out, lineterminator="\n")
    writer.writerow(header)
    writer.writerows(rows)
    jsonio.write_text(path, out.getvalue())


def _cell(cell: str, home: Path, modality: ModalityName) -> str:
    return cell if modality == "text" else str((home / cell).resolve())


def _image_files(dataset: Dataset, home: Path, folder: str) -> list[str]:
    """Write the images into a folder, and return their files."""
    (home / folder).mkdir(parents=True)
    names = [f"{folder}/{row:07d}.png" for row in range(len(dataset))]

    def save(row: int) -> None:
        dataset.openers[row]().save(home / names[row], compress_level=1)

    for _ in map_in_threads(save, range(len(dataset))):
        pass
    return names
