"""Check the targets of listed images, and encode them."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from autotl.api import Item, Listing, TargetSpec
from autotl.api.dataset import target_columns
from autotl.data.labels import class_order, placeholder_label_notes, similar_class_notes
from autotl.data.name_lists import join_names
from autotl.errors import DataError
from autotl.targets import target_of

MAX_LABEL_LENGTH = 300
"""Characters of a label; no folder name is longer."""
MIN_LABEL_IMAGES = 3
"""Fewest images of a label that training, validation and test images can each have one of."""


def listed_target(listing: Listing, items: Sequence[Item]) -> TargetSpec:
    """Return the target of listed images, or that of single labels."""
    return listing.target or TargetSpec("single_label", class_order(str(item.target) for item in items))


def item_strata(listing: Listing) -> list[Any]:
    """Return the stratum of each image, for samples.

    It is the class, the rarest label, or the size of the number.
    """
    if listing.target is None:
        return [item.target for item in listing.items]
    target = target_of(listing.target)
    strata: list[Any] = target.strata(target.encode([item.target for item in listing.items])).tolist()
    return strata


def check_targets(listing: Listing, described: str) -> None:
    """Check that the targets tell images apart, and have short names.

    Args:
        listing: The listed images; there is one or more.
        described: The source, for errors.

    Raises:
        DataError: All images have the same target, or a name is too long.
    """
    if listing.target is not None and listing.target.kind == "regression":
        _check_numbers(listing, listing.target, described)
        return
    if len({item.target for item in listing.items}) < 2:
        raise DataError(_same_for_all(listing, described))
    for item in listing.items:
        labels = (item.target,) if isinstance(item.target, str) else item.target
        for name in map(str, labels):
            if len(name) > MAX_LABEL_LENGTH:
                raise DataError(
                    f"A class name must have {MAX_LABEL_LENGTH} characters or less (got {len(name):,} for "
                    f"{item.name}: {name[:40]}…). Name another column (label=, --label) or shorten them."
                )


def target_notes(listing: Listing, target: TargetSpec) -> tuple[str, ...]:
    """Return notes on doubtful names, and on labels that tell little."""
    if target.kind == "regression":
        return ()
    if target.kind == "single_label":
        labels = [str(item.target) for item in listing.items]
        return (*placeholder_label_notes(labels), *similar_class_notes(target.names))
    counts = Counter(label for item in listing.items for label in item.target)
    n = len(listing.items)
    notes = list(similar_class_notes(target.names))
    if every := [name for name in target.names if counts[name] == n]:
        notes.append(f"All images have the label {join_names(map(repr, every))}: it tells nothing.")
    if none := [name for name in target.names if not counts[name]]:
        notes.append(f"No image has the label {join_names(map(repr, none))}: it cannot be learned.")
    if few := [f"{name!r} ({counts[name]})" for name in target.names if 0 < counts[name] < MIN_LABEL_IMAGES]:
        notes.append(
            f"Few images have the label {join_names(few)}: it is missing in some parts, and its scores are "
            "left out there."
        )
    return tuple(notes)


def encoded_columns(target: TargetSpec, items: Sequence[Item]) -> dict[str, NDArray[Any]]:
    """Return the columns of a data set that hold the encoded targets."""
    encoded = target_of(target).encode([item.target for item in items])
    columns = encoded[:, None] if encoded.ndim == 1 else encoded
    return dict(zip(target_columns(target), np.ascontiguousarray(columns.T), strict=True))


def _check_numbers(listing: Listing, target: TargetSpec, described: str) -> None:
    """Raise DataError if a number is the same for all images."""
    values = np.array([item.target for item in listing.items], dtype=np.float64)
    for name, same in zip(target.names, (values == values[:1]).all(0).tolist(), strict=True):
        if same:
            raise DataError(
                f"The numbers to predict must differ (got only {values[0, target.names.index(name)]:g} in "
                f"{name!r}, for all {len(values)} images in {described}). Name another column (label=, "
                "--label)."
            )


def _same_for_all(listing: Listing, described: str) -> str:
    """Return the error for images that all have the same class or labels."""
    items, target, noun = listing.items, listing.items[0].target, f"{listing.modality}s"
    if listing.target is None:
        return (
            f"The data must have two classes or more (got only {target!r}, for all {len(items)} {noun} "
            f"in {described}). Add {noun} of another class."
        )
    return (
        f"The labels of the {noun} must differ (got only {list(map(str, target))}, for all {len(items)} "
        f"{noun} in {described}). Add {noun} with other labels."
    )
