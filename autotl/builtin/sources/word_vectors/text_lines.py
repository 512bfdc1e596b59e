"""Read vectors of words from text files: GloVe's form, and word2vec's."""

from __future__ import annotations

import gzip
from collections.abc import Iterator
from contextlib import contextmanager
from io import BufferedIOBase
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from autotl.builtin.sources.word_vectors.limits import MAX_WIDTH, check_limits
from autotl.errors import WeightsError

MAX_LINE = 64 * MAX_WIDTH
"""The most bytes of a line."""


def read_lines(path: Path) -> tuple[list[str], NDArray[np.float32]]:
    """Return the words and their vectors, float32 (words, width).

    Each line holds a word and its numbers, separated by spaces or a tab. A first line of two whole numbers
    is word2vec's: how many words follow, and with how many numbers.

    Raises:
        WeightsError: A line is malformed; the error names it. The file is too large, or is cut off.
        OSError: The file cannot be read.
    """
    with opened(path) as file:
        head = file.readline(MAX_LINE + 1).split()
        announced = int(head[0]) if _is_header(head) else None
        width = int(head[1]) if announced is not None else max(0, len(head) - 1)
        check_limits(path, words=announced or 1, width=width)
        file.seek(0)
        words, rows = list[str](), list[NDArray[np.float32]]()
        for number, line in _lines(path, file):
            if number == 1 and announced is not None:
                continue
            word, row = _parsed(path, number, line, width)
            words.append(word)
            rows.append(row)
            check_limits(path, words=len(words), width=width)
    if announced not in (None, len(words)):
        raise WeightsError(
            f"{path} must hold {announced:,} words, as its first line says (got {len(words):,}). "
            "Copy the whole file again."
        )
    check_limits(path, words=len(words), width=width)
    return words, np.stack(rows)


@contextmanager
def opened(path: Path) -> Iterator[BufferedIOBase]:
    """Open a file, which may be compressed by gzip.

    Raises:
        WeightsError: The compressed file is damaged.
    """
    try:
        # no pickles and no code: both forms are numbers
        with gzip.open(path) if path.suffix.lower() == ".gz" else path.open("rb") as file:
            yield file
    except (EOFError, gzip.BadGzipFile) as error:
        raise WeightsError(f"{path} cannot be unpacked: {error}. Copy the file again.") from error


def _is_header(head: list[bytes]) -> bool:
    return len(head) == 2 and all(each.isdigit() and len(each) < 20 for each in head)


def _lines(path: Path, file: BufferedIOBase) -> Iterator[tuple[int, bytes]]:
    """Yield each line that is not blank, with its number from 1."""
    number = 0
    while line := file.readline(MAX_LINE + 1):
        number += 1
        if len(line) > MAX_LINE:
            raise WeightsError(
                f"Line {number} of {path} must have at most {MAX_LINE:,} bytes. Give a file of word vectors."
            )
        if line.strip():
            yield number, line


def _parsed(path: Path, number: int, line: bytes, width: int) -> tuple[str, NDArray[np.float32]]:
    """Return the word and the numbers of a line.

    Args:
        path: The file, for errors.
        number: The number of the line, from 1.
        line: The line.
        width: The numbers of each word.
    """
    cells = line.split()
    extra = cells[1:-width]  # a few words of GloVe have spaces
    if len(cells) <= width or any(map(_is_number, extra)):
        raise WeightsError(
            f"Line {number} of {path} must hold a word and {width} numbers (got {len(cells)} parts: "
            f"{line[:60].decode('utf-8', 'replace').strip()!r}). Repair the line or remove it."
        )
    try:
        row = np.fromiter(map(float, cells[-width:]), dtype=np.float32, count=width)
    except ValueError as error:
        raise WeightsError(
            f"Line {number} of {path} must hold a word and {width} numbers ({str(error)[:80]}). Repair the "
            "line or remove it."
        ) from error
    if not np.isfinite(row).all():
        raise WeightsError(f"The numbers in line {number} of {path} must be finite. Remove the line.")
    return b" ".join(cells[:-width]).decode("utf-8", "replace"), row


def _is_number(cell: bytes) -> bool:
    try:
        float(cell)
    except ValueError:
        return False
    return True
