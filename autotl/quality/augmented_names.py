"""Find copies made by augmentation whose names share a stem, as ``img012_flip`` and ``img012_aug3`` do."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from itertools import combinations

import numpy as np
from numpy.typing import NDArray

from autotl.quality.hashing import textured
from autotl.quality.turned import least_distances

MOST = 60
"""Images that may share a stem: more of them share the name of the data set."""
NAMED_BITS = 22
"""Bits by which the hashes of two images that share a stem may differ. Of 150 photographs that were turned by
8 degrees, 95% are within.
"""

_WAYS = (
    r"aug(?:ment(?:ed|ation)?)?|[hv]?flip(?:ped)?|fliplr|flipud|mirror(?:ed)?|rot(?:at(?:ed|ion|e))?|"
    r"turn(?:ed)?|crop(?:ped)?|bright(?:er|ness)?|dark(?:er)?|contrast|blur(?:red)?|nois[ey]|hue|sat(?:uration)?|shear|"
    r"zoom|scaled?|jitter|gr[ae]y|copy|orig(?:inal)?"
)
_ENDS = re.compile(rf"(?:[\W_]+(?:(?:{_WAYS})[\W_]*[hv\d]*\)?|rf\.[0-9a-zA-Z]{{16,}}))+$", re.IGNORECASE)


def namesakes(
    names: Sequence[str], labels: NDArray[np.int64], hashes: NDArray[np.uint64]
) -> Iterator[tuple[int, int]]:
    """Yield pairs of rows of one class and stem that look somewhat alike, as they are, mirrored or turned.

    A stem is a name without an ending that tells of augmentation. At least one of the names has such an
    ending.

    Args:
        names: File names, (n,).
        labels: Class indices, (n,).
        hashes: Perceptual hashes, (n,).
    """
    full = textured(hashes)
    shared: dict[tuple[int, str], list[int]] = {}
    augmented = set()
    for row, (name, label) in enumerate(zip(names, labels.tolist(), strict=True)):
        whole = re.sub(r"\.[A-Za-z]\w*$", "", str(name))
        stem = _ENDS.sub("", whole)
        if stem and not stem.endswith("/"):
            shared.setdefault((label, stem), []).append(row)
        if stem != whole:
            augmented.add((label, stem))
    rows = (own for key, own in shared.items() if key in augmented and len(own) <= MOST)
    pairs = np.array([pair for own in rows for pair in combinations(own, 2)], dtype=np.int64).reshape(-1, 2)
    pairs = pairs[full[pairs].all(axis=1)]
    near = least_distances(hashes[pairs[:, 0]], hashes[pairs[:, 1]]) <= NAMED_BITS
    yield from ((int(one), int(other)) for one, other in pairs[near].tolist())
