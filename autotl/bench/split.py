"""Split a data set into training and test images.

The split is stored in a file.
"""

from __future__ import annotations

import csv
import hashlib
import io
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

from numpy.typing import NDArray

from autotl import jsonio
from autotl.api import TargetKind, TargetSpec
from autotl.bench.data_sets.target_texts import SEPARATOR, encode_texts, names_in
from autotl.errors import BenchError

Part = Literal["train", "test"]
_Row = tuple[str, str, str | None]
"""Digest, label and part of an image."""
_HEADERS: Mapping[TargetKind, str] = {
    "single_label": "label",
    "multi_label": "labels",
    "regression": "numbers",
}
"""The header of the targets in a split file; that of numbers is followed by their names."""


@dataclass(frozen=True, slots=True)
class Line:
    """An image of a split.

    Attributes:
        digest: Digest of the decoded pixels.
        label: Name of the class; or labels or numbers, joined by ``;``.
        part: "train" or "test".
    """

    digest: str
    label: str
    part: Part


@dataclass(frozen=True, slots=True)
class Split:
    """The images of one data set that a benchmark uses.

    They are in the order of the logits.

    Attributes:
        lines: The images.
        target: Kind of target.
        numbers: Names of the numbers; empty for other targets.
    """

    lines: tuple[Line, ...]
    target: TargetKind = "single_label"
    numbers: tuple[str, ...] = ()

    @property
    def classes(self) -> tuple[str, ...]:
        """The names of classes, labels or numbers, as the logits' columns."""
        return self.numbers or names_in([line.label for line in self.lines], self.target)

    @property
    def spec(self) -> TargetSpec:
        """The kind of target, with its names."""
        return TargetSpec(self.target, self.classes)

    @property
    def labels(self) -> NDArray[Any]:
        """The encoded targets of the test images.

        They are classes (n,), or labels or numbers (n, k).
        """
        texts = [line.label for line in self.lines if line.part == "test"]
        return encode_texts(texts, self.target, self.classes)

    def count(self, part: Part) -> int:
        """Return the number of images in a part."""
        return sum(line.part == part for line in self.lines)

    @property
    def text(self) -> str:
        """The split as CSV."""
        out = io.StringIO(newline="")
        writer = csv.writer(out, lineterminator="\n")
        writer.writerow(("digest", SEPARATOR.join((_HEADERS[self.target], *self.numbers)), "part"))
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
    target: TargetSpec | None = None,
) -> Split:
    """Split images by the digests of their pixels.

    The split does not depend on names and order. Copies of an image are in one part: the test part if both
    parts contain one.

    Args:
        lines: Digest, label and part (None if not given) of each image.
        shots: Training images per class; 0 for all.
        seed: Draws the training images if ``shots`` is above 0.
        test: Fraction of each class for testing, if no image is in a test part. It is the same for all seeds.
        train_cap: The largest number of training images per class; 0 for no limit.
        test_cap: The largest number of test images per class; 0 for no limit.
        target: The target; None for classes. With other targets all images count as one class.

    Raises:
        BenchError: If a class has too few images.
    """
    rows = _rows(lines)
    kind: TargetKind = "single_label" if target is None else target.kind
    single = kind == "single_label"
    tested = _tested(rows, test, single=single)
    pool = [Line(d, label, "test" if d in tested else "train") for d, label, _ in dict.fromkeys(rows)]
    pool = list(dict.fromkeys(pool))
    drawn = f"train {seed}" if shots else "train"
    kept = _drawn(pool, "test", test_cap, "test", single=single)
    kept |= _drawn(pool, "train", shots or train_cap, drawn, single=single)
    split = Split(
        tuple(line for line in sorted(pool, key=lambda each: (each.digest, each.label)) if line in kept),
        kind,
        target.names if target is not None and kind == "regression" else (),
    )
    _check(split, shots)
    return split


