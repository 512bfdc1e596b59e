"""Read listed texts into a Dataset."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from autotl.api import Dataset, Item, Listing
from autotl.data.listed.assembly import ReadInput, assemble
from autotl.data.splits.reading_sample import stratified_sample
from autotl.data.targets.listed import item_strata
from autotl.data.texts.names import text_name
from autotl.errors import FAILURES, DataError, described
from autotl.modalities import folded_text, simhash, words_of

MAX_CHARACTERS = 20_000
"""Characters of a text that are kept; longer ones are cut and counted."""


@dataclass(frozen=True, slots=True)
class TextOpener:
    """Returns a text that is in memory."""

    text: str

    def __call__(self) -> str:
        return self.text


def read_texts(source: object, listing: Listing, *, most: int | None, seed: int) -> Dataset:
    """Read listed texts.

    A text that differs from another one only in case or white space is a copy of it. Empty texts are left out
    and listed. Each item's name ends with the beginning of its text.

    Args:
        source: The source, for errors.
        listing: The texts with their targets.
        most: The largest number of texts to read; None for all.
        seed: The seed of the sample.

    Raises:
        DataError: More than 5 % of the texts, or a whole class, are empty or cannot be read.
    """
    items = list(listing.items)
    if most is not None and most < len(items):
        numbers = stratified_sample(items, most, seed=seed, strata=item_strata(listing))
        items = [items[number] for number in numbers]
    texts, unreadable, cut = opened_texts(items)
    found = [(item, text) for item, text in zip(items, texts, strict=True) if text is not None]
    looks = simhash(text for _, text in found)
    dataset = assemble(
        source,
        listing,
        items,
        [_read(item, text, int(look)) for (item, text), look in zip(found, looks, strict=True)],
        unreadable=unreadable,
        noun="text",
    )
    notes = [f"{cut} texts have more than {MAX_CHARACTERS:,} characters: the rest of them is not used."] * (
        cut > 0
    )
    return replace(dataset, notes=(*dataset.notes, *notes))


def _read(item: Item, text: str, looks: int) -> ReadInput:
    facts = {"length": len(words_of(text))}
    return ReadInput(item, text_name(item.name, text), text_digest(text), looks, TextOpener(text), facts)


def opened_texts(items: Sequence[Item]) -> tuple[list[str | None], dict[str, str], int]:
    """Open texts, and cut long ones.

    Returns:
        The texts, None for an empty or unreadable one; the reasons against such texts, by name; and how many
        texts were cut.
    """
    texts: list[str | None] = []
    unreadable: dict[str, str] = {}
    cut = 0
    for item in items:
        try:
            text = _checked(item.open())
        except FAILURES as error:  # a plugin's opener may raise anything
            unreadable[item.name] = str(error) if isinstance(error, DataError) else described(error)
            texts.append(None)
            continue
        if not text.strip():
            unreadable[item.name] = "the text is empty"
            texts.append(None)
            continue
        cut += len(text) > MAX_CHARACTERS
        texts.append(text[:MAX_CHARACTERS])
    return texts, unreadable, cut


def _checked(value: object) -> str:
    if not isinstance(value, str):
        raise TypeError(f"it must be a text (got a {type(value).__name__})")
    return value


def text_digest(text: str) -> str:
    """Return a hash of a text that ignores case and white space."""
    content = folded_text(text).encode("utf-8", "surrogatepass")
    return hashlib.blake2b(content, digest_size=16).hexdigest()


def text_facts(texts: Sequence[str]) -> dict[str, NDArray[Any]]:
    """Return the columns of a table that describe texts, by name."""
    return {
        "length": np.array([len(words_of(text)) for text in texts], dtype=np.int64),
        "looks": simhash(texts),
    }
