"""Deal out what must not be divided: images that share a group or are the same, pixel by pixel."""

from __future__ import annotations

import hashlib
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from autotl.api import Dataset


@dataclass(frozen=True, slots=True)
class Unit:
    """Rows that stay together. ``key`` comes from the pixels alone, ``counts`` has its images by class."""

    rows: tuple[int, ...]
    counts: Mapping[int, int]
    key: str

    @property
    def size(self) -> int:
        return len(self.rows)


def units_of(dataset: Dataset, rows: Iterable[int]) -> list[Unit]:
    """The rows as units: the same group, given or found, or the same pixels, also by way of others, make one
    unit.
    """
    chosen = [int(row) for row in rows]
    digests, groups = dataset.table["digest"].tolist(), dataset.table["group"].tolist()
    labels = dataset.table["label"].tolist()
    found = dataset.table["together"].tolist() if "together" in dataset.table else [-1] * len(dataset)
    parent = {row: row for row in chosen}

    def root(row: int) -> int:
        while parent[row] != row:
            parent[row] = row = parent[parent[row]]
        return row

    first: dict[tuple[str, str | int], int] = {}
    for row in chosen:
        marks: list[tuple[str, str | int]] = [("digest", digests[row])]
        marks += [("group", groups[row])] if groups[row] is not None else []
        marks += [("together", found[row])] if found[row] >= 0 else []
        for mark in marks:
            parent[root(row)] = root(first.setdefault(mark, row))
    together: dict[int, list[int]] = {}
    for row in chosen:
        together.setdefault(root(row), []).append(row)
    return [
        Unit(tuple(members), Counter(labels[row] for row in members), min(digests[row] for row in members))
        for members in together.values()
    ]


def shuffled(units: Iterable[Unit], *, seed: int) -> list[Unit]:
    """The units in an order that depends on the seed and the pixels, and not on the order they came in."""

    def place(unit: Unit) -> bytes:
        return hashlib.blake2b(f"{seed}:{unit.key}".encode(), digest_size=16).digest()

    return sorted(units, key=place)


def carve(
    units: Sequence[Unit],
    share: float,
    *,
    seed: int,
    keep: int,
    stay: Iterable[Unit] = (),
    most: int | None = None,
) -> list[Unit]:
    """About ``share`` of the images of each class, as whole units; ``most`` caps the images in all.

    A class of two units or more is on both sides, and keeps at least ``keep`` images if it can; a class of
    one unit stays, and so do those in ``stay``.
    """
    whole = _counts(units)
    times = Counter(label for unit in units for label in unit.counts)
    pinned = {unit.key for unit in stay}
    pinned |= {unit.key for unit in units if any(times[label] < 2 for label in unit.counts)}
    goal = {c: max(min(share * n, n - keep), 1.0) if times[c] > 1 else 0.0 for c, n in whole.items()}
    order = shuffled(units, seed=seed)
    out: set[str] = set()
    have_out: Counter[int] = Counter()
    have_in = _counts(unit for unit in order if unit.key in pinned)
    loose = [unit for unit in order if unit.key not in pinned]
    for unit in loose:
        # Positive where the unit's classes lack more images outside than inside.
        need = sum(
            n / whole[c] * ((goal[c] - have_out[c]) - (whole[c] - goal[c] - have_in[c]))
            for c, n in unit.counts.items()
        )
        (have_out if need > 0 else have_in).update(unit.counts)
        if need > 0:
            out.add(unit.key)

    def move(unit: Unit) -> None:
        """From one side to the other."""
        out.symmetric_difference_update({unit.key})
        here, there = (have_in, have_out) if unit.key in out else (have_out, have_in)
        here.subtract(unit.counts)
        there.update(unit.counts)

    # Groups are dealt whole, so a class may have gone to one side altogether.
    for label in sorted(whole):
        if have_in[label] == 0:
            move(min((u for u in loose if u.key in out and label in u.counts), key=lambda unit: unit.size))
    for label, least in ((label, least) for label in sorted(whole) for least in (keep, 1)):
        if have_out[label] == 0 and times[label] > 1:
            inside = [u for u in loose if u.key not in out and label in u.counts]
            if able := [u for u in inside if all(have_in[c] - n >= least for c, n in u.counts.items())]:
                move(min(able, key=lambda unit: unit.size))
    for unit in reversed(loose):
        if most is None or have_out.total() <= most:
            break
        if unit.key in out and all(have_out[c] > n for c, n in unit.counts.items()):
            move(unit)
    return [unit for unit in loose if unit.key in out]


def deal(
    units: Sequence[Unit], hands: int, *, seed: int, kept: Mapping[str, int] | None = None
) -> list[list[Unit]]:
    """The units in ``hands`` hands with the classes spread evenly. No hand holds all units of a class.

    A unit that would break this, such as the only one of its class, is in no hand. ``kept`` says, by key,
    which hand some units are in already.
    """
    kept = kept or {}
    whole = _counts(units)
    times = Counter(label for unit in units for label in unit.counts)
    order = sorted(shuffled(units, seed=seed), key=lambda unit: (unit.key not in kept, -unit.size))
    dealt: list[list[Unit]] = [[] for _ in range(hands)]
    have: list[Counter[int]] = [Counter() for _ in range(hands)]
    spread: dict[int, Counter[int]] = {label: Counter() for label in whole}  # units by hand
    for unit in order:
        if any(times[label] < 2 for label in unit.counts):
            continue

        def need(hand: int, unit: Unit = unit) -> tuple[float, int]:
            lack = sum(n / whole[c] * (whole[c] / hands - have[hand][c]) for c, n in unit.counts.items())
            return lack, -have[hand].total()

        open_to = [h for h in range(hands) if all(spread[c][h] + 1 < times[c] for c in unit.counts)]
        if not open_to:
            continue
        hand = kept[unit.key] if kept.get(unit.key) in open_to else max(open_to, key=need)
        dealt[hand].append(unit)
        have[hand].update(unit.counts)
        for label in unit.counts:
            spread[label][hand] += 1
    return dealt


def _counts(units: Iterable[Unit]) -> Counter[int]:
    counts: Counter[int] = Counter()
    for unit in units:
        counts.update(unit.counts)
    return counts
