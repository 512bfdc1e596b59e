"""Split a dataset into a test set and folds."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING, Literal

import numpy as np

from autotl.api import Dataset, Fold, Splits
from autotl.data.arguments import check_share
from autotl.data.name_lists import join_names
from autotl.data.splits.strata import count_strata
from autotl.data.splits.units import Unit, assign_folds, hold_out, units_of
from autotl.errors import DataError
from autotl.seeds import derive

if TYPE_CHECKING:
    from autotl.api.dataset import Rows

Kind = Literal["kfold", "holdout", "given"]

_MAX_KFOLD_IMAGES = 2000  # below this number, one holdout would be too noisy to choose by
_FOLDS = 5
_MAX_REPEATED_IMAGES = 500
"""Training images below which cross-validation is repeated.

A fold then validates on fewer than a hundred images. A choice between trials then depends on the chance of
the division and of the training.
"""
_REPEATS = 3
"""Repeats of cross-validation. Three reduce the variance of the division to a third; more gain little
(Molinaro et al., Prediction Error Estimation, Bioinformatics, 2005).
"""
_HOLDOUT_SHARE = 0.15
_MAX_HOLDOUT_IMAGES = 5000
_MIN_CLASS_IMAGES = 2  # to train on


def split(dataset: Dataset, *, seed: int, test: float = 0.2) -> Splits:
    """Split a dataset into a test set and folds.

    Training sets below 2,000 images get 5 folds, larger ones one holdout. Below 500 images, the division into
    5 folds is repeated three times. The same images, seed and groups give the same split in every form of
    data. The user's own test and validation parts are kept. In the parts made here, neither a group nor the
    copies of an image are divided. Each class is in the training rows of every fold. It is also in the test
    set if it has two groups or single images.

    Args:
        dataset: The images.
        seed: The seed of the split.
        test: The share of each class in the test set, in (0, 0.9].

    Raises:
        DataError: ``test`` is out of range, or a class keeps fewer than two training images.
    """
    check_share(test)
    part = dataset.table["part"]
    given_test, given_val = _rows_where(part == "test"), _rows_where(part == "val")
    rest = _rows_where(~part.isin(["test", "val"]))
    if not len(rest):
        raise DataError("The data's own split must have a part 'train' (got none). Add training images.")
    test_rows = (
        given_test if len(given_test) else _hold_out_test(dataset, rest, given_val, seed=seed, share=test)
    )
    learn = np.setdiff1d(rest, test_rows)  # rows that any fold may learn from
    train = np.union1d(learn, given_val)
    _check_classes(dataset, learn if len(given_val) else train, test_rows)
    kind: Kind
    repeats: list[tuple[Fold, ...]]
    if len(given_val):
        kind, repeats = "given", [(Fold(learn, given_val),)]
    else:
        kind, repeats = _make_folds(dataset, train, seed=seed)
    return assemble_splits(dataset, train, test_rows, repeats, kind)


def assemble_splits(
    dataset: Dataset, train: Rows, test: Rows, repeats: Sequence[tuple[Fold, ...]], kind: Kind
) -> Splits:
    """Make a split of its parts, and compute its hash.

    Repeats are dropped if they have another number of folds than the first. With a handful of images, repeats
    may equal earlier ones; they are dropped too.

    Args:
        dataset: The images.
        train: The rows to train and validate on.
        test: The rows of the test set.
        repeats: The folds of each repeat.
        kind: The kind of the split.
    """
    kept: list[tuple[Fold, ...]] = []
    seen: set[bytes] = set()
    for folds in repeats:
        vals = {fold.val.tobytes() for fold in folds}
        if not kept or (len(folds) == len(kept[0]) and not vals <= seen):
            kept.append(folds)
        seen |= vals
    folds = tuple(fold for repeat in kept for fold in repeat)
    return Splits(train, test, folds, kind, split_hash(dataset, train, test, folds), len(kept))


def without_rows(dataset: Dataset, splits: Splits, rows: Rows) -> Splits:
    """Return the split without some rows of the training set.

    Args:
        dataset: The images.
        splits: The split; its test set is not changed.
        rows: The rows to leave out of training and validation.
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
    return assemble_splits(dataset, np.setdiff1d(splits.train, rows), splits.test, repeats, splits.kind)


