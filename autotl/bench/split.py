"""Which images of a data set are learned from and which are tested on: made once, kept, and checked."""

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

Role = Literal["train", "test"]
_HEADER = ("digest", "label", "part")


@dataclass(frozen=True, slots=True)
class Line:
    """One image: the digest of its decoded pixels, its class, and its part."""

    digest: str
    label: str
    part: Role


@dataclass(frozen=True, slots=True)
class Split:
    """The images of one data set that a benchmark uses, in the order in which logits are kept."""

    lines: tuple[Line, ...]

    @property
    def classes(self) -> tuple[str, ...]:
        """The class names in the order of the logits' columns."""
        return tuple(sorted({line.label for line in self.lines}))

    @property
    def labels(self) -> NDArray[np.int64]:
        """The true classes of the test images (test images,), as indices."""
        index = {name: number for number, name in enumerate(self.classes)}
        return np.array([index[line.label] for line in self.lines if line.part == "test"], dtype=np.int64)

    def count(self, part: Role) -> int:
        """How many images a part has."""
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
        """Names the split by its content."""
        return hashlib.blake2b(self.text.encode(), digest_size=16).hexdigest()


def file_name(dataset: str, *, shots: int, seed: int) -> str:
    """The name of a split's file. With all images, one split serves every seed."""
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
    """Choose images by the digests of their pixels, never by their names or order.

    ``lines`` are (digest, label, part or None). Without a test part, ``test`` of each class become one; the
    same images then test every seed. Copies of an image stay in one part: the test part's, where both have
    one. ``shots`` training images per class (0: all, up to ``train_cap``) are chosen by ``seed``. Raises
    BenchError for a class with too few images.
    """
    rows = [(each.digest, each.label, each.part) if isinstance(each, Line) else each for each in lines]
    tested = {digest for digest, _, part in rows if part == "test"}
    if not tested:
        tested = _carve(rows, test)
    pool = [Line(d, label, "test" if d in tested else "train") for d, label, _ in dict.fromkeys(rows)]
    pool = list(dict.fromkeys(pool))
    kept = _first(pool, "test", test_cap, "test") | _first(
        pool, "train", shots or train_cap, f"train {seed}" if shots else "train"
    )
    split = Split(
        tuple(line for line in sorted(pool, key=lambda each: (each.digest, each.label)) if line in kept)
    )
    _check(split, shots)
    return split


def write(path: Path, split: Split) -> None:
    """Write a split's file, atomically."""
    jsonio.write_text(path, split.text)


def read(path: Path) -> Split:
    """The split in a file. Raises BenchError for a file that is none."""
    try:
        table = list(csv.reader(io.StringIO(path.read_text(encoding="utf-8"), newline="")))
    except FileNotFoundError as error:
        raise BenchError(f"There is no split file {path}.") from error
    if not table or tuple(table[0]) != _HEADER:
        raise BenchError(f"{path} is no split file: its first line must be {','.join(_HEADER)}.")
    for number, row in enumerate(table[1:], 2):
        if len(row) != len(_HEADER) or row[2] not in ("train", "test"):
            raise BenchError(
                f"{path}, line {number}: digest,label,part is due, with train or test, not {row}."
            )
    return Split(tuple(Line(d, label, "test" if part == "test" else "train") for d, label, part in table[1:]))


def _carve(rows: list[tuple[str, str, str | None]], share: float) -> set[str]:
    by_class: dict[str, set[str]] = {}
    for digest, label, _ in rows:
        by_class.setdefault(label, set()).add(digest)
    taken: set[str] = set()
    for digests in by_class.values():
        order = sorted(digests, key=lambda digest: _draw("test part", digest))
        taken |= set(order[: max(1, round(share * len(order)))])
    return taken


def _first(pool: list[Line], part: Role, most: int, label: str) -> set[Line]:
    by_class: dict[str, list[Line]] = {}
    for line in pool:
        if line.part == part:
            by_class.setdefault(line.label, []).append(line)
    return {
        line
        for lines in by_class.values()
        for line in sorted(lines, key=lambda each: _draw(label, each.digest))[: most or None]
    }


def _draw(label: str, digest: str) -> bytes:
    return hashlib.blake2b(f"{label} {digest}".encode(), digest_size=16).digest()


def _check(split: Split, shots: int) -> None:
    train = Counter(line.label for line in split.lines if line.part == "train")
    test = Counter(line.label for line in split.lines if line.part == "test")
    for name in split.classes:
        if train[name] < max(shots, 2) or not test[name]:
            raise BenchError(
                f"The class {name!r} has {train[name]} images to learn from and {test[name]} to test on; "
                f"{max(shots, 2)} and 1 are due."
            )
