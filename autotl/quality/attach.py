"""Say which images outside the search belong to its groups, by names and hashes and without their labels."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from autotl.quality.groups import BY_NAMES, Groups
from autotl.quality.hashing import textured
from autotl.quality.name_groups import shared_names


def attach(
    found: Groups, names: Sequence[str], hashes: NDArray[np.uint64], learned: NDArray[np.bool_]
) -> tuple[tuple[int, ...], ...]:
    """Add images that the search did not see to the sets that it found.

    An image is added if its hash equals that of an image in the set. It is also added if it shares the name
    by which the images of the set were found. Sets are never joined. If an image that the search saw has no
    set, it forms a new one with its copies.

    Args:
        found: Sets of rows inside the search.
        names: File names of all images, (n,).
        hashes: Perceptual hashes of all images, (n,).
        learned: Whether the search saw an image, (n,).
    """
    first = {row: rows[0] for rows in found.sets for row in rows}
    full = textured(hashes)
    copied: dict[int, int] = {}
    for row in np.flatnonzero(learned & full).tolist():
        copied.setdefault(int(hashes[row]), first.get(row, row))
    named = _named(found, names, np.flatnonzero(learned).tolist(), first)
    sets = {rows[0]: [*rows] for rows in found.sets}
    for row in np.flatnonzero(~learned).tolist():
        homes = [copied.get(int(hashes[row]))] if full[row] else []
        homes += [named.get(name) for name in shared_names(names[row])]
        if (home := next((each for each in homes if each is not None), None)) is not None:
            sets.setdefault(home, [home]).append(row)
    return tuple(sorted(tuple(sorted(rows)) for rows in sets.values()))


def _named(
    found: Groups, names: Sequence[str], rows: Sequence[int], first: dict[int, int]
) -> dict[str, int | None]:
    """Return the first row of the set that has all images of a shared name; None if there is no such set."""
    sharing: dict[str, list[int]] = {}
    for row in rows:
        for name in shared_names(names[row])[1:]:
            sharing.setdefault(name, []).append(row)
    return {
        name: first.get(own[0])
        for name, own in sharing.items()
        if len(own) > 1
        and len({first.get(row) for row in own}) == 1
        and all(found.how.get(row) == BY_NAMES for row in own)
    }
