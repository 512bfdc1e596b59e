"""Turn filled-in tables of an exploration into data for ``fit``."""

from __future__ import annotations

import csv
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from autotl.data import delimited_rows, is_missing
from autotl.errors import DataError
from autotl.exploration.named_files import named_files
from autotl.exploration.table import CLUSTER_TABLE, TABLE
from autotl.files import is_same_file, open_output
from autotl.importing.lazy import lazy_module
from autotl.quality.outliers import THRESHOLD
from autotl.results.csv_text import csv_text, original_text

if TYPE_CHECKING:
    import pandas as pd
else:  # slow to import, and only tables need it
    pd = lazy_module("pandas")

_COLUMNS = ("path", "cluster", "outlier", "copy", "label")
"""The columns of the table of images that are read."""


@dataclass(frozen=True, slots=True)
class Labelled:
    """The table of labelled images, and where their labels come from.

    Attributes:
        path: The written table.
        by_image: Images with their own label.
        by_cluster: Images with the name of their cluster.
        outliers: Images without a label, because they are outliers of a named cluster.
        unlabelled: Other images without a label.
        classes: The number of images by label.
    """

    path: Path
    by_image: int
    by_cluster: int
    outliers: int
    unlabelled: int
    classes: Mapping[str, int]

    @property
    def sentence(self) -> str:
        """The counts as sentences for the user."""
        count = self.by_image + self.by_cluster
        text = f"{count:,} images have a label, in {len(self.classes):,} classes: "
        text += f"{self.by_image:,} their own, {self.by_cluster:,} that of their cluster."
        if self.outliers:
            text += f" {self.outliers:,} outliers of named clusters have none."
        return text + (f" {self.unlabelled:,} other images have none." if self.unlabelled else "")


def write_labelled(source: str | Path, out: str | Path) -> Labelled:
    """Write the table of images that have a label.

    An image has the label in its row, or else the name of its cluster in ``cluster_labels.csv``. The name of
    a cluster extends neither to its outliers nor to copies. Images of a ZIP file are unpacked into a folder
    beside the table.

    Args:
        source: The folder of an exploration, or its ``clusters.csv``.
        out: The new table, with the columns ``path``, ``label`` and ``cluster``.

    Raises:
        DataError: A table is missing or damaged, no label is filled in, an image is no file, or ``out`` is a
            table with the labels.
        RunError: The table cannot be written.
    """
    file = Path(source) / TABLE if Path(source).is_dir() else Path(source)
    target, clusters = Path(out), file.with_name(CLUSTER_TABLE)
    if is_same_file(target, file) or is_same_file(target, clusters):
        raise DataError(f"out must not be a table that you labelled (got {target}). Give another file.")
    rows = [row for row in _read(file, _COLUMNS) if not (row["copy"] and is_missing(row["label"]))]
    names = _cluster_names(clusters)
    chosen: list[tuple[str, str, str]] = []
    counts: Counter[str] = Counter()
    for row in rows:
        label, kind = _label_of(row, names)
        counts[kind] += 1
        if label:
            chosen.append((row["path"], label, row["cluster"]))
    if not chosen:
        raise DataError(
            f"The column 'label' of {file} must have labels (got none), or that of {CLUSTER_TABLE}. "
            "Fill in some labels, or name clusters."
        )
    paths = named_files([path for path, _, _ in chosen], target.absolute().with_name(f"{target.name}-images"))
    table = pd.DataFrame(
        {
            "path": pd.Series(paths, dtype=object),
            "label": pd.Series([label for _, label, _ in chosen], dtype=object),
            "cluster": pd.Series([cluster for _, _, cluster in chosen], dtype=object),
        }
    )
    with open_output(target) as output:
        output.write(csv_text(table).encode("utf-8", errors="backslashreplace"))
    return Labelled(
        target,
        counts["image"],
        counts["cluster"],
        counts["outlier"],
        counts[""],
        Counter(label for _, label, _ in chosen),
    )


def _label_of(row: Mapping[str, str], names: Mapping[str, str]) -> tuple[str, str]:
    """Return the label of an image, and its origin: "image", "cluster", "outlier" or ""."""
    if not is_missing(row["label"]):
        return row["label"].strip(), "image"
    name = names.get(row["cluster"], "")
    if not name:
        return "", ""
    return ("", "outlier") if _number(row["outlier"]) > THRESHOLD else (name, "cluster")


def _cluster_names(file: Path) -> dict[str, str]:
    """Return the filled-in names of clusters; none without the file."""
    if not file.is_file():
        return {}
    rows = _read(file, ("cluster", "label"))
    return {row["cluster"]: row["label"].strip() for row in rows if not is_missing(row["label"])}


def _read(file: Path, columns: Sequence[str]) -> list[dict[str, str]]:
    """Return the named cells of each row, as text without the apostrophes of formulas."""
    try:
        with delimited_rows(file) as found:
            lines = list(found)
    except FileNotFoundError as error:
        raise DataError(f"There is no {file}. Give the folder of a finished exploration.") from error
    except (OSError, UnicodeDecodeError, csv.Error) as error:
        raise DataError(f"{file} cannot be read as a table: {error}. Save it as CSV in UTF-8.") from error
    header = [name.strip() for name in lines[0]] if lines else []
    if missing := [name for name in columns if name not in header]:
        raise DataError(f"{file} must have the columns {', '.join(columns)} (got no {', '.join(missing)}).")
    places = {name: header.index(name) for name in columns}
    rows = []
    for number, line in enumerate(lines[1:], start=1):
        if len(line) != len(header):
            raise DataError(
                f"Each row of {file} must have {len(header)} cells (got {len(line)} in row {number})."
            )
        rows.append({name: original_text(line[place]) for name, place in places.items()})
    return rows


def _number(text: str) -> float:
    try:
        return float(text.replace(",", "."))
    except ValueError:  # a spreadsheet may have changed the cell
        return 0.0
