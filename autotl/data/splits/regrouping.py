"""Move divided groups into single folds with few other changes."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from autotl.api import Dataset, Fold, Splits
from autotl.data.splits.splitting import assemble_splits, rows_of
from autotl.data.splits.units import Unit, assign_folds, shuffled, units_of
from autotl.seeds import derive

if TYPE_CHECKING:
    from autotl.api.dataset import Rows


def with_groups(dataset: Dataset, groups: Sequence[Sequence[int]]) -> Dataset:
    """Return the dataset with found groups of rows in the column ``together``."""
    numbers = np.full(len(dataset), -1)
    for number, rows in enumerate(groups):
        numbers[list(rows)] = number
    return replace(dataset, table=dataset.table.assign(together=pd.Series(numbers)))


def keep_groups_together(dataset: Dataset, splits: Splits, *, seed: int) -> Splits:
    """Return the split with each divided group moved into one fold.

    Groups that no fold divides stay in their fold, and the user's own parts are not changed. The split is not
    changed either if no validation set can be made of whole groups: see :func:`count_divided_groups`.

    Args:
        dataset: The images, with their groups.
        splits: The split.
        seed: The seed by which divided groups are assigned.
    """
    if splits.kind == "given":
        return splits
    units, k = units_of(dataset, splits.train), len(splits.first)
    repeats, changed = [], False
    for repeat, start in enumerate(range(0, len(splits.folds), k)):
        folds = splits.folds[start : start + k]
        numbers = fold_numbers(len(dataset), folds)
        kept = {
            unit.key: int(numbers[unit.rows[0]]) for unit in units if len(set(numbers[list(unit.rows)])) == 1
        }
        if len(kept) == len(units):
            repeats.append(folds)
            continue
        changed, repeat_seed = True, derive(seed, "split", "groups", repeat)
        if splits.kind == "kfold":
            vals = assign_folds(units, k, seed=repeat_seed, kept=kept)
        else:
            vals = [_hold_out_again(units, len(folds[0].val) / len(splits.train), kept, seed=repeat_seed)]
        repeats.append(
            tuple(Fold(np.setdiff1d(splits.train, val), val) for val in map(rows_of, vals) if len(val))
        )
    if not changed or not repeats[0]:
        return splits
    return assemble_splits(dataset, splits.train, splits.test, repeats, splits.kind)


def count_divided_groups(splits: Splits, groups: Sequence[Sequence[int]]) -> int:
    """Return how many groups have rows on both sides of a fold."""
    if not groups:
        return 0
    rows = np.concatenate(groups)
    numbers = np.repeat(np.arange(len(groups)), [len(group) for group in groups])
    divided = np.zeros(len(groups), dtype=bool)
    for fold in splits.folds:
        inside, outside = (
            np.bincount(numbers[np.isin(rows, side)], minlength=len(groups)) > 0
            for side in (fold.val, fold.train)
        )
        divided |= inside & outside
    return int(divided.sum())


def fold_numbers(rows: int, folds: Sequence[Fold]) -> Rows:
    """Return the validation fold of each row, -1 for none."""
    numbers = np.full(rows, -1)
    for number, fold in enumerate(folds):
        numbers[fold.val] = number
    return numbers


def _hold_out_again(units: Sequence[Unit], share: float, kept: dict[str, int], *, seed: int) -> list[Unit]:
    """Return the units to validate on, with few changes."""
    total: Counter[int] = Counter()
    for unit in units:
        total.update(unit.counts)
    held_out = [unit for unit in units if kept.get(unit.key, -1) >= 0]
    images: Counter[int] = Counter()
    for unit in held_out:
        images.update(unit.counts)
    divided = [unit for unit in units if unit.key not in kept]
    for unit in sorted(shuffled(divided, seed=seed), key=lambda unit: -unit.size):
        lack = sum(n / total[c] * (share * total[c] - images[c] - n / 2) for c, n in unit.counts.items())
        class_is_missing = any(images[c] == 0 and n <= total[c] / 2 for c, n in unit.counts.items())
        fits = all(images[c] + n < total[c] for c, n in unit.counts.items())
        if (lack > 0 or class_is_missing) and fits:
            held_out.append(unit)
            images.update(unit.counts)
    return held_out
