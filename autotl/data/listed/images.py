"""Read listed images into a Dataset."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from autotl.api import Dataset, Item, Listing, ReadingBudget
from autotl.data.image_facts import ImageFacts, ImageScanner, ScannedImages, UprightOpener
from autotl.data.image_files.decode import without_pillow_warnings
from autotl.data.image_files.perceptual_hash import perceptual_hashes
from autotl.data.image_files.pixel_scaling import scale_notes
from autotl.data.listed.checks import check_readable, content_digest
from autotl.data.splits.reading_sample import MIN_IMAGES_READ, stratified_sample
from autotl.data.targets.listed import encoded_columns, item_strata, listed_target, target_notes


def read_images(source: object, listing: Listing, budget: ReadingBudget) -> Dataset:
    """Decode every listed image once, for its size and its pixel digest.

    Unreadable images are left out and listed. If reading all images would exceed the budget, a stratified
    sample is read, of at least 1,000 images. Images of more than 8 bits are brought to one scale, which is
    chosen from all of them; they are decoded a second time.

    Args:
        source: The source, for errors.
        listing: The images with their targets.
        budget: How many to read.

    Raises:
        DataError: More than 5 % of the images, or a whole class, are unreadable.
    """
    strata, most = item_strata(listing), budget.most
    scanner = ImageScanner(listing.items, strata, threads=budget.threads)
    count = len(listing.items)
    with without_pillow_warnings():
        if most is None and budget.seconds is not None and count > MIN_IMAGES_READ:
            most = scanner.read_within(budget.seconds, clock=budget.clock, seed=budget.seed)
        numbers = (
            range(count)
            if most is None
            else stratified_sample(listing.items, most, seed=budget.seed, strata=strata)
        )
        found = scanner.finish(numbers, total=min(most or count, count))
    return _assemble(source, listing, found)


def _assemble(source: object, listing: Listing, images: ScannedImages) -> Dataset:
    """Make the dataset of the decoded images, sorted by digest."""
    pairs = list(zip(images.items, images.facts, strict=True))
    unreadable = {item.name: facts for item, facts in pairs if isinstance(facts, str)}
    found = [(item, facts) for item, facts in pairs if isinstance(facts, ImageFacts)]
    readable = [item for item, _ in found]
    check_readable(source, images.items, readable, unreadable, single=listing.target is None, noun="image")
    target = listed_target(listing, [item for item, _ in found])
    order: dict[Any, int] = {}
    if listing.target is None:
        order = {name: number for number, name in enumerate(target.names)}
    found.sort(key=lambda pair: (pair[1].digest, order.get(pair[0].target, pair[0].target), pair[0].name))
    table = _table(found, encoded_columns(target, [item for item, _ in found]))
    return Dataset(
        table=table,
        openers=[UprightOpener(item.open, images.scale) for item, _ in found],
        target=target,
        digest=content_digest(table, target),
        notes=(*listing.notes, *target_notes(listing, target), *scale_notes(images.scale, images.extremes)),
        unreadable=unreadable,
        left_out=len(listing.items) - len(images.items),
        scale=images.scale,
    )


def _table(found: Sequence[tuple[Item, ImageFacts]], targets: Mapping[str, NDArray[Any]]) -> pd.DataFrame:
    """Return the table of a dataset, one row per image."""
    table = pd.DataFrame(
        {
            # as objects: file names may hold bytes that are not UTF-8
            "item": pd.Series([item.name for item, _ in found], dtype=object),
            "group": pd.Series([item.group for item, _ in found], dtype=object),
            "digest": [facts.digest for _, facts in found],
            "part": pd.Series([item.part for item, _ in found], dtype=object),
            "height": pd.Series([facts.height for _, facts in found], dtype="int64"),
            "width": pd.Series([facts.width for _, facts in found], dtype="int64"),
            "taken": pd.Series([facts.taken for _, facts in found], dtype=object),
            "looks": perceptual_hashes(np.stack([facts.thumbnail for _, facts in found])),
        }
    )
    return pd.concat([table.iloc[:, :1], pd.DataFrame(targets), table.iloc[:, 1:]], axis=1)
