"""Put inputs that were read into a Dataset."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from autotl.api import Dataset, Item, Listing
from autotl.data.listed.checks import check_readable, content_digest
from autotl.data.targets.listed import encoded_columns, listed_target, target_notes


@dataclass(frozen=True, slots=True)
class ReadInput:
    """A listed input that could be read.

    Attributes:
        item: The listed input.
        name: Its name in tables and reports.
        digest: Hash of its content; copies have the same.
        looks: 64-bit hash of which few bits differ between near copies, below 2**64.
        open: Returns what the views of its modality take.
        facts: Further columns of the table, such as its size.
    """

    item: Item
    name: str
    digest: str
    looks: int
    open: Callable[[], Any]
    facts: Mapping[str, int] = field(default_factory=dict)


def assemble(
    source: object,
    listing: Listing,
    opened: Sequence[Item],
    found: Sequence[ReadInput],
    *,
    unreadable: Mapping[str, str],
    noun: str,
) -> Dataset:
    """Make a data set of inputs that were read.

    Its rows are sorted by their content.

    Args:
        source: The source, for errors.
        listing: The listing.
        opened: Its items that were opened: all, or a sample.
        found: Those that could be read.
        unreadable: The reasons against the others, by name.
        noun: One input in words.

    Raises:
        DataError: More than 5 % of the inputs, or a whole class, are unreadable.
    """
    readable = [each.item for each in found]
    check_readable(source, opened, readable, unreadable, single=listing.target is None, noun=noun)
    target = listed_target(listing, readable)
    order: dict[Any, int] = {}
    if listing.target is None:
        order = {name: number for number, name in enumerate(target.names)}
    rows = sorted(
        found,
        key=lambda each: (each.digest, order.get(each.item.target, each.item.target), each.item.name),
    )
    table = _table(rows, encoded_columns(target, [each.item for each in rows]))
    return Dataset(
        table=table,
        openers=[each.open for each in rows],
        target=target,
        digest=content_digest(table, target),
        notes=(*listing.notes, *target_notes(listing, target)),
        unreadable=unreadable,
        left_out=len(listing.items) - len(opened),
        modality=listing.modality,
    )


def _table(rows: Sequence[ReadInput], targets: Mapping[str, NDArray[Any]]) -> pd.DataFrame:
    """Return the table of a dataset."""
    table = pd.DataFrame(
        {
            # as objects: names may hold bytes that are not UTF-8
            "item": pd.Series([each.name for each in rows], dtype=object),
            **targets,
            "group": pd.Series([each.item.group for each in rows], dtype=object),
            "digest": [each.digest for each in rows],
            "part": pd.Series([each.item.part for each in rows], dtype=object),
        }
    )
    facts = {name: np.array([each.facts[name] for each in rows], dtype=np.int64) for name in rows[0].facts}
    return table.assign(**facts, looks=np.array([each.looks for each in rows], dtype=np.uint64))
