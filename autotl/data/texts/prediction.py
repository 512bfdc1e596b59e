"""List the texts of a prediction from any form of input."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any, Protocol, runtime_checkable

from autotl.api import Reader
from autotl.data.tabular.stored_datasets import holds_dataset
from autotl.data.texts.cells import cell_opener
from autotl.data.texts.encodings import read_text_file
from autotl.data.texts.names import text_name
from autotl.errors import DataError


@dataclass(frozen=True, slots=True)
class UnlabelledText:
    """A text without a label, with its name.

    ``open`` returns the text, and may raise any error.
    """

    name: str
    open: Callable[[], str]


TEXT_SUFFIXES = (".txt", ".text", ".md")
_TABLES = (".csv", ".tsv", ".parquet", ".pq", ".jsonl", ".ndjson")
_REMEDY = "Give texts, a list of texts, text files, a folder of them, or a table."


@runtime_checkable
class ReadsTexts(Protocol):
    """A reader that lists texts without labels, for ``predict``."""

    def texts(self, source: object, text: str | None) -> list[tuple[str, Callable[[], str]]]:
        """List each text's name with a function that returns it.

        Args:
            source: The data.
            text: The column of texts; None to find it.
        """
        ...


def prediction_texts(
    given: Any, *, readers: Callable[[], Mapping[str, Reader]], text: str | None = None
) -> Iterator[UnlabelledText]:
    """Yield each of the given texts, one at a time.

    A string is a text, unless it is the path of an existing file or folder.

    Args:
        given: A text, a path, a table, a dataset, or a sequence or generator of texts and paths.
        readers: Returns the readers by name; called only for tables and datasets.
        text: The column of a table that holds the texts; None to find it.

    Raises:
        DataError: The input is neither a text nor a form of texts.
    """
    if type(given).__name__ in ("DataFrame", "Dataset", "DatasetDict"):
        yield from _of_table(given, readers(), text)
        return
    single = isinstance(given, str | os.PathLike)
    if not single and (isinstance(given, Mapping | bytes) or not isinstance(given, Iterable)):
        raise DataError(f"texts must be texts (got the type {type(given).__name__}). {_REMEDY}")
    for position, each in enumerate([given] if single else given):
        path = _existing(each)
        if path is None:
            yield UnlabelledText(text_name(f"text {position}", each), cell_opener(each))
        elif path.suffix.lower() in _TABLES or (path.is_dir() and holds_dataset(path)):
            yield from _of_table(path, readers(), text)
        else:
            yield from _of_path(path)


def text_files(folder: Path) -> list[Path]:
    """Return the visible text files below a folder, in order."""
    found = sorted(
        path for path in folder.rglob("*") if path.suffix.lower() in TEXT_SUFFIXES and path.is_file()
    )
    return [
        path for path in found if not any(part.startswith(".") for part in path.relative_to(folder).parts)
    ]


def _existing(value: object) -> Path | None:
    """Return the path of an existing file or folder."""
    if not isinstance(value, str | os.PathLike) or len(os.fspath(value)) > 1000:
        return None
    try:
        path = Path(value).expanduser()
        return path if path.exists() else None
    except (OSError, ValueError, RuntimeError):  # a text need not be a possible path
        return None


def _of_path(path: Path) -> Iterator[UnlabelledText]:
    files = text_files(path) if path.is_dir() else [path]
    if not files:
        raise DataError(f"{path} holds no text files ({', '.join(TEXT_SUFFIXES)}). Give another folder.")
    for file in files:
        yield UnlabelledText(str(file), partial(read_text_file, file))


def _of_table(source: object, readers: Mapping[str, Reader], text: str | None) -> Iterator[UnlabelledText]:
    for name in sorted(readers):
        reader = readers[name]
        if isinstance(reader, ReadsTexts) and reader.reads(source):
            for row, opener in reader.texts(source, text):
                yield UnlabelledText(row, opener)
            return
    raise DataError(f"No reader reads texts from {source}. {_REMEDY}")
