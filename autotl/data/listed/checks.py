"""Check listed items, and hash their content."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence

import numpy as np
import pandas as pd

from autotl.api import Item, Listing, TargetSpec
from autotl.api.dataset import target_columns
from autotl.data.arguments import path_or_none
from autotl.data.name_lists import join_names
from autotl.data.targets.listed import check_targets
from autotl.errors import DataError

MAX_UNREADABLE_SHARE = 0.05
"""Share of unreadable items above which the whole data is refused."""


def check_listing(source: object, listing: Listing, *, noun: str) -> None:
    """Check that there are items, and that their targets differ.

    Args:
        source: The source, for errors.
        listing: The listing.
        noun: One item in words, such as "image".

    Raises:
        DataError: There are no items, or all have the same target.
    """
    if not listing.items:
        raise DataError(f"{describe_source(source)} holds no {noun}s. Give another folder or table.")
    check_targets(listing, describe_source(source))


def check_readable(
    source: object,
    items: Sequence[Item],
    found: Sequence[Item],
    unreadable: Mapping[str, str],
    *,
    single: bool,
    noun: str,
) -> None:
    """Check that few items and no whole class are unreadable.

    Args:
        source: The source, for errors.
        items: The items that were opened.
        found: Those that can be read.
        unreadable: The reasons against the others, by name.
        single: Whether each item has one class.
        noun: One item in words.

    Raises:
        DataError: Too many items, or all of a class, are unreadable.
    """
    lost = len(items) - len(found)
    examples = join_names((f"{name} ({why})" for name, why in unreadable.items()), limit=3)
    if lost > MAX_UNREADABLE_SHARE * len(items):
        raise DataError(
            f"{lost} of {len(items)} {noun}s in {describe_source(source)} cannot be read, more than "
            f"{MAX_UNREADABLE_SHARE:.0%}: {examples}. Repair the files or the paths, or remove them."
        )
    gone = {str(item.target) for item in items} - {str(item.target) for item in found} if single else set()
    if gone:
        raise DataError(
            f"No {noun} of the class {join_names(sorted(gone))} in {describe_source(source)} can be read: "
            f"{examples}. Repair the files, or remove the class."
        )


def content_digest(table: pd.DataFrame, target: TargetSpec) -> str:
    """Return a hash of the inputs, the targets and their names."""
    if target.kind == "single_label":
        content = hashlib.blake2b(repr(target.names).encode(), digest_size=16)
        for digest, label in zip(table["digest"], table["label"], strict=True):
            content.update(f"{digest} {label}\n".encode())
        return content.hexdigest()
    content = hashlib.blake2b(repr((target.kind, target.names)).encode(), digest_size=16)
    values = np.ascontiguousarray(table[target_columns(target)].to_numpy(dtype="<f4"))
    for digest, row in zip(table["digest"], values, strict=True):
        content.update(f"{digest} ".encode() + row.tobytes())
    return content.hexdigest()


def describe_source(source: object) -> str:
    """Return the path or type of a source, for errors."""
    path = path_or_none(source)
    if path is not None:
        return str(path)
    length = f" of {len(source)}" if isinstance(source, tuple | list) else ""
    return f"the given {type(source).__name__}{length}"
