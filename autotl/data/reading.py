"""Read labelled images from any source into a Dataset."""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import suppress
from dataclasses import replace

from autotl.api import (
    NO_GROUPS,
    Applies,
    Columns,
    Dataset,
    Listing,
    PixelScale,
    Reader,
    ReadingBudget,
)
from autotl.clock import Clock
from autotl.data.arguments import check_path
from autotl.data.image_facts import UprightOpener
from autotl.data.image_files.pixel_scaling import complete_scale
from autotl.data.listed.checks import check_listing, describe_source
from autotl.errors import FAILURES, AutotlError, DataError, UnknownName, described
from autotl.modalities import errors_about, modality_named
from autotl.progress import report_progress

NO_COLUMNS = Columns()


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

    Unreadable ones are left out and listed. If reading all of them would exceed ``seconds`` or ``most``, a
    stratified sample is read. Every image is decoded once, for its size and its pixel digest. Images of more
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
    modality = modality_named(listing.modality)
    with errors_about(modality.noun):
        check_listing(source, listing, noun=modality.noun)
        return modality.read(source, listing, ReadingBudget(most, seconds, clock, threads, seed))


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
