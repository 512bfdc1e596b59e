"""Find images of one origin from their file names and capture times."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from itertools import combinations, pairwise

import numpy as np
from numpy.typing import NDArray

from autotl.quality.hashing import textured
from autotl.quality.rotations import min_distances

MAX_DROPPED_PARTS = 3
"""Trailing parts of a name in which images of one origin may differ, as in ``patient1_slice07_left``."""
MAX_STEP = 3
"""The largest difference of two neighbouring numbers in a series; files in between may be elsewhere."""
BURST_SECONDS = 3.0
"""The largest time between two neighbouring images of a burst."""
MAX_NAMESAKES = 60
"""The largest number of images with one stem; a stem shared by more is the name of the data set."""
NAMESAKE_BITS = 22
"""The largest number of different bits between hashes of two images that share a stem.

After a rotation by 8 degrees, 95 % of 150 photographs are within this limit.
"""

_WORD = re.compile(r"[^\W_]+")
_CHUNK = re.compile(r"[^\W\d_]*\d+|[^\W\d_]+")
_MAX_CHUNKS = 3  # of a word such as p1s3f07; a word with more is an identifier, and one part
_LAST_NUMBER = re.compile(r"(?<!\d)\d{1,9}(?!\d)(?=\D*$)")  # a longer number is an identifier
_AUGMENTATIONS = (
    r"aug(?:ment(?:ed|ation)?)?|[hv]?flip(?:ped)?|fliplr|flipud|mirror(?:ed)?|rot(?:at(?:ed|ion|e))?|"
    r"turn(?:ed)?|crop(?:ped)?|bright(?:er|ness)?|dark(?:er)?|contrast|blur(?:red)?|nois[ey]|hue|sat(?:uration)?|shear|"
    r"zoom|scaled?|jitter|gr[ae]y|copy|orig(?:inal)?"
)
_AUGMENTED_ENDING = re.compile(
    rf"(?:[\W_]+(?:(?:{_AUGMENTATIONS})[\W_]*[hv\d]*\)?|rf\.[0-9a-zA-Z]{{16,}}))+$", re.IGNORECASE
)

Rows = Sequence[int]


def by_stem(names: Sequence[str], rows: Rows) -> Iterator[list[list[int]]]:
    """Group rows by folder and by the start of their names.

    The start is the name without its last three, two and one parts.

    If the whole name of a file is the shared part of others, it belongs to them: ``img012`` belongs to
    ``img012_a`` and ``img012 (2)``.

    Args:
        names: File names of all images, (n,).
        rows: Rows of one class.

    Yields:
        The groups of two or more rows, for each of the four divisions.
    """
    split = {row: _split(names[row]) for row in rows}
    for dropped in (None, *range(MAX_DROPPED_PARTS, 0, -1)):
        shared: dict[str, list[int]] = {}
        for row, (folder, stem, ends) in split.items():
            if dropped is None:
                shared.setdefault(folder, []).append(row)
            elif len(ends) > dropped:
                shared.setdefault(f"{folder}/{stem[: ends[-1 - dropped]]}", []).append(row)
        if dropped is not None:
            for row, (folder, stem, _) in split.items():
                own = shared.get(f"{folder}/{stem}")
                if own is not None and row not in own:
                    own.append(row)
        yield [sorted(each) for each in shared.values() if len(each) > 1]


def shared_names(name: str) -> list[str]:
    """Return the names that images of one origin can share.

    The longest is first, and the folder last.

    The first is the whole name without its extension: :func:`by_stem` adds a file to the group named after
    it.
    """
    folder, stem, ends = _split(name)
    cut = [stem[: ends[-1 - dropped]] for dropped in range(1, MAX_DROPPED_PARTS + 1) if len(ends) > dropped]
    return [*(f"{folder}/{each}" for each in (stem, *cut)), f"{folder}/"]


def in_series(names: Sequence[str], rows: Rows) -> list[list[int]]:
    """Group rows into series of rising numbers in their file names.

    A series has one folder and one text before the last number. It is cut where more than ``MAX_STEP``
    numbers are missing.

    Args:
        names: File names of all images, (n,).
        rows: Rows of one class.

    Returns:
        The rows of each series of two or more, in order.
    """
    series: dict[str, list[tuple[int, int]]] = {}
    for row in rows:
        folder, stem, _ = _split(names[row])
        if (found := _LAST_NUMBER.search(stem)) is not None:
            series.setdefault(f"{folder}/{stem[: found.start()]}", []).append((int(found.group()), row))
    return [run for each in series.values() for run in _runs([(float(n), row) for n, row in each], MAX_STEP)]


def in_bursts(taken: Sequence[tuple[str, float] | None], rows: Rows) -> list[list[int]]:
    """Group rows into bursts of one camera, in order of capture time.

    Args:
        taken: Camera and capture time in seconds of each image, (n,); None if unknown.
        rows: Rows of one class.

    Returns:
        The rows of each burst of two or more, in order.
    """
    cameras: dict[str, list[tuple[float, int]]] = {}
    for row in rows:
        if (when := taken[row]) is not None:
            cameras.setdefault(when[0], []).append((when[1], row))
    return [run for each in cameras.values() for run in _runs(each, BURST_SECONDS)]


def augmented_pairs(
    names: Sequence[str], labels: NDArray[np.int64], hashes: NDArray[np.uint64]
) -> Iterator[tuple[int, int]]:
    """Yield pairs of rows whose names indicate augmentation of one image.

    The names share a stem, as ``img012_flip`` and ``img012_aug3`` do. The stem is the name without an ending
    that names an augmentation; at least one name has such an ending. The rows have one class, and their
    hashes are roughly similar, also mirrored or rotated.

    Args:
        names: File names, (n,).
        labels: Class indices, (n,).
        hashes: Perceptual hashes, (n,).
    """
    informative = textured(hashes)
    shared: dict[tuple[int, str], list[int]] = {}
    augmented = set()
    for row, (name, label) in enumerate(zip(names, labels.tolist(), strict=True)):
        whole = re.sub(r"\.[A-Za-z]\w*$", "", str(name))
        stem = _AUGMENTED_ENDING.sub("", whole)
        if stem and not stem.endswith("/"):
            shared.setdefault((label, stem), []).append(row)
        if stem != whole:
            augmented.add((label, stem))
    rows = (own for key, own in shared.items() if key in augmented and len(own) <= MAX_NAMESAKES)
    pairs = np.array([pair for own in rows for pair in combinations(own, 2)], dtype=np.int64).reshape(-1, 2)
    pairs = pairs[informative[pairs].all(axis=1)]
    near = min_distances(hashes[pairs[:, 0]], hashes[pairs[:, 1]]) <= NAMESAKE_BITS
    yield from ((int(one), int(other)) for one, other in pairs[near].tolist())


def _runs(placed: list[tuple[float, int]], step: float) -> list[list[int]]:
    """Sort rows by position, and cut where the next one is farther than ``step``."""
    placed.sort()
    runs = [[placed[0][1]]]
    for (before, _), (position, row) in pairwise(placed):
        if position - before <= step:
            runs[-1].append(row)
        else:
            runs.append([row])
    return [run for run in runs if len(run) > 1]


def _split(name: str) -> tuple[str, str, list[int]]:
    """Split a name into its folder, its stem and the end positions of the stem's parts."""
    folder, _, file = str(name).rpartition("/")
    stem = re.sub(r"\.[A-Za-z]\w*$", "", file)
    ends = []
    for word in _WORD.finditer(stem):
        chunks = [word.start() + chunk.end() for chunk in _CHUNK.finditer(word.group())]
        ends += chunks if len(chunks) <= _MAX_CHUNKS else [word.end()]
    return folder, stem, ends
