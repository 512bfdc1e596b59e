"""Limit the numbers that are read from a file of vectors."""

from __future__ import annotations

from pathlib import Path

from autotl.errors import WeightsError

MAX_WORDS, MAX_WIDTH, MAX_NUMBERS = 2_000_000, 4_096, 500_000_000
"""The most words, numbers of a word, and numbers of a file, which take 2 GB in memory."""


def check_limits(path: Path, *, words: int, width: int) -> None:
    """Raise WeightsError if a file holds too many words or numbers.

    Args:
        path: The file, for the error.
        words: The number of words.
        width: The numbers of each word.
    """
    for value, most, what in (
        (words, MAX_WORDS, "words"),
        (width, MAX_WIDTH, "numbers for each word"),
        (words * width, MAX_NUMBERS, "numbers in all"),
    ):
        if value > most:
            raise WeightsError(
                f"{path} must hold at most {most:,} {what} (got {value:,}). Keep its most frequent words: "
                "the first lines, in most files."
            )
    if width < 1 or words < 1:
        raise WeightsError(f"{path} must hold words with numbers (got {words} words with {width} numbers).")
