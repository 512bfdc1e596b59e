"""Attach images outside the search to existing groups."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from autotl.quality.groups import BY_NAMES, Groups
from autotl.quality.hashing import textured
from autotl.quality.name_groups import shared_names


def attach_to_groups(
    found: Groups, names: Sequence[str], hashes: NDArray[np.uint64], searched: NDArray[np.bool_]
) -> tuple[tuple[int, ...], ...]:
    """Attach images outside the search to groups, without their labels.

    An image joins a group if it has the hash of an image in the group. It also joins if it shares the name by
    which the group was found. Groups are never merged. If a searched image has no group, it forms a new one
    with its copies.

    Args:
        found: Groups of searched rows.
        names: File names of all images, (n,).
        hashes: Perceptual hashes of all images, (n,).
        searched: Whether the image was searched, (n,).

    Returns:
        The groups of all rows, sorted by their first rows.
    """
    group_of = {row: rows[0] for rows in found.sets for row in rows}
    informative = textured(hashes)
    by_hash: dict[int, int] = {}
    for row in np.flatnonzero(searched & informative).tolist():
        by_hash.setdefault(int(hashes[row]), group_of.get(row, row))
    by_name = _groups_by_name(found, names, np.flatnonzero(searched).tolist(), group_of)
    sets = {rows[0]: [*rows] for rows in found.sets}
    for row in np.flatnonzero(~searched).tolist():
        matches = [by_hash.get(int(hashes[row]))] if informative[row] else []
        matches += [by_name.get(name) for name in shared_names(names[row])]
        if (group := next((each for each in matches if each is not None), None)) is not None:
            sets.setdefault(group, [group]).append(row)
    return tuple(sorted(tuple(sorted(rows)) for rows in sets.values()))


def _groups_by_name(
    found: Groups, names: Sequence[str], rows: Sequence[int], group_of: dict[int, int]
) -> dict[str, int | None]:
    """Return the group that contains all images of a shared name; None if there is no such group."""
    sharing: dict[str, list[int]] = {}
    for row in rows:
        for name in shared_names(names[row])[1:]:
            sharing.setdefault(name, []).append(row)
    return {
        name: group_of.get(own[0])
        for name, own in sharing.items()
        if len(own) > 1
        and len({group_of.get(row) for row in own}) == 1
        and all(found.how.get(row) == BY_NAMES for row in own)
    }
