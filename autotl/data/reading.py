"""Read labelled images from any source into a Dataset."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import replace
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from autotl.api import NO_GROUPS, Applies, Columns, Dataset, Item, Listing, PixelScale, Reader
from autotl.clock import Clock
from autotl.data.arguments import check_path
from autotl.data.image_facts import ImageFacts, ImageScanner, ScannedImages, UprightOpener
from autotl.data.image_files.decode import without_pillow_warnings
from autotl.data.image_files.perceptual_hash import perceptual_hashes
from autotl.data.image_files.pixel_scaling import complete_scale, scale_notes
from autotl.data.listed.checks import check_listing, check_readable, content_digest, describe_source
from autotl.data.splits.reading_sample import MIN_IMAGES_READ, stratified_sample
from autotl.data.targets.listed import encoded_columns, item_strata, listed_target, target_notes
from autotl.data.texts.reading import read_texts
from autotl.errors import FAILURES, AutotlError, DataError, UnknownName, described
from autotl.modalities import modality_named
from autotl.progress import report_progress

NO_COLUMNS = Columns()
_IN_MEMORY = {"text": read_texts}
"""How inputs are read that need no decoding, by modality."""


def read(
    source: object,
    *,
    readers: Mapping[str, Reader],
    columns: Columns = NO_COLUMNS,
    threads: int | None = None,
    seconds: float | None = None,
    clock: Clock | None = None,
    most: int | None = None,
    seed: int = 0,
) -> Dataset:
    """Read the labelled images or texts of ``source``.

    Every image is decoded once, for its size and its pixel digest. Unreadable images are left out and listed.
    If reading all images would exceed ``seconds`` or ``most``, a stratified sample is read. Images of more
    than 8 bits are brought to one scale, which is chosen from all of them; they are decoded a second time.

    Args:
        source: The data; the first reader, by name, that reads its form is used.
        readers: The readers by name.
        columns: The columns of a table, if they are named.
        threads: The number of threads; None for one per usable core.
        seconds: The time for reading; None for no limit. At least 1,000 images are read.
        clock: The clock; None for the wall clock.
        most: The largest number of images to read; None to derive it from ``seconds``.
        seed: The seed of the sample.

    Raises:
        DataError: No reader reads the source, or it holds no images, or all have the same target. More than
            5 % of the images, or a whole class, are unreadable.
    """
    report_progress("listing images")
    listing = list_images(source, readers, columns)
    check_listing(source, listing, noun=modality_named(listing.modality).noun)
    if (read_all := _IN_MEMORY.get(listing.modality)) is not None:
        return read_all(source, listing, most=most, seed=seed)
    strata = item_strata(listing)
    scanner = ImageScanner(listing.items, strata, threads=threads)
    count = len(listing.items)
    with without_pillow_warnings():
        if most is None and seconds is not None and count > MIN_IMAGES_READ:
            most = scanner.read_within(seconds, clock=clock, seed=seed)
        numbers = (
            range(count) if most is None else stratified_sample(listing.items, most, seed=seed, strata=strata)
        )
        found = scanner.finish(numbers, total=min(most or count, count))
    return _assemble(source, listing, found)


def with_pixel_scale(dataset: Dataset, scale: PixelScale | None) -> Dataset:
    """Return the same images at the pixel scale of a model.

    Args:
        dataset: The images.
        scale: The scale of the model; None for a model without one. Spans that it lacks are those of the
            data set.

    Raises:
        DataError: The floats of both are on different usual scales.
    """
    if scale is not None and dataset.scale is not None:
        scale = complete_scale(scale, dataset.scale)
    openers = [
        replace(opener, scale=scale) if isinstance(opener, UprightOpener) else opener
        for opener in dataset.openers
    ]
    return replace(dataset, openers=openers, scale=scale)


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


def list_images(source: object, readers: Mapping[str, Reader], columns: Columns) -> Listing:
    """List the images with the first reader that opens them.

    Args:
        source: The data.
        readers: The readers by name.
        columns: The columns of a table.

    Raises:
        DataError: No reader reads the source, or it is damaged.
    """
    check_path(source)
    refusals = []
    for name in sorted(readers):
        reader = readers[name]
        try:
            answer = reader.reads(source)
            if not isinstance(answer, Applies):
                raise TypeError(f"reads() must return an Applies (got a {type(answer).__name__})")
            if answer:
                found = _read_listing(reader, source, columns)
                if not isinstance(found, Listing):
                    raise TypeError(f"read() must return a Listing (got a {type(found).__name__})")
                return found
        except AutotlError:
            raise
        except FAILURES as error:  # a plugin's code
            raise DataError(
                f"The reader {name} failed on {describe_source(source)}: {described(error)}. "
                f"Report it to its author, or leave it out with --without {name}."
            ) from error
        refusals.append(f"\n  {name}: {reader.summary} ({answer.why})")
    raise DataError(
        f"No reader reads {describe_source(source)}. Supported forms:{''.join(refusals) or ' none.'}"
    )


def _read_listing(reader: Reader, source: object, columns: Columns) -> Listing:
    """List the images of a source.

    ``NO_GROUPS`` names a column only if the data has a column of that name.
    """
    if columns.group == NO_GROUPS:
        with suppress(DataError, UnknownName):
            return reader.read(source, columns)
        columns = replace(columns, group=None)
    return reader.read(source, columns)
