"""Change the folds of a split as little as keeps together what was found to belong together."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from autotl.api import Dataset, Fold, Splits
from autotl.data.splits.splitting import split_of
from autotl.data.splits.units import Unit, deal, shuffled, units_of
from autotl.seeds import derive

if TYPE_CHECKING:
    from autotl.api.dataset import Rows


def grouped(dataset: Dataset, sets: Sequence[Sequence[int]]) -> Dataset:
    """Return the dataset with rows that belong together numbered in the column ``together``."""
    numbers = np.full(len(dataset), -1)
    for number, rows in enumerate(sets):
        numbers[list(rows)] = number
    return replace(dataset, table=dataset.table.assign(together=pd.Series(numbers)))


def regathered(dataset: Dataset, splits: Splits, *, seed: int) -> Splits:
    """Return the split with each divided group moved into one fold.

    Groups that no fold divides stay where they are. The parts of the user's own are not changed. The split
    is not changed either if no validation part can be made of whole groups: :func:`divided` tells.
    """
    if splits.kind == "given":
        return splits
    units, k = units_of(dataset, splits.train), len(splits.first)
    repeats, changed = [], False
    for repeat, start in enumerate(range(0, len(splits.folds), k)):
        folds = splits.folds[start : start + k]
        where = fold_of(len(dataset), folds)
        kept = {unit.key: int(where[unit.rows[0]]) for unit in units if len(set(where[list(unit.rows)])) == 1}
        if len(kept) == len(units):
            repeats.append(folds)
            continue
        changed, own = True, derive(seed, "split", "groups", repeat)
        if splits.kind == "kfold":
            vals = deal(units, k, seed=own, kept=kept)
        else:
            vals = [_held_out(units, len(folds[0].val) / len(splits.train), kept, seed=own)]
        rows = [np.array(sorted(row for unit in hand for row in unit.rows), dtype=np.int64) for hand in vals]
        repeats.append(tuple(Fold(np.setdiff1d(splits.train, val), val) for val in rows if len(val)))
    if not changed or not repeats[0]:
        return splits
    return split_of(dataset, splits.train, splits.test, repeats, splits.kind)


def divided(splits: Splits, sets: Sequence[Sequence[int]]) -> int:
    """Return how many of the sets have rows on both sides of a fold."""
    if not sets:
        return 0
    rows, of = np.concatenate(sets), np.repeat(np.arange(len(sets)), [len(each) for each in sets])
    found = np.zeros(len(sets), dtype=bool)
    for fold in splits.folds:
        inside, outside = (
            np.bincount(of[np.isin(rows, side)], minlength=len(sets)) > 0 for side in (fold.val, fold.train)
        )
        found |= inside & outside
    return int(found.sum())


def fold_of(rows: int, folds: Sequence[Fold]) -> Rows:
    """Return the fold that each row of the dataset is validated in, -1 for none, (rows,)."""
    where = np.full(rows, -1)
    for number, fold in enumerate(folds):
        where[fold.val] = number
    return where


def _held_out(units: Sequence[Unit], share: float, kept: dict[str, int], *, seed: int) -> list[Unit]:
    """Return the units to validate on: those that were, and divided ones where their classes lack images."""
    whole: Counter[int] = Counter()
    for unit in units:
        whole.update(unit.counts)
    held = [unit for unit in units if kept.get(unit.key, -1) >= 0]
    have: Counter[int] = Counter()
    for unit in held:
        have.update(unit.counts)
    divided = [unit for unit in units if unit.key not in kept]
    for unit in sorted(shuffled(divided, seed=seed), key=lambda unit: -unit.size):
        lack = sum(n / whole[c] * (share * whole[c] - have[c] - n / 2) for c, n in unit.counts.items())
        missing = any(have[c] == 0 and n <= whole[c] / 2 for c, n in unit.counts.items())
        if (lack > 0 or missing) and all(have[c] + n < whole[c] for c, n in unit.counts.items()):
            held.append(unit)
            have.update(unit.counts)
    return held
