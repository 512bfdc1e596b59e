"""Read from file names and capture times which images may have one origin."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from itertools import pairwise

SHORTENED = 3
"""Parts of a name that may tell apart images of one origin, as in ``patient1_slice07_left``."""
STEP = 3
"""Numbers that two neighbours in a series may be apart: the files between them may be in another part."""
BURST = 3.0
"""Seconds between two images of one burst."""

_WORD = re.compile(r"[^\W_]+")
_CHUNK = re.compile(r"[^\W\d_]*\d+|[^\W\d_]+")
_CHUNKS = 3  # of a word such as p1s3f07; one of more is an identifier, and one part
_LAST_NUMBER = re.compile(r"(?<!\d)\d{1,9}(?!\d)(?=\D*$)")  # a longer number is an identifier

Rows = Sequence[int]


def by_stem(names: Sequence[str], rows: Rows) -> Iterator[list[list[int]]]:
    """Divide rows by their folder, then by their names without the last three parts, two parts and one.

    A file whose whole name is what others share belongs to them: ``img012`` to ``img012_a`` and
    ``img012 (2)``. Rows without a partner are left out.

    Args:
        names: The file names of all images.
        rows: The rows to divide, of one class.

    Yields:
        The parts of each division.
    """
    split = {row: _split(names[row]) for row in rows}
    for shorter in (None, *range(SHORTENED, 0, -1)):
        shared: dict[str, list[int]] = {}
        for row, (folder, stem, ends) in split.items():
            if shorter is None:
                shared.setdefault(folder, []).append(row)
            elif len(ends) > shorter:
                shared.setdefault(f"{folder}/{stem[: ends[-1 - shorter]]}", []).append(row)
        if shorter is not None:
            for row, (folder, stem, _) in split.items():
                own = shared.get(f"{folder}/{stem}")
                if own is not None and row not in own:
                    own.append(row)
        yield [sorted(each) for each in shared.values() if len(each) > 1]


def shared_names(name: str) -> list[str]:
    """Return what a name may share with others of one origin, the longest first and its folder last.

    The first is the whole name without its ending: :func:`by_stem` joins a file to those named after it.
    """
    folder, stem, ends = _split(name)
    cut = [stem[: ends[-1 - shorter]] for shorter in range(1, SHORTENED + 1) if len(ends) > shorter]
    return [*(f"{folder}/{each}" for each in (stem, *cut)), f"{folder}/"]


def in_series(names: Sequence[str], rows: Rows) -> list[list[int]]:
    """Order rows by the last number of their names, a list for each folder and text before that number.

    The list ends where more than ``STEP`` numbers are missing. Rows without a partner are left out.
    """
    series: dict[str, list[tuple[int, int]]] = {}
    for row in rows:
        folder, stem, _ = _split(names[row])
        if (found := _LAST_NUMBER.search(stem)) is not None:
            series.setdefault(f"{folder}/{stem[: found.start()]}", []).append((int(found.group()), row))
    return [run for each in series.values() for run in _runs([(float(n), row) for n, row in each], STEP)]


def in_bursts(taken: Sequence[tuple[str, float] | None], rows: Rows) -> list[list[int]]:
    """Order rows by capture time, a list for each burst of one camera.

    Args:
        taken: The camera and the second of each image; None if unknown.
        rows: The rows to order, of one class.
    """
    cameras: dict[str, list[tuple[float, int]]] = {}
    for row in rows:
        if (when := taken[row]) is not None:
            cameras.setdefault(when[0], []).append((when[1], row))
    return [run for each in cameras.values() for run in _runs(each, BURST)]


def _runs(placed: list[tuple[float, int]], step: float) -> list[list[int]]:
    """Cut rows with positions, in order, where two are farther apart than ``step``."""
    placed.sort()
    runs = [[placed[0][1]]]
    for (before, _), (position, row) in pairwise(placed):
        if position - before <= step:
            runs[-1].append(row)
        else:
            runs.append([row])
    return [run for run in runs if len(run) > 1]


def _split(name: str) -> tuple[str, str, list[int]]:
    """Split a name into folder, stem and the ends of the stem's parts."""
    folder, _, file = str(name).rpartition("/")
    stem = re.sub(r"\.[A-Za-z]\w*$", "", file)
    ends = []
    for word in _WORD.finditer(stem):
        chunks = [word.start() + chunk.end() for chunk in _CHUNK.finditer(word.group())]
        ends += chunks if len(chunks) <= _CHUNKS else [word.end()]
    return folder, stem, ends
