"""Find classes and images of the data that the source contains."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from autotl.api import Backbone, Dataset, FindsCopies, TargetSpec
from autotl.backbone import match_classes
from autotl.data import perceptual_hashes, thumbnail
from autotl.modalities import modality_named
from autotl.quality import leaks

EXAMPLES = 20


@dataclass(frozen=True, slots=True)
class ClassOverlap:
    """The classes that the source head knows by name.

    Attributes:
        known: How many.
        of: All classes of the data.
        classes: The source's names of each known class.
    """

    known: int
    of: int
    classes: Mapping[str, tuple[str, ...]]


@dataclass(frozen=True, slots=True)
class SourceCopies:
    """Training images that are near copies of the user's source images.

    Attributes:
        images: How many.
        compared: The source images that were compared.
        examples: Names of the first copies.
    """

    images: int
    compared: int
    examples: tuple[str, ...]


def class_overlap(target: TargetSpec, backbone: Backbone) -> ClassOverlap | None:
    """Return the classes or labels that the source head knows.

    The result is None for numbers, and for a head without names.
    """
    if not backbone.classes or target.kind == "regression":
        return None
    classes = target.names
    found = match_classes(classes, backbone.classes)
    known = {
        name: tuple(backbone.classes[place].names[0] for place in places)
        for name, places in found.items()
        if places
    }
    return ClassOverlap(len(known), len(classes), known)


def source_copies(
    dataset: Dataset, rows: NDArray[np.int64], source: Sequence[Callable[[], Any]]
) -> SourceCopies:
    """Compare images with source images by hashes, or texts by words.

    Args:
        dataset: The images or texts.
        rows: Rows to compare.
        source: Functions that open the source images or texts.
    """
    modality = modality_named(dataset.modality)
    if isinstance(modality, FindsCopies):
        opened = _opened(source, lambda value: value)
        own = [dataset.openers[row]() for row in rows.tolist()]
        pairs = [(int(target), int(other)) for target, other in modality.copies_between(own, opened)]
    else:
        opened = _opened(source, thumbnail)
        hashes = perceptual_hashes(np.stack(opened)) if opened else np.zeros(0, dtype=np.uint64)
        pairs = leaks(dataset.table["looks"].to_numpy()[rows], hashes, None, None)
    found = sorted({target for target, _ in pairs})
    items = dataset.table["item"].to_numpy()[rows]
    return SourceCopies(len(found), len(opened), tuple(str(items[row]) for row in found[:EXAMPLES]))


def _opened(source: Sequence[Callable[[], Any]], convert: Callable[[Any], Any]) -> list[Any]:
    """Return the converted source inputs, without unreadable ones."""
    found = []
    for opener in source:
        with suppress(Exception):  # a broken source image cannot be compared
            found.append(convert(opener()))
    return found