def unused(lines: Sequence[Line | tuple[str, str, str | None]], split: Split, *, test: float) -> list[str]:
    """Return the sorted digests of training images outside a split.

    Args:
        lines: Digest, label and part of each image, as for :func:`make`.
        split: Their split.
        test: Fraction of each class for testing, as for :func:`make`.
    """
    rows, used = _rows(lines), {line.digest for line in split.lines}
    tested = _tested(rows, test, single=split.target == "single_label")
    return sorted({digest for digest, _, _ in rows} - used - tested)


def write(path: Path, split: Split) -> None:
    """Write a split file, atomically."""
    jsonio.write_text(path, split.text)


def read(path: Path) -> Split:
    """Read a split file. Raises BenchError if it is invalid."""
    try:
        table = list(csv.reader(io.StringIO(path.read_text(encoding="utf-8"), newline="")))
    except FileNotFoundError as error:
        raise BenchError(f"There is no split file {path}.") from error
    kind, numbers = _header(path, table)
    for number, row in enumerate(table[1:], 2):
        if len(row) != len(table[0]) or row[2] not in ("train", "test"):
            raise BenchError(
                f"{path}, line {number}: a line must be digest,label,part with train or test (got {row})."
            )
    lines = tuple(Line(d, label, "test" if part == "test" else "train") for d, label, part in table[1:])
    return Split(lines, kind, numbers)


def _header(path: Path, table: list[list[str]]) -> tuple[TargetKind, tuple[str, ...]]:
    """Return the kind of target and the names of numbers in the first line."""
    first = table[0] if table else []
    if len(first) == 3 and (first[0], first[2]) == ("digest", "part"):
        word, *numbers = first[1].split(SEPARATOR)
        for kind, header in _HEADERS.items():
            if word == header and bool(numbers) == (kind == "regression"):
                return kind, tuple(numbers)
    raise BenchError(f"{path} is not a split file: its first line must be digest,label,part.")


def _rows(lines: Sequence[Line | tuple[str, str, str | None]]) -> list[_Row]:
    return [(each.digest, each.label, each.part) if isinstance(each, Line) else each for each in lines]


def _tested(rows: list[_Row], fraction: float, *, single: bool) -> set[str]:
    """Return the digests of the test part; draw a fraction of each class if there is none."""
    if tested := {digest for digest, _, part in rows if part == "test"}:
        return tested
    by_class: dict[str, set[str]] = {}
    for digest, label, _ in rows:
        by_class.setdefault(label if single else "", set()).add(digest)
    drawn: set[str] = set()
    for digests in by_class.values():
        order = sorted(digests, key=lambda digest: _draw("test part", digest))
        drawn |= set(order[: max(1, round(fraction * len(order)))])
    return drawn


def _drawn(pool: list[Line], part: Part, limit: int, label: str, *, single: bool) -> set[Line]:
    """Draw at most ``limit`` images of each class from a part; all if the limit is 0."""
    by_class: dict[str, list[Line]] = {}
    for line in pool:
        if line.part == part:
            by_class.setdefault(line.label if single else "", []).append(line)
    return {
        line
        for lines in by_class.values()
        for line in sorted(lines, key=lambda each: _draw(label, each.digest))[: limit or None]
    }


def _draw(label: str, digest: str) -> bytes:
    return hashlib.blake2b(f"{label} {digest}".encode(), digest_size=16).digest()


def _check(split: Split, shots: int) -> None:
    if split.target != "single_label":
        if split.count("train") < 2 or not split.count("test"):
            raise BenchError(
                "The data must have 2 training images and 1 test image "
                f"(got {split.count('train')} and {split.count('test')}). Use more data."
            )
        return
    train = Counter(line.label for line in split.lines if line.part == "train")
    test = Counter(line.label for line in split.lines if line.part == "test")
    for name in split.classes:
        if train[name] < max(shots, 2) or not test[name]:
            raise BenchError(
                f"The class {name!r} must have {max(shots, 2)} training images and 1 test image "
                f"(got {train[name]} and {test[name]}). Use fewer shots or more data."
            )
