"""Read texts besides the labelled ones."""

from __future__ import annotations

from autotl.api import Dataset
from autotl.data.additional.assemble import ReadInputs, assemble, check_any_readable, strata_of_listing
from autotl.data.additional.listing import AdditionalListing
from autotl.data.splits.reading_sample import stratified_sample
from autotl.data.texts.reading import TextOpener, opened_texts, text_digest, text_facts


def read_additional_texts(
    listing: AdditionalListing, *, most: int | None, seed: int
) -> tuple[Dataset, int | None]:
    """Read listed texts; empty ones are left out and listed.

    Args:
        listing: The texts.
        most: The largest number of texts to read; None for all.
        seed: The seed of the sample.

    Returns:
        The texts, and the number that a sample was drawn for; None if all were read.

    Raises:
        DataError: No text can be read.
    """
    items = list(listing.items)
    if most is not None and most < len(items):
        strata = strata_of_listing(listing)
        items = [items[number] for number in stratified_sample(items, most, seed=seed, strata=strata)]
    texts, unreadable, _ = opened_texts(items)
    found = [(item, text) for item, text in zip(items, texts, strict=True) if text is not None]
    check_any_readable(listing, len(found), len(items), unreadable)
    kept = [text for _, text in found]
    read = ReadInputs(
        [item for item, _ in found],
        list(map(TextOpener, kept)),
        list(map(text_digest, kept)),
        text_facts(kept),
        len(items),
    )
    dataset = assemble(listing, read, unreadable)
    return dataset, most if dataset.left_out else None
