"""Assign images to folds in units that stay together."""

from __future__ import annotations

import hashlib
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from autotl.api import Dataset
from autotl.data.splits.strata import memberships_of

MIN_HELD_OUT = 2
"""Images of a label, of those held out, from which one of several labels must be held out."""
LONELY = -1
"""Stands for the labels of images whose labels no other image has."""


@dataclass(frozen=True, slots=True)
class Unit:
    """Rows that stay together.

    Attributes:
        rows: The rows.
        counts: The number of its images by class, or by label: an image counts for each of its labels.
        key: A digest that depends on the pixels only.
    """

    rows: tuple[int, ...]
    counts: Mapping[int, int]
    key: str

    @property
    def size(self) -> int:
        return len(self.rows)


def units_of(dataset: Dataset, rows: Iterable[int]) -> list[Unit]:
    """Merge rows into units.

    Rows of one group, given or found, and rows with equal pixels are in one unit. The relation is transitive.
    """
    chosen = [int(row) for row in rows]
    digests, groups = dataset.table["digest"].tolist(), dataset.table["group"].tolist()
    strata = memberships_of(dataset)
    found = dataset.table["together"].tolist() if "together" in dataset.table else [-1] * len(dataset)
    parent = {row: row for row in chosen}  # a disjoint-set forest

    def root_of(row: int) -> int:
        while parent[row] != row:
            parent[row] = row = parent[parent[row]]
        return row

    first_rows: dict[tuple[str, str | int], int] = {}
    for row in chosen:
        keys: list[tuple[str, str | int]] = [("digest", digests[row])]
        keys += [("group", groups[row])] if groups[row] is not None else []
        keys += [("together", found[row])] if found[row] >= 0 else []
        for key in keys:
            parent[root_of(row)] = root_of(first_rows.setdefault(key, row))
    members: dict[int, list[int]] = {}
    for row in chosen:
        members.setdefault(root_of(row), []).append(row)
    units = [
        Unit(
            tuple(rows),
            Counter(each for row in rows for each in strata[row]),
            min(digests[row] for row in rows),
        )
        for rows in members.values()
    ]
    return _without_lonely_labels(units) if dataset.target.kind == "multi_label" else units


def _without_lonely_labels(units: list[Unit]) -> list[Unit]:
    """Return units without counts of labels that a single unit has.

    Such a label cannot be in two parts. It must not keep its images out of the test part.
    """
    n_units = Counter(label for unit in units for label in unit.counts)
    found = []
    for unit in units:
        counts = {label: n for label, n in unit.counts.items() if n_units[label] > 1}
        found.append(Unit(unit.rows, counts or {LONELY: unit.size}, unit.key))
    return found


def shuffled(units: Iterable[Unit], *, seed: int) -> list[Unit]:
    """Shuffle units, depending only on the seed and the pixels."""

    def sort_key(unit: Unit) -> bytes:
        return hashlib.blake2b(f"{seed}:{unit.key}".encode(), digest_size=16).digest()

    return sorted(units, key=sort_key)


def _rarest_first(units: list[Unit], total: Mapping[int, int]) -> list[Unit]:
    """Order units by their rarest label; units of single labels keep their order.

    Common labels then even out what rare ones left uneven (Sechidis et al., On the Stratification of
    Multi-Label Data, ECML PKDD 2011).
    """
    if not _has_several(units):
        return units
    return sorted(units, key=lambda unit: min(total[label] for label in unit.counts))


def _has_several(units: Iterable[Unit]) -> bool:
    """Return whether an image has several labels."""
    return any(sum(unit.counts.values()) > unit.size for unit in units)


def hold_out(
    units: Sequence[Unit],
    share: float,
    *,
    seed: int,
    keep: int,
    stay: Iterable[Unit] = (),
    limit: int | None = None,
) -> list[Unit]:
    """Choose whole units with about ``share`` of the images of each class.

    A class of two units or more is on both sides of the split. A class of one unit stays.

    Args:
        units: The units.
        share: The share of the images to hold out, in (0, 1).
        seed: The seed of the order in which units are considered.
        keep: The number of images that a class keeps on the other side, if possible.
        stay: Units that are not held out.
        limit: The largest number of images to hold out; None for no limit.

    Returns:
        The units that are held out.
    """
    total = _count_images(units)
    n_units = Counter(label for unit in units for label in unit.counts)
    fixed = {unit.key for unit in stay}
    fixed |= {unit.key for unit in units if any(n_units[label] < 2 for label in unit.counts)}
    goal = {c: max(min(share * n, n - keep), 1.0) if n_units[c] > 1 else 0.0 for c, n in total.items()}
    order = _rarest_first(shuffled(units, seed=seed), total)
    free = [unit for unit in order if unit.key not in fixed]
    sides = _Sides(free, _count_images(unit for unit in order if unit.key in fixed))
    sides.fill(goal, total)
    classes = sorted(total)
    sides.return_missing(classes)
    # to have all of many rare labels in the test part would hold out far more than the share
    least = MIN_HELD_OUT if _has_several(units) else 0
    wanted = [label for label in classes if n_units[label] > 1 and share * total[label] >= least]
    sides.hold_out_missing(wanted, keep=keep)
    if limit is not None:
        sides.shrink(limit)
    return [unit for unit in free if unit.key in sides.out]


