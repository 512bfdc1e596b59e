"""Check what a call says of its data, as far as that needs no look at an image."""

from __future__ import annotations

import csv
from difflib import get_close_matches
from pathlib import Path

from autotl.api import NO_GROUPS, Columns
from autotl.data.conventions import as_path, known_column
from autotl.errors import DataError

_LEFT_BY_A_RUN = ("run.json", "split.csv")


def check_path(source: object) -> None:
    """Raise DataError if ``source`` is a path and nothing is there, or a run folder instead of images."""
    path = as_path(source)
    if path is not None and not path.exists():
        raise DataError(f"There is no {path}.{_near(path)}")
    if path is not None and all((path / name).is_file() for name in _LEFT_BY_A_RUN):
        raise DataError(
            f"{path} is a run folder, which holds no images. Give the folder or table of the images. "
            f"To use the model: autotl predict {path} IMAGES. To continue the run: autotl resume {path}."
        )


def check_columns(source: object, columns: Columns) -> None:
    """Raise UnknownName if a column is named that the first line of a text table does not have.

    Other sources, and tables whose first line cannot be read as column names, are left to their reader.
    """
    path = as_path(source)
    if path is None or path.suffix.lower() not in (".csv", ".tsv") or not path.is_file():
        return
    try:
        with path.open(encoding="utf-8-sig", newline="") as file:
            first = file.readline()
        separator = "\t" if path.suffix.lower() == ".tsv" else max(",;\t", key=first.count)
        names = [name.strip() for name in next(csv.reader([first], delimiter=separator), [])]
    except (OSError, UnicodeDecodeError, csv.Error):
        return
    group = None if columns.group == NO_GROUPS else columns.group
    for given in (columns.image, columns.label, group):
        if given is not None and len(names) > 1:
            known_column(given, names)


def check_share(test: float) -> None:
    """Raise DataError if ``test`` is not a share of the images that can be kept for the test."""
    if test == 0:
        raise DataError(
            "A test share of 0 was asked for: the test part is what makes the report honest. "
            "Give a share such as 0.2."
        )
    if isinstance(test, bool) or not 0 < test <= 0.9:
        raise DataError(f"The test share {test} is not in (0, 0.9]. Give a share such as 0.2.")


def _near(path: Path) -> str:
    """A hint at what the path may have been meant to be."""
    parent = path.parent
    if not parent.is_dir():
        return f" There is no folder {parent} either: check the path, from {Path.cwd()}."
    close = get_close_matches(path.name, [each.name for each in parent.iterdir()], n=1)
    return f" Did you mean {parent / close[0]}?" if close else f" Check the path, from {Path.cwd()}."
