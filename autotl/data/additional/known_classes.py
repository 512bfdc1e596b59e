"""Match labels of the place of use with the known classes."""

from __future__ import annotations

from collections import Counter
from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from autotl.api import ROLES, Dataset, TargetSpec
from autotl.data.additional.listing import AdditionalListing
from autotl.data.name_lists import join_names
from autotl.errors import DataError

UNKNOWN = -1
"""The class of an image without a known label."""
_NAMED = 5
"""Classes that an error or a note names."""


def with_known_classes(listing: AdditionalListing, target: TargetSpec) -> AdditionalListing:
    """Return the same images, with known classes only.

    Other labels become "". Names of folders are no labels if none is a class.

    Args:
        listing: The images, with the labels that the user gave.
        target: The target of the labelled images.

    Raises:
        DataError: There are several labels that are no names of folders, and none is a class.
    """
    given = Counter(str(item.target) for item in listing.items if item.target)
    if not given:
        return listing
    words, classes = ROLES[listing.role], frozenset(target.names)
    if target.kind != "single_label":
        note = f"The labels of the {words} are ignored: they are only used if each image has one class."
        return _restricted(listing, frozenset(), note)
    strange = {name: images for name, images in given.items() if name not in classes}
    if len(strange) == len(given) and (listing.by_folder or len(given) == 1):
        return _restricted(listing, frozenset(), _no_labels(listing, sorted(strange)))
    if len(strange) == len(given):
        raise DataError(
            f"The labels of the {words} must be classes of your images (got "
            f"{join_names(sorted(strange), limit=_NAMED)}; your classes: "
            f"{join_names(target.names, limit=_NAMED)}). Give them the same names. If they are no labels, "
            "give the images in one folder, or as a list of paths."
        )
    note = (
        f"{sum(strange.values()):,} of the {len(listing.items):,} {words} have unknown labels "
        f"({join_names(sorted(strange), limit=_NAMED)}): they are used without label."
        if strange
        else ""
    )
    return _restricted(listing, classes, note)


def _no_labels(listing: AdditionalListing, strange: list[str]) -> str:
    """Return a note on labels none of which is a class; "" for the name of a single folder."""
    if not listing.by_folder:
        return f"The label {strange[0]!r} is no class of yours: ignored."
    if len(strange) == 1:
        return ""
    names = join_names(strange, limit=_NAMED)
    return f"The {ROLES[listing.role]} are used without labels: no folder has the name of a class ({names})."


def known_labels(listing: AdditionalListing, dataset: Dataset, target: TargetSpec) -> NDArray[np.int64]:
    """Return the class of each image that was read, (rows,).

    It is UNKNOWN for an image without label.

    Args:
        listing: The images, with the labels of :func:`with_known_classes`.
        dataset: The images that were read.
        target: The target of the labelled images.
    """
    index = {name: number for number, name in enumerate(target.names)}
    found: dict[str, int] = {}
    for item in listing.items:
        label = index.get(str(item.target), UNKNOWN)
        # an image that is listed with two labels has none
        found[item.name] = label if found.get(item.name, label) == label else UNKNOWN
    return np.array([found[name] for name in dataset.table["item"]], dtype=np.int64)


def _restricted(listing: AdditionalListing, classes: frozenset[str], note: str) -> AdditionalListing:
    """Return the listing without labels other than ``classes``, and with a note."""
    items = [item if item.target in classes else replace(item, target="") for item in listing.items]
    return replace(listing, items=items, notes=(*listing.notes, *([note] if note else [])))
