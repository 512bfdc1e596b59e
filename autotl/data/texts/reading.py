"""Read listed texts into a Dataset."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from autotl.api import Dataset, Item, Listing
from autotl.data.listed.checks import check_readable, content_digest
from autotl.data.splits.reading_sample import stratified_sample
from autotl.data.targets.listed import encoded_columns, item_strata, listed_target, target_notes
from autotl.data.texts.names import text_name
from autotl.errors import FAILURES, described
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
    texts, unreadable, cut = _opened(items)
    found = [(item, text) for item, text in zip(items, texts, strict=True) if text is not None]
    readable = [item for item, _ in found]
    check_readable(source, items, readable, unreadable, single=listing.target is None, noun="text")
    target = listed_target(listing, readable)
    order: dict[Any, int] = {}
    if listing.target is None:
        order = {name: number for number, name in enumerate(target.names)}
    digested = [(_digest(text), item, text) for item, text in found]
    digested.sort(key=lambda each: (each[0], order.get(each[1].target, each[1].target), each[1].name))
    table = _table(digested, encoded_columns(target, [item for _, item, _ in digested]))
    notes = [f"{cut} texts have more than {MAX_CHARACTERS:,} characters: the rest of them is not used."] * (
        cut > 0
    )
    return Dataset(
        table=table,
        openers=[TextOpener(text) for _, _, text in digested],
        target=target,
        digest=content_digest(table, target),
        notes=(*listing.notes, *target_notes(listing, target), *notes),
        unreadable=unreadable,
        left_out=len(listing.items) - len(items),
        modality=listing.modality,
    )


def _opened(items: Sequence[Item]) -> tuple[list[str | None], dict[str, str], int]:
    """Return the texts, the reasons against some, and how many were cut."""
    texts: list[str | None] = []
    unreadable: dict[str, str] = {}
    cut = 0
    for item in items:
        try:
            text = _checked(item.open())
        except FAILURES as error:  # a plugin's opener may raise anything
            unreadable[item.name] = described(error)
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


def _digest(text: str) -> str:
    content = folded_text(text).encode("utf-8", "surrogatepass")
    return hashlib.blake2b(content, digest_size=16).hexdigest()


def _table(found: Sequence[tuple[str, Item, str]], targets: Mapping[str, NDArray[Any]]) -> pd.DataFrame:
    """Return the table of a dataset."""
    texts = [text for _, _, text in found]
    names = [text_name(item.name, text) for _, item, text in found]
    table = pd.DataFrame(
        {
            "item": pd.Series(names, dtype=object),
            "group": pd.Series([item.group for _, item, _ in found], dtype=object),
            "digest": [digest for digest, _, _ in found],
            "part": pd.Series([item.part for _, item, _ in found], dtype=object),
            "length": np.array([len(words_of(text)) for text in texts], dtype=np.int64),
            "looks": simhash(texts),
        }
    )
    return pd.concat([table.iloc[:, :1], pd.DataFrame(targets), table.iloc[:, 1:]], axis=1)