class _Sides:
    """The two sides of a split: units that are held out, and units that are kept."""

    def __init__(self, free: Sequence[Unit], kept: Counter[int]) -> None:
        self._free = free
        self.out: set[str] = set()
        self._images_out: Counter[int] = Counter()
        self._images_kept = kept

    def fill(self, goal: Mapping[int, float], total: Mapping[int, int]) -> None:
        """Put each unit on the side that lacks its classes.

        Args:
            goal: The images to hold out, by class.
            total: All images, by class.
        """
        out, kept = self._images_out, self._images_kept
        several = _has_several(self._free)

        def lack_of(c: int) -> float:
            rest = total[c] - goal[c]
            if several:  # shares, so that both sides are filled evenly in any order of the units
                return (1 - out[c] / goal[c] if goal[c] else 0.0) - (1 - kept[c] / rest if rest else 0.0)
            return (goal[c] - out[c]) - (rest - kept[c])

        for unit in self._free:
            lack = sum(n / total[c] * lack_of(c) for c, n in unit.counts.items())
            (out if lack > 0 else kept).update(unit.counts)
            if lack > 0:
                self.out.add(unit.key)

    def return_missing(self, classes: Sequence[int]) -> None:
        """Return a unit of each class that is held out completely."""
        for label in classes:
            if self._images_kept[label] == 0:
                held_out = (unit for unit in self._free if unit.key in self.out and label in unit.counts)
                self._move(min(held_out, key=lambda unit: unit.size))

    def hold_out_missing(self, classes: Sequence[int], *, keep: int) -> None:
        """Hold out a unit of each missing class, if possible."""
        for label, minimum in ((label, minimum) for label in classes for minimum in (keep, 1)):
            if self._images_out[label] == 0:
                kept = [unit for unit in self._free if unit.key not in self.out and label in unit.counts]
                movable = [
                    unit
                    for unit in kept
                    if all(self._images_kept[c] - n >= minimum for c, n in unit.counts.items())
                ]
                if movable:
                    self._move(min(movable, key=lambda unit: unit.size))

    def shrink(self, limit: int) -> None:
        """Move units back until at most ``limit`` images are held out."""
        held_out = sum(unit.size for unit in self._free if unit.key in self.out)
        for unit in reversed(self._free):
            if held_out <= limit:
                return
            if unit.key in self.out and all(self._images_out[c] > n for c, n in unit.counts.items()):
                self._move(unit)
                held_out -= unit.size

    def _move(self, unit: Unit) -> None:
        """Move a unit to the other side."""
        self.out.symmetric_difference_update({unit.key})
        source, target = self._images_out, self._images_kept
        if unit.key in self.out:
            source, target = target, source
        source.subtract(unit.counts)
        target.update(unit.counts)


def assign_folds(
    units: Sequence[Unit], folds: int, *, seed: int, kept: Mapping[str, int] | None = None
) -> list[list[Unit]]:
    """Assign units to folds with the classes spread evenly.

    No fold holds all units of a class. A unit that would break this rule, such as the only unit of its class,
    is in no fold.

    Args:
        units: The units.
        folds: The number of folds.
        seed: The seed of the order in which units are assigned.
        kept: The fold of units that are assigned already, by key.

    Returns:
        The units of each fold.
    """
    kept = kept or {}
    total = _count_images(units)
    n_units = Counter(label for unit in units for label in unit.counts)
    rare_first = _rarest_first(shuffled(units, seed=seed), total)
    order = sorted(rare_first, key=lambda unit: (unit.key not in kept, -unit.size))
    assigned: list[list[Unit]] = [[] for _ in range(folds)]
    images: list[Counter[int]] = [Counter() for _ in range(folds)]
    units_in: list[Counter[int]] = [Counter() for _ in range(folds)]
    for unit in order:

        def need(fold: int, unit: Unit = unit) -> tuple[float, int]:
            lack = sum(n / total[c] * (total[c] / folds - images[fold][c]) for c, n in unit.counts.items())
            return lack, -images[fold].total()

        possible = [
            fold for fold in range(folds) if all(units_in[fold][c] + 1 < n_units[c] for c in unit.counts)
        ]
        if not possible:
            continue
        fold = kept[unit.key] if kept.get(unit.key) in possible else max(possible, key=need)
        assigned[fold].append(unit)
        images[fold].update(unit.counts)
        units_in[fold].update(unit.counts.keys())
    return assigned


def _count_images(units: Iterable[Unit]) -> Counter[int]:
    counts: Counter[int] = Counter()
    for unit in units:
        counts.update(unit.counts)
    return counts
