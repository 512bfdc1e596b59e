"""What of the target the source has probably seen: its classes by name, its very images."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from autotl.api import Backbone, Dataset
from autotl.backbone import match_classes
from autotl.data import perceptual_hashes, thumbnail
from autotl.quality import leaks

EXAMPLES = 20


@dataclass(frozen=True, slots=True)
class ClassOverlap:
    """How many ``of`` the target's classes the source head knows by name, and as what."""

    known: int
    of: int
    classes: Mapping[str, tuple[str, ...]]


@dataclass(frozen=True, slots=True)
class SourceCopies:
    """Target images that look like copies of source images, of the ``compared`` ones."""

    images: int
    compared: int
    examples: tuple[str, ...]


def class_overlap(classes: Sequence[str], backbone: Backbone) -> ClassOverlap | None:
    """None for a backbone that does not say what its classes are."""
    if not backbone.classes:
        return None
    found = match_classes(classes, backbone.classes)
    known = {
        name: tuple(backbone.classes[place].names[0] for place in places)
        for name, places in found.items()
        if places
    }
    return ClassOverlap(len(known), len(classes), known)


def source_copies(
    dataset: Dataset,
    rows: NDArray[np.int64],
    source: Sequence[Callable[[], Image.Image]],
) -> SourceCopies:
    """Compare the target's rows with images of the source, by their perceptual hashes alone."""
    seen = []
    for opener in source:
        with suppress(Exception):  # a broken image of the source is none to compare with
            seen.append(thumbnail(opener()))
    looks = perceptual_hashes(np.stack(seen)) if seen else np.zeros(0, dtype=np.uint64)
    own = dataset.table["looks"].to_numpy()[rows]
    found = sorted({target for target, _ in leaks(own, looks, None, None)})
    items = dataset.table["item"].to_numpy()[rows]
    return SourceCopies(len(found), len(seen), tuple(str(items[row]) for row in found[:EXAMPLES]))
