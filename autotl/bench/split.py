"""Split a data set for a benchmark, and store the split."""

from __future__ import annotations

import csv
import hashlib
import io
from collections import Counter
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from autotl import jsonio
from autotl.errors import BenchError

Part = Literal["train", "test"]
_HEADER = ("digest", "label", "part")


@dataclass(frozen=True, slots=True)
class Line:
    """An image of a split.

    Attributes:
        digest: Digest of the decoded pixels.
        label: Name of the class.
        part: "train" or "test".
    """

    digest: str
    label: str
    part: Part


@dataclass(frozen=True, slots=True)
class Split:
    """The images of a data set in a benchmark, in order."""

    lines: tuple[Line, ...]

    @property
    def classes(self) -> tuple[str, ...]:
        """The class names in the order of the logits' columns."""
        return tuple(sorted({line.label for line in self.lines}))

    @property
    def labels(self) -> NDArray[np.int64]:
        """The class indices of the test images, (test images,)."""
        index = {name: number for number, name in enumerate(self.classes)}
        return np.array([index[line.label] for line in self.lines if line.part == "test"], dtype=np.int64)

    def count(self, part: Part) -> int:
        """Return the number of images in a part."""
        return sum(line.part == part for line in self.lines)

    @property
    def text(self) -> str:
        """The split as CSV."""
        out = io.StringIO(newline="")
        writer = csv.writer(out, lineterminator="\n")
        writer.writerow(_HEADER)
        writer.writerows((line.digest, line.label, line.part) for line in self.lines)
        return out.getvalue()

    @property
    def hash(self) -> str:
        """The hash of the content, which identifies the split."""
        return hashlib.blake2b(self.text.encode(), digest_size=16).hexdigest()


def file_name(dataset: str, *, shots: int, seed: int) -> str:
    """Return the name of a split file.

    Args:
        dataset: Name of the data set.
        shots: Training images per class; 0 for all, in which case one split serves every seed.
        seed: Seed of the split.
    """
    return f"{dataset}-{shots}shot-seed{seed}.csv" if shots else f"{dataset}.csv"


def make(
    lines: list[Line | tuple[str, str, str | None]],
    *,
    shots: int,
    seed: int,
    test: float = 0.3,
    train_cap: int = 0,
    test_cap: int = 0,
) -> Split:
    """Split images by the digests of their pixels.

    The split is independent of names and order.

    Copies of an image are in one part: the test part if both parts contain one.

    Args:
        lines: Digest, label and part (None if not given) of each image.
        shots: Training images per class; 0 for all.
        seed: Draws the training images if ``shots`` is above 0.
        test: Fraction of each class for testing, if no image is in a test part. It is the same for all seeds.
        train_cap: The largest number of training images per class; 0 for no limit.
        test_cap: The largest number of test images per class; 0 for no limit.

    Raises:
        BenchError: If a class has too few images.
    """
    rows = [(each.digest, each.label, each.part) if isinstance(each, Line) else each for each in lines]
    tested = {digest for digest, _, part in rows if part == "test"}
    if not tested:
        tested = _test_digests(rows, test)
    pool = [Line(d, label, "test" if d in tested else "train") for d, label, _ in dict.fromkeys(rows)]
    pool = list(dict.fromkeys(pool))
    kept = _drawn(pool, "test", test_cap, "test") | _drawn(
        pool, "train", shots or train_cap, f"train {seed}" if shots else "train"
    )
    split = Split(
        tuple(line for line in sorted(pool, key=lambda each: (each.digest, each.label)) if line in kept)
    )
    _check(split, shots)
    return split


def write(path: Path, split: Split) -> None:
    """Write a split file, atomically."""
    jsonio.write_text(path, split.text)


def read(path: Path) -> Split:
    """Read a split file. Raises BenchError if it is invalid."""
    try:
        table = list(csv.reader(io.StringIO(path.read_text(encoding="utf-8"), newline="")))
    except FileNotFoundError as error:
        raise BenchError(f"There is no split file {path}.") from error
    if not table or tuple(table[0]) != _HEADER:
        raise BenchError(f"{path} is not a split file: its first line must be {','.join(_HEADER)}.")
    for number, row in enumerate(table[1:], 2):
        if len(row) != len(_HEADER) or row[2] not in ("train", "test"):
            raise BenchError(
                f"{path}, line {number}: a line must be digest,label,part with train or test (got {row})."
            )
    return Split(tuple(Line(d, label, "test" if part == "test" else "train") for d, label, part in table[1:]))


def _test_digests(rows: list[tuple[str, str, str | None]], fraction: float) -> set[str]:
    """Draw a fraction of each class for testing."""
    by_class: dict[str, set[str]] = {}
    for digest, label, _ in rows:
        by_class.setdefault(label, set()).add(digest)
    drawn: set[str] = set()
    for digests in by_class.values():
        order = sorted(digests, key=lambda digest: _draw("test part", digest))
        drawn |= set(order[: max(1, round(fraction * len(order)))])
    return drawn


def _drawn(pool: list[Line], part: Part, limit: int, label: str) -> set[Line]:
    """Draw at most ``limit`` images of each class from a part; all if the limit is 0."""
    by_class: dict[str, list[Line]] = {}
    for line in pool:
        if line.part == part:
            by_class.setdefault(line.label, []).append(line)
    return {
        line
        for lines in by_class.values()
        for line in sorted(lines, key=lambda each: _draw(label, each.digest))[: limit or None]
    }


def _draw(label: str, digest: str) -> bytes:
    return hashlib.blake2b(f"{label} {digest}".encode(), digest_size=16).digest()


def _check(split: Split, shots: int) -> None:
    train = Counter(line.label for line in split.lines if line.part == "train")
    test = Counter(line.label for line in split.lines if line.part == "test")
    for name in split.classes:
        if train[name] < max(shots, 2) or not test[name]:
            raise BenchError(
                f"The class {name!r} must have {max(shots, 2)} training images and 1 test image "
                f"(got {train[name]} and {test[name]}). Use fewer shots or more data."
            )
