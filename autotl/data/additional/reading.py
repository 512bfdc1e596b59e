"""Read images besides the labelled ones into a dataset."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd

from autotl.api import ROLES, Dataset, Item, PixelScale, TargetSpec
from autotl.clock import Clock
from autotl.data.additional.listing import AdditionalListing
from autotl.data.image_facts import ImageFacts, ImageScanner, UprightOpener
from autotl.data.image_files.decode import without_pillow_warnings
from autotl.data.image_files.perceptual_hash import perceptual_hashes
from autotl.data.labels import class_order
from autotl.data.name_lists import join_names
from autotl.data.splits.reading_sample import MIN_IMAGES_READ, stratified_sample
from autotl.errors import DataError

NAMED = 3
"""Unreadable images that a note names."""


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
    """Read listed images; unreadable ones are left out and listed.

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
    items = listing.items
    # labels that are not learned from do not change the sample: they may be added when a run is resumed
    strata = [item.target if listing.labelled else "" for item in items]
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
    if not readable:
        raise DataError(
            f"None of the {len(pairs)} {ROLES[listing.role]} can be read: "
            f"{join_names((f'{name} ({why})' for name, why in unreadable.items()), limit=NAMED)}. "
            "Repair the files, or leave them out."
        )
    readable.sort(key=lambda pair: (pair[1].digest, pair[0].name))
    classes = class_order(str(item.target) for item, _ in readable) if listing.labelled else ()
    table = _table(readable, classes)
    dataset = Dataset(
        table=table,
        openers=[UprightOpener(item.open, found.scale) for item, _ in readable],
        target=TargetSpec("single_label", classes),
        digest=_digest(table, classes),
        unreadable=unreadable,
        left_out=len(items) - len(pairs),
        scale=found.scale,
    )
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


def _table(readable: Sequence[tuple[Item, ImageFacts]], classes: Sequence[str]) -> pd.DataFrame:
    """Return the table of the images, a row for each."""
    index = {name: number for number, name in enumerate(classes)}
    facts = [each for _, each in readable]
    return pd.DataFrame(
        {
            "item": pd.Series([item.name for item, _ in readable], dtype=object),
            "label": pd.Series([index.get(str(item.target), 0) for item, _ in readable], dtype="int64"),
            "digest": [each.digest for each in facts],
            "height": pd.Series([each.height for each in facts], dtype="int64"),
            "width": pd.Series([each.width for each in facts], dtype="int64"),
            "looks": perceptual_hashes(np.stack([each.thumbnail for each in facts])),
        }
    )


def _digest(table: pd.DataFrame, classes: Sequence[str]) -> str:
    """Return a hash of the images and their classes."""
    content = hashlib.blake2b(repr(tuple(classes)).encode(), digest_size=16)
    for digest, label in zip(table["digest"], table["label"], strict=True):
        content.update(f"{digest} {label}\n".encode())
    return content.hexdigest()
