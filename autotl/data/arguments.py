"""Check the arguments that describe the data, before any image is opened."""

from __future__ import annotations

import csv
import os
from collections.abc import Iterable, Sized
from difflib import get_close_matches
from pathlib import Path

from autotl.api import NO_GROUPS, Columns
from autotl.data.tabular.delimited import delimited_rows
from autotl.errors import DataError, UnknownName

_RUN_FILES = ("run.json", "split.csv")
_MAX_TEST_SHARE = 0.9


def path_or_none(source: object) -> Path | None:
    """Return ``source`` as a path, or None if it is no path.

    ``~`` is expanded.
    """
    if not isinstance(source, str | os.PathLike):
        return None
    text = os.fspath(source)
    if not isinstance(text, str) or not text or "\0" in text:
        return None
    try:
        return Path(text).expanduser()
    except RuntimeError:  # the name after ~ is no user's: it is part of a file name
        return Path(text)


def check_path(source: object) -> None:
    """Check that a path exists and is no run folder.

    Raises:
        DataError: ``source`` is an invalid path, a path that does not exist, or the folder of an earlier
            run.
    """
    path = path_or_none(source)
    if path is None and isinstance(source, str | os.PathLike):
        raise DataError(f"The data must be a path (got {source!r}). Give a folder, a .zip or a table.")
    try:
        missing = path is not None and not path.exists()
    except OSError as error:
        raise DataError(f"{path} cannot be read: {error.strerror}. Check the path.") from error
    if path is not None and missing:
        raise DataError(f"There is no {path}.{_suggestion(path)}")
    if path is not None and all((path / name).is_file() for name in _RUN_FILES):
        raise DataError(
            f"{path} is a run folder, which holds no images. Give the folder or table of the images. "
            f"To use the model: autotl predict {path} IMAGES. To continue the run: autotl resume {path}."
        )


def check_lengths(inputs: Sized, labels: Sized, *, noun: str) -> None:
    """Check that each input has a label.

    Args:
        inputs: The images or texts.
        labels: Their labels.
        noun: One input in words, such as "image".

    Raises:
        DataError: There are more inputs than labels, or fewer.
    """
    if len(inputs) != len(labels):
        raise DataError(
            f"{noun}s and labels must have the same length (got {len(inputs)} and {len(labels)}). "
            f"Give one label per {noun}."
        )


def check_columns(source: object, columns: Columns) -> None:
    """Check the named columns against the header of a CSV file.

    Other sources, and files whose first line cannot be parsed, are left to their reader.

    Raises:
        UnknownName: A named column is not in the file.
    """
    path = path_or_none(source)
    if path is None or path.suffix.lower() not in (".csv", ".tsv") or not path.is_file():
        return
    try:
        with delimited_rows(path) as rows:
            names = [name.strip() for name in next(rows, [])]
    except (OSError, UnicodeDecodeError, csv.Error):
        return
    group = None if columns.group == NO_GROUPS else columns.group
    for name in (columns.image, columns.text, *columns.labels, group):
        if name is not None and len(names) > 1:
            require_column(name, names)


def check_share(test: float) -> None:
    """Check the share of images that is held out as test set.

    Raises:
        DataError: ``test`` is not in (0, 0.9].
    """
    if isinstance(test, bool) or not 0 < test <= _MAX_TEST_SHARE:
        raise DataError(
            f"test must be a share of the images in (0, {_MAX_TEST_SHARE}] (got {test}). "
            "Give a share such as 0.2."
        )


def refuse_columns(columns: Columns, form: str) -> None:
    """Check that no column is named for data without columns.

    Args:
        columns: The named columns.
        form: The form of the data, for the error, such as ``"a folder"``.

    Raises:
        DataError: A column is named.
    """
    named = (columns.image, columns.text, *columns.labels, columns.group)
    if given := [name for name in named if name is not None]:
        raise DataError(
            f"image=, label= and group= must not be set for {form}, which has no columns "
            f"(got {', '.join(map(repr, given))}). Leave them out, or give a table."
        )


def refuse_targets(columns: Columns, form: str) -> None:
    """Check that nothing but classes is asked of data with classes only.

    Args:
        columns: The columns, with the kind of target.
        form: The form of the data, for the error, such as ``"a folder"``.

    Raises:
        DataError: Another kind of target is asked for.
    """
    if columns.target not in (None, "single_label"):
        raise DataError(
            f"target must be single for {form}, whose images have one class each (got {columns.target}). "
            "Give a table with the labels or numbers of each image."
        )


def require_column(name: str, columns: Iterable[str]) -> str:
    """Return ``name`` if it is among the columns; raise UnknownName otherwise."""
    known = list(columns)
    if name not in known:
        raise UnknownName("column", name, known)
    return name


def _suggestion(path: Path) -> str:
    """Suggest an existing path with a similar name."""
    parent = path.parent
    if not parent.is_dir():
        return f" There is no folder {parent} either. Check the path; it starts from {Path.cwd()}."
    close = get_close_matches(path.name, [entry.name for entry in parent.iterdir()], n=1)
    return (
        f" Did you mean {parent / close[0]}?" if close else f" Check the path; it starts from {Path.cwd()}."
    )
