"""Divide a dataset into a test part and folds, by what the images show and what belongs together."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING, Literal

import numpy as np

from autotl.api import Dataset, Fold, Splits
from autotl.data.arguments import check_share
from autotl.data.conventions import some
from autotl.data.splits.units import Unit, carve, deal, units_of
from autotl.errors import DataError
from autotl.seeds import derive

if TYPE_CHECKING:
    from autotl.api.dataset import Rows

Kind = Literal["kfold", "holdout", "given"]

_SMALL = 2000  # training images below which one holdout would be too noisy to choose by
_FOLDS = 5
_FEW = 500
"""Training images below which a fold validates on fewer than a hundred: there a choice between trials owes
much to how the folds happened to be cut and the training to go.
"""
_REPEATS = 3
"""Of the division of so few: what the cut adds to the variance falls to a third, and more gain little
(Molinaro et al., Prediction Error Estimation, Bioinformatics, 2005).
"""
_HOLDOUT = 0.15
_MOST_HOLDOUT = 5000


def split(dataset: Dataset, *, seed: int, test: float = 0.2) -> Splits:
    """A test part, ``test`` of each class, and folds of the rest: five below 2,000 images, else one holdout.
    Below 500 images they are divided into five three times over, each time otherwise.

    The same images, seed and groups give the same split, whatever form the data came in. The parts of the
    user's own are kept. In the parts made here, neither a group, given or found, nor copies of one image are
    divided. Each
    class is in the training rows of every fold, and in the test part where it has two groups or single
    images. Raises DataError for a share outside (0, 0.9], and for a class that keeps fewer than two training
    images.
    """
    check_share(test)
    part = dataset.table["part"]
    given_test, given_val = _where(part == "test"), _where(part == "val")
    rest = _where(~part.isin(["test", "val"]))
    if not len(rest):
        raise DataError(
            "The data's own split has no images to train on. A 'train' part is due beside the others."
        )
    held = given_test if len(given_test) else _carve_test(dataset, rest, given_val, seed=seed, share=test)
    learn = np.setdiff1d(rest, held)  # rows that any fold may learn from
    train = np.union1d(learn, given_val)
    _check_classes(dataset, learn if len(given_val) else train, held)
    kind: Kind
    repeats: list[tuple[Fold, ...]]
    if len(given_val):
        kind, repeats = "given", [(Fold(learn, given_val),)]
    else:
        kind, repeats = _repeats(dataset, train, seed=seed)
    return split_of(dataset, train, held, repeats, kind)


def _carve_test(dataset: Dataset, rest: Rows, val: Rows, *, seed: int, share: float) -> Rows:
    units = units_of(dataset, np.union1d(rest, val))
    validating = set(val.tolist())
    stay = [unit for unit in units if not validating.isdisjoint(unit.rows)]
    taken = carve(units, share, seed=derive(seed, "split", "test"), keep=2, stay=stay)
    if not taken:
        raise DataError(
            "No test part can be made: every class comes from a single group, which a split must not divide. "
            "Give finer groups, or a test part of your own."
        )
    return _rows(taken)


def _repeats(dataset: Dataset, train: Rows, *, seed: int) -> tuple[Kind, list[tuple[Fold, ...]]]:
    """The folds of each repeat."""
    units = units_of(dataset, train)
    seed = derive(seed, "split", "folds")
    kind: Kind
    if len(train) < _SMALL:
        # one rare class must not cost all the others their training images: it sits out some folds instead
        k, kind = max(2, min(_FOLDS, len(units))), "kfold"
        seeds = [seed, *(derive(seed, repeat) for repeat in range(1, _REPEATS if len(train) < _FEW else 1))]
        dealt = [deal(units, k, seed=each) for each in seeds]
    else:
        share = min(_HOLDOUT, _MOST_HOLDOUT / len(train))
        dealt, kind = [[carve(units, share, seed=seed, keep=1, most=_MOST_HOLDOUT)]], "holdout"
    cuts = [[_rows(hand) for hand in hands if hand] for hands in dealt]
    if not cuts[0]:
        raise DataError(
            "No validation part can be made: every class trains on a single group, which must stay whole. "
            "Give finer groups, or a validation part of your own."
        )
    return kind, [tuple(Fold(np.setdiff1d(train, val), val) for val in vals) for vals in cuts]


def split_of(
    dataset: Dataset, train: Rows, test: Rows, repeats: Sequence[tuple[Fold, ...]], kind: Kind
) -> Splits:
    """A split with its hash, without repeats that have another number of folds than the first, or only folds
    that were there before, as of a handful of images: they would show nothing new.
    """
    kept: list[tuple[Fold, ...]] = []
    seen: set[bytes] = set()
    for folds in repeats:
        vals = {fold.val.tobytes() for fold in folds}
        if not kept or (len(folds) == len(kept[0]) and not vals <= seen):
            kept.append(folds)
        seen |= vals
    folds = tuple(fold for each in kept for fold in each)
    return Splits(train, test, folds, kind, hash_of(dataset, train, test, folds), len(kept))


def without(dataset: Dataset, splits: Splits, rows: Rows) -> Splits:
    """The split with these rows left out of what is learned from and validated on; the test part is as it
    was.
    """
    k = len(splits.first)
    repeats = [
        tuple(
            Fold(np.setdiff1d(fold.train, rows), np.setdiff1d(fold.val, rows))
            for fold in splits.folds[start : start + k]
            if len(np.setdiff1d(fold.val, rows))
        )
        for start in range(0, len(splits.folds), k)
    ]
    return split_of(dataset, np.setdiff1d(splits.train, rows), splits.test, repeats, splits.kind)


def cross_parts(dataset: Dataset, rows: Rows, *, seed: int, parts: int = 5) -> list[Rows]:
    """The rows in about equal parts with about the same classes; groups and copies are not divided."""
    units = units_of(dataset, rows)
    hands = deal(units, max(2, min(parts, len(units))), seed=derive(seed, "cross parts"))
    return [_rows(hand) for hand in hands if hand]


def _check_classes(dataset: Dataset, train: Rows, test: Rows) -> None:
    labels = dataset.table["label"].to_numpy()
    n_train = np.bincount(labels[train], minlength=len(dataset.classes))
    n_test = np.bincount(labels[test], minlength=len(dataset.classes))
    if short := [
        f"{name!r} ({n} to train on, {tested} in the test part)"
        for name, n, tested in zip(dataset.classes, n_train, n_test, strict=True)
        if n < 2
    ]:
        raise DataError(
            f"Too few images of the class {some(short)}: two to train on are due, and one to test on. "
            "Add images of it, or leave the class out."
        )


def _where(mask: Iterable[bool]) -> Rows:
    return np.flatnonzero(np.asarray(mask, dtype=bool)).astype(np.int64)


def _rows(units: Iterable[Unit]) -> Rows:
    return np.array(sorted(row for unit in units for row in unit.rows), dtype=np.int64)


def hash_of(dataset: Dataset, train: Rows, test: Rows, folds: Iterable[Fold]) -> str:
    """Names a split by the images in each of its parts."""
    digests = dataset.table["digest"].to_numpy()
    name = hashlib.blake2b(digest_size=16)
    parts = [("train", train), ("test", test)]
    parts += [(part, rows) for fold in folds for part, rows in (("fold", fold.train), ("val", fold.val))]
    for part, rows in parts:
        name.update(f"{part} {' '.join(sorted(digests[rows]))}\n".encode())
    return name.hexdigest()


def names_of(dataset: Dataset, rows: Rows) -> str:
    """Names the images in these rows, in this order."""
    digests = dataset.table["digest"].to_numpy()[rows]
    return hashlib.blake2b(" ".join(digests).encode(), digest_size=16).hexdigest()
