"""Make the dataset of additional inputs that were read."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import pandas as pd
from numpy.typing import NDArray

from autotl.api import ROLES, Dataset, Item, PixelScale, TargetSpec
from autotl.data.additional.listing import AdditionalListing
from autotl.data.labels import class_order
from autotl.data.name_lists import join_names
from autotl.errors import DataError

NAMED = 3
"""Unreadable inputs that a note names."""


@dataclass(frozen=True, slots=True)
class ReadInputs:
    """Inputs that can be read, in the order of their listing.

    Attributes:
        items: The items.
        openers: Functions that open them again.
        digests: Hashes of their content.
        facts: Further columns of the table, by name, with a value for each input.
        opened: How many inputs were opened, unreadable ones included.
    """

    items: Sequence[Item]
    openers: Sequence[Callable[[], Any]]
    digests: Sequence[str]
    facts: Mapping[str, NDArray[Any]]
    opened: int


def strata_of_listing(listing: AdditionalListing) -> list[str]:
    """Return the class of each item to learn from; else "".

    Other labels do not change a sample: they may be added when a run is resumed.
    """
    return [str(item.target) if listing.labelled else "" for item in listing.items]


def check_any_readable(
    listing: AdditionalListing, readable: int, opened: int, unreadable: Mapping[str, str]
) -> None:
    """Check that an input can be read.

    Args:
        listing: The inputs.
        readable: How many can be read.
        opened: How many were opened.
        unreadable: The reasons against the others, by name.

    Raises:
        DataError: No input can be read.
    """
    if readable:
        return
    named = join_names((f"{name} ({why})" for name, why in unreadable.items()), limit=NAMED)
    raise DataError(
        f"None of the {opened} {ROLES[listing.role]} can be read: {named}. "
        "Repair the files, or leave them out."
    )


def assemble(
    listing: AdditionalListing,
    read: ReadInputs,
    unreadable: Mapping[str, str],
    *,
    scale: PixelScale | None = None,
) -> Dataset:
    """Return the dataset of inputs that can be read, sorted by digest.

    Args:
        listing: The inputs. Without classes to learn from, the dataset has no classes and every label is 0.
        read: The readable inputs, at least one.
        unreadable: The reasons against others, by name.
        scale: The pixel scale of images of more than 8 bits.
    """
    count = len(read.items)
    order = sorted(range(count), key=lambda number: (read.digests[number], read.items[number].name))
    items = [read.items[number] for number in order]
    classes = class_order(str(item.target) for item in items) if listing.labelled else ()
    index = {name: number for number, name in enumerate(classes)}
    table = pd.DataFrame(
        {
            "item": pd.Series([item.name for item in items], dtype=object),
            "label": pd.Series([index.get(str(item.target), 0) for item in items], dtype="int64"),
            "digest": [read.digests[number] for number in order],
            **{name: values[order] for name, values in read.facts.items()},
        }
    )
    return Dataset(
        table=table,
        openers=[read.openers[number] for number in order],
        target=TargetSpec("single_label", classes),
        digest=_digest(table, classes),
        unreadable=unreadable,
        left_out=len(listing.items) - read.opened,
        scale=scale,
        modality=listing.modality,
    )


def _digest(table: pd.DataFrame, classes: Sequence[str]) -> str:
    """Return a hash of the inputs and their classes."""
    content = hashlib.blake2b(repr(tuple(classes)).encode(), digest_size=16)
    for digest, label in zip(table["digest"], table["label"], strict=True):
        content.update(f"{digest} {label}\n".encode())
    return content.hexdigest()
