"""Read labelled images from any source into a Dataset."""

from __future__ import annotations

import hashlib
from collections import Counter
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import replace

import numpy as np
import pandas as pd

from autotl.api import NO_GROUPS, Applies, Columns, Dataset, Item, Listing, PixelScale, Reader, TargetSpec
from autotl.clock import Clock
from autotl.data.arguments import check_path, path_or_none
from autotl.data.image_facts import ImageFacts, ImageScanner, ScannedImages, UprightOpener
from autotl.data.image_files.decode import without_pillow_warnings
from autotl.data.image_files.perceptual_hash import perceptual_hashes
from autotl.data.image_files.pixel_scaling import complete_scale, scale_notes
from autotl.data.labels import class_order, placeholder_label_notes, similar_class_notes
from autotl.data.name_lists import join_names
from autotl.data.splits.reading_sample import MIN_IMAGES_READ, stratified_sample
from autotl.errors import FAILURES, AutotlError, DataError, UnknownName, described
from autotl.progress import report_progress

NO_COLUMNS = Columns()
_MAX_UNREADABLE_SHARE = 0.05
"""Share of unreadable images above which the whole data is refused."""
_MAX_LABEL_LENGTH = 300
"""Characters of a class name; no folder name is longer."""


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
    """Read the labelled images of ``source``.

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
        DataError: No reader reads the source, or it holds no images or one class. More than 5 % of the
            images, or a whole class, are unreadable.
    """
    report_progress("listing images")
    listing = _list_images(source, readers, columns)
    _check_listing(source, listing.items)
    scanner = ImageScanner(listing.items, threads=threads)
    count = len(listing.items)
    with without_pillow_warnings():
        if most is None and seconds is not None and count > MIN_IMAGES_READ:
            most = scanner.read_within(seconds, clock=clock, seed=seed)
        numbers = range(count) if most is None else stratified_sample(listing.items, most, seed=seed)
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
    _check_readable(source, images.items, found, unreadable)
    classes = class_order(item.target for item, _ in found)
    index = {name: number for number, name in enumerate(classes)}
    found.sort(key=lambda pair: (pair[1].digest, index[pair[0].target], pair[0].name))
    table = _table(found, index)
    content = hashlib.blake2b(repr(classes).encode(), digest_size=16)
    for digest, label in zip(table["digest"], table["label"], strict=True):
        content.update(f"{digest} {label}\n".encode())
    labels = [item.target for item in listing.items]
    label_notes = (*placeholder_label_notes(labels), *similar_class_notes(classes))
    return Dataset(
        table=table,
        openers=[UprightOpener(item.open, images.scale) for item, _ in found],
        target=TargetSpec("single_label", classes),
        digest=content.hexdigest(),
        notes=(*listing.notes, *label_notes, *scale_notes(images.scale, images.extremes)),
        unreadable=unreadable,
        left_out=len(listing.items) - len(images.items),
        scale=images.scale,
    )


def _table(found: Sequence[tuple[Item, ImageFacts]], index: Mapping[str, int]) -> pd.DataFrame:
    """Return the table of a dataset, one row per image."""
    return pd.DataFrame(
        {
            # as objects: file names may hold bytes that are not UTF-8
            "item": pd.Series([item.name for item, _ in found], dtype=object),
            "label": pd.Series([index[item.target] for item, _ in found], dtype="int64"),
            "group": pd.Series([item.group for item, _ in found], dtype=object),
            "digest": [facts.digest for _, facts in found],
            "part": pd.Series([item.part for item, _ in found], dtype=object),
            "height": pd.Series([facts.height for _, facts in found], dtype="int64"),
            "width": pd.Series([facts.width for _, facts in found], dtype="int64"),
            "taken": pd.Series([facts.taken for _, facts in found], dtype=object),
            "looks": perceptual_hashes(np.stack([facts.thumbnail for _, facts in found])),
        }
    )


def _list_images(source: object, readers: Mapping[str, Reader], columns: Columns) -> Listing:
    """List the images with the first reader of their form."""
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
                f"The reader {name} failed on {_describe(source)}: {described(error)}. "
                f"Report it to its author, or leave it out with --without {name}."
            ) from error
        refusals.append(f"\n  {name}: {reader.summary} ({answer.why})")
    raise DataError(f"No reader reads {_describe(source)}. Supported forms:{''.join(refusals) or ' none.'}")


def _read_listing(reader: Reader, source: object, columns: Columns) -> Listing:
    """List the images of a source.

    ``NO_GROUPS`` names a column only if the data has a column of that name.
    """
    if columns.group == NO_GROUPS:
        with suppress(DataError, UnknownName):
            return reader.read(source, columns)
        columns = replace(columns, group=None)
    return reader.read(source, columns)


def _check_listing(source: object, items: Sequence[Item]) -> None:
    """Check that there are images, two classes and short names."""
    if not items:
        raise DataError(f"{_describe(source)} holds no images. Give another folder or table.")
    if len(labels := {item.target for item in items}) < 2:
        raise DataError(
            f"The data must have two classes or more (got only {labels.pop()!r}, for all {len(items)} images "
            f"in {_describe(source)}). Add images of another class."
        )
    longest = max(items, key=lambda item: len(item.target))
    if len(longest.target) > _MAX_LABEL_LENGTH:
        raise DataError(
            f"A class name must have {_MAX_LABEL_LENGTH} characters or less (got {len(longest.target):,} for "
            f"{longest.name}: {longest.target[:40]}…). Name another column (label=, --label) or shorten them."
        )


def _check_readable(
    source: object,
    items: Sequence[Item],
    found: Sequence[tuple[Item, ImageFacts]],
    unreadable: Mapping[str, str],
) -> None:
    """Check that few images and no whole class are unreadable."""
    lost = len(items) - len(found)
    examples = join_names((f"{name} ({why})" for name, why in unreadable.items()), limit=3)
    if lost > _MAX_UNREADABLE_SHARE * len(items):
        raise DataError(
            f"{lost} of {len(items)} images in {_describe(source)} cannot be read, more than "
            f"{_MAX_UNREADABLE_SHARE:.0%}: {examples}. Repair the files or the paths, or remove them."
        )
    if gone := Counter(item.target for item in items).keys() - {item.target for item, _ in found}:
        raise DataError(
            f"No image of the class {join_names(sorted(gone))} in {_describe(source)} can be read: "
            f"{examples}. Repair the files, or remove the class."
        )


def _describe(source: object) -> str:
    path = path_or_none(source)
    if path is not None:
        return str(path)
    length = f" of {len(source)}" if isinstance(source, tuple | list) else ""
    return f"the given {type(source).__name__}{length}"
