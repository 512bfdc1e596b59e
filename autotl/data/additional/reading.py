"""Read images besides the labelled ones into a dataset."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from autotl.api import ROLES, Dataset, PixelScale
from autotl.clock import Clock
from autotl.data.additional.assemble import (
    NAMED,
    ReadInputs,
    assemble,
    check_any_readable,
    strata_of_listing,
)
from autotl.data.additional.listing import AdditionalListing
from autotl.data.additional.texts import read_additional_texts
from autotl.data.image_facts import ImageFacts, ImageScanner, UprightOpener
from autotl.data.image_files.decode import without_pillow_warnings
from autotl.data.image_files.perceptual_hash import perceptual_hashes
from autotl.data.name_lists import join_names
from autotl.data.splits.reading_sample import MIN_IMAGES_READ, stratified_sample

_IN_MEMORY = {"text": read_additional_texts}
"""How inputs are read that need no decoding, by modality."""


@dataclass(frozen=True, slots=True)
class ReadingLimits:
    """The number of images to read.

    Attributes:
        seconds: The time for reading; None for no limit. At least 1,000 images are read.
        most: The largest number of images that later steps have time and disk for; None for no limit.
        recorded: The number that an earlier start of the run has read, which overrides the others.
    """

    seconds: float | None = None
    most: int | None = None
    recorded: int | None = None


def read_additional(
    listing: AdditionalListing,
    scale: PixelScale | None,
    limits: ReadingLimits,
    *,
    clock: Clock,
    seed: int,
) -> tuple[Dataset, int | None]:
    """Read listed images or texts; unreadable ones are left out and listed.

    If there is no time for all, a sample is read, stratified by the classes to learn from. Without them, the
    dataset has no classes and every label is 0.

    Args:
        listing: The images.
        scale: The pixel scale of the labelled images, which counts for images of more than 8 bits.
        limits: The number of images to read.
        clock: Measures the pace of reading.
        seed: The seed of the sample.

    Returns:
        The images, and the number that a sample was drawn for; None if all were read.

    Raises:
        DataError: No image can be read, or the floats are on another scale.
    """
    if (read_all := _IN_MEMORY.get(listing.modality)) is not None:
        return read_all(listing, most=limits.recorded or limits.most, seed=seed)
    items, strata = listing.items, strata_of_listing(listing)
    scanner = ImageScanner(items, strata, threads=None)
    with without_pillow_warnings():
        most = limits.recorded or _most(scanner, len(items), limits, clock, seed)
        numbers = (
            range(len(items)) if most is None else stratified_sample(items, most, seed=seed, strata=strata)
        )
        found = scanner.finish(numbers, total=len(numbers), known=scale)
    pairs = list(zip(found.items, found.facts, strict=True))
    readable = [(item, facts) for item, facts in pairs if isinstance(facts, ImageFacts)]
    unreadable = {item.name: facts for item, facts in pairs if isinstance(facts, str)}
    check_any_readable(listing, len(readable), len(pairs), unreadable)
    images = [facts for _, facts in readable]
    read = ReadInputs(
        [item for item, _ in readable],
        [UprightOpener(item.open, found.scale) for item, _ in readable],
        [each.digest for each in images],
        {
            "height": np.array([each.height for each in images], dtype=np.int64),
            "width": np.array([each.width for each in images], dtype=np.int64),
            "looks": perceptual_hashes(np.stack([each.thumbnail for each in images])),
        },
        len(pairs),
    )
    dataset = assemble(listing, read, unreadable, scale=found.scale)
    return dataset, most if dataset.left_out else None


def unreadable_note(role: str, dataset: Dataset) -> str:
    """Return a note on images that cannot be read, or ""."""
    count = len(dataset.unreadable)
    if not count:
        return ""
    named = join_names((f"{name} ({why})" for name, why in dataset.unreadable.items()), limit=NAMED)
    return f"{count:,} of the {ROLES[role]} cannot be read and are left out: {named}."


def _most(scanner: ImageScanner, count: int, limits: ReadingLimits, clock: Clock, seed: int) -> int | None:
    """Return how many images to read; None for all."""
    if limits.most is not None and limits.most < count:
        count = limits.most
    if limits.seconds is None or count <= MIN_IMAGES_READ:
        return limits.most
    in_time = scanner.read_within(limits.seconds, clock=clock, seed=seed)
    return count if in_time is None else min(count, in_time)