def stratified_parts(dataset: Dataset, rows: Rows, *, seed: int, parts: int = 5) -> list[Rows]:
    """Divide rows into stratified parts of about equal size.

    Units are kept together.

    Args:
        dataset: The images.
        rows: The rows to divide.
        seed: The seed of the division.
        parts: The number of parts.
    """
    units = units_of(dataset, rows)
    folds = assign_folds(units, max(2, min(parts, len(units))), seed=derive(seed, "cross parts"))
    return [rows_of(fold) for fold in folds if fold]


def rows_of(units: Iterable[Unit]) -> Rows:
    """Return the rows of some units, sorted."""
    return np.array(sorted(row for unit in units for row in unit.rows), dtype=np.int64)


def split_hash(dataset: Dataset, train: Rows, test: Rows, folds: Iterable[Fold]) -> str:
    """Return a hash of the images in each part of a split.

    Args:
        dataset: The images.
        train: The rows to train and validate on.
        test: The rows of the test set.
        folds: The folds.
    """
    digests = dataset.table["digest"].to_numpy()
    digest = hashlib.blake2b(digest_size=16)
    parts = [("train", train), ("test", test)]
    parts += [(part, rows) for fold in folds for part, rows in (("fold", fold.train), ("val", fold.val))]
    for part, rows in parts:
        digest.update(f"{part} {' '.join(sorted(digests[rows]))}\n".encode())
    return digest.hexdigest()


def rows_digest(dataset: Dataset, rows: Rows) -> str:
    """Return a digest of the images in some rows, in their order."""
    digests = dataset.table["digest"].to_numpy()[rows]
    return hashlib.blake2b(" ".join(digests).encode(), digest_size=16).hexdigest()


def _hold_out_test(dataset: Dataset, rest: Rows, val: Rows, *, seed: int, share: float) -> Rows:
    units = units_of(dataset, np.union1d(rest, val))
    validation = set(val.tolist())
    stay = [unit for unit in units if not validation.isdisjoint(unit.rows)]
    held_out = hold_out(units, share, seed=derive(seed, "split", "test"), keep=2, stay=stay)
    if not held_out:
        raise DataError(
            "A class must have two groups or more for a test part (got one group for every class). "
            "Give smaller groups, or your test part."
        )
    return rows_of(held_out)


def _make_folds(dataset: Dataset, train: Rows, *, seed: int) -> tuple[Kind, list[tuple[Fold, ...]]]:
    """Return the kind of the split and the folds of each repeat."""
    units = units_of(dataset, train)
    seed = derive(seed, "split", "folds")
    kind: Kind
    if len(train) < _MAX_KFOLD_IMAGES:
        # a rare class must not cost the others their training images: it is missing in some folds instead
        k, kind = max(2, min(_FOLDS, len(units))), "kfold"
        n_repeats = _REPEATS if len(train) < _MAX_REPEATED_IMAGES else 1
        seeds = [seed, *(derive(seed, repeat) for repeat in range(1, n_repeats))]
        repeats = [assign_folds(units, k, seed=each) for each in seeds]
    else:
        share, kind = min(_HOLDOUT_SHARE, _MAX_HOLDOUT_IMAGES / len(train)), "holdout"
        repeats = [[hold_out(units, share, seed=seed, keep=1, limit=_MAX_HOLDOUT_IMAGES)]]
    vals = [[rows_of(fold) for fold in folds if fold] for folds in repeats]
    if not vals[0]:
        raise DataError(
            "A class must have two groups or more for a validation part (got one group for every class). "
            "Give smaller groups, or your validation part."
        )
    return kind, [tuple(Fold(np.setdiff1d(train, val), val) for val in repeat) for repeat in vals]


def _check_classes(dataset: Dataset, train: Rows, test: Rows) -> None:
    if dataset.target.kind != "single_label":
        return  # a rare label is missing in some parts, and its scores are left out there
    n_train, n_test = count_strata(dataset, train), count_strata(dataset, test)
    if short := [
        f"{name!r} ({n} to train on, {n_test[name]} in the test part)"
        for name, n in n_train.items()
        if n < _MIN_CLASS_IMAGES
    ]:
        raise DataError(
            f"A class must have {_MIN_CLASS_IMAGES} images to train on, and one to test on "
            f"(got {join_names(short)}). Add images of it, or leave the class out."
        )


def _rows_where(mask: Iterable[bool]) -> Rows:
    return np.flatnonzero(np.asarray(mask, dtype=bool)).astype(np.int64)
