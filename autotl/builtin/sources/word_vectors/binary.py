"""Read vectors of words from word2vec's binary form."""

from __future__ import annotations

from io import BufferedIOBase
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from autotl.builtin.sources.word_vectors.limits import check_limits
from autotl.builtin.sources.word_vectors.text_lines import opened
from autotl.errors import WeightsError

MAX_WORD = 1_000
"""The most bytes of a word."""
_NUMBER = np.dtype("<f4")


def read_binary(path: Path) -> tuple[list[str], NDArray[np.float32]]:
    """Return the words and their vectors, float32 (words, width).

    The first line says how many words follow, and with how many numbers. A word ends with a space, and its
    numbers follow as 4 bytes each. Nothing is unpickled.

    Raises:
        WeightsError: The file has another form, is too large, or is cut off.
        OSError: The file cannot be read.
    """
    with opened(path) as file:
        head = file.readline(100).split()
        if len(head) != 2 or not all(each.isdigit() and len(each) < 20 for each in head):
            raise WeightsError(
                f"{path} must be word2vec's binary form, which starts with a line of two whole numbers. "
                "Save the vectors in that form, or as text."
            )
        count, width = int(head[0]), int(head[1])
        check_limits(path, words=count, width=width)
        words, vectors = list[str](), np.empty((count, width), dtype=np.float32)
        for row in range(count):
            words.append(_word(path, file, row))
            content = file.read(width * _NUMBER.itemsize)
            if len(content) < width * _NUMBER.itemsize:
                raise _cut_off(path, row, count)
            vectors[row] = np.frombuffer(content, dtype=_NUMBER)
    if wrong := np.flatnonzero(~np.isfinite(vectors).all(axis=1)).tolist():
        raise WeightsError(
            f"The numbers of {path} must be finite (got others for word {wrong[0] + 1:,}, "
            f"{words[wrong[0]]!r}). Save the file again."
        )
    return words, vectors


def _word(path: Path, file: BufferedIOBase, row: int) -> str:
    """Return the next word, without the line feed that some programs write before it."""
    found = bytearray()
    while (sign := file.read(1)) != b" ":
        if not sign or len(found) > MAX_WORD:
            raise _cut_off(path, row, None)
        if sign != b"\n" or found:
            found += sign
    return found.decode("utf-8", "replace")


def _cut_off(path: Path, row: int, count: int | None) -> WeightsError:
    of = "" if count is None else f" of {count:,}"
    return WeightsError(f"{path} is damaged or cut off at word {row + 1:,}{of}. Copy the whole file again.")
