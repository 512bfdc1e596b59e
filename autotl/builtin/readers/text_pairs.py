"""Read lists of texts with their labels."""

from __future__ import annotations

from typing import Any

from autotl import hookimpl
from autotl.api import Applies, Columns, Item, Listing, Reader
from autotl.data import cell_opener, check_lengths, is_array, read_labels, refuse_columns
from autotl.errors import DataError


class TextPairs:
    """Reads ``(texts, labels)`` or a list of ``(text, label)``.

    Most texts must have two or more words.
    """

    name = "text_pairs"
    summary = "a pair (texts, labels), or a list of pairs (text, label)"

    def reads(self, source: object) -> Applies:
        found = _columns(source) is not None
        return Applies(found, f"it holds {'' if found else 'no '}texts with labels")

    def read(self, source: object, columns: Columns) -> Listing:
        refuse_columns(columns, "a list of texts and labels")
        found = _columns(source)
        if found is None:
            raise DataError(f"source must be a pair (texts, labels) (got a {type(source).__name__}).")
        texts, labels = found
        check_lengths(texts, labels, noun="text")
        names = [f"text {number}" for number in range(len(texts))]
        targets = read_labels(labels, row_names=names, kind=columns.target)
        items = [
            Item(name, target, cell_opener(text))
            for name, target, text in zip(names, targets.values, texts, strict=True)
        ]
        return Listing(items, targets.notes, targets.spec, "text")


def _columns(source: object) -> tuple[list[Any], list[Any]] | None:
    """Return the texts and the labels, or None."""
    if not isinstance(source, tuple | list) or not source:
        return None
    if len(source) == 2:
        texts, labels = map(_listed, source)
        if texts and labels is not None and _are_texts(texts):
            return texts, labels
    if all(isinstance(each, tuple | list) and len(each) == 2 for each in source):
        texts = [each[0] for each in source]
        return (texts, [each[1] for each in source]) if _are_texts(texts) else None
    return None


def _are_texts(values: list[Any]) -> bool:
    long = [value for value in values if isinstance(value, str) and len(value.split()) > 1]
    return len(long) > len(values) / 2 and all(isinstance(value, str) for value in values)


def _listed(values: Any) -> list[Any] | None:
    """Return the values of a list, a Series or an array; None for something else."""
    if isinstance(values, tuple | list):
        return list(values)
    return list(values) if is_array(values) or hasattr(values, "to_list") else None


@hookimpl
def autotl_readers() -> list[Reader]:
    return [TextPairs()]
