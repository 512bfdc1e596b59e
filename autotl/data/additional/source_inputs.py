"""Open the source images or texts that a user gave."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from autotl.api import SOURCE, Columns, Dataset, Reader
from autotl.data.additional.listing import list_additional
from autotl.data.prediction_inputs import image_openers
from autotl.data.texts.reading import TextOpener, opened_texts

Openers = list[Callable[[], Any]]


def source_openers(
    source: object, dataset: Dataset, *, readers: Mapping[str, Reader], columns: Columns
) -> Openers:
    """Return functions that open the source inputs, labelled or not.

    Args:
        source: The source, in any form of the labelled data, or without labels.
        dataset: The labelled inputs; images of more than 8 bits are brought to their scale.
        readers: The readers by name.
        columns: The columns of the labelled inputs.

    Raises:
        DataError: The source cannot be listed, or has inputs of another kind.
    """
    return _OPENERS[dataset.modality](source, dataset, readers, columns)


def _images(source: object, dataset: Dataset, readers: Mapping[str, Reader], columns: Columns) -> Openers:
    return list(image_openers(source, readers=readers, scale=dataset.scale))


def _texts(source: object, dataset: Dataset, readers: Mapping[str, Reader], columns: Columns) -> Openers:
    listing = list_additional(SOURCE, source, readers=readers, columns=columns, modality=dataset.modality)
    texts, _, _ = opened_texts(listing.items)
    return [TextOpener(text) for text in texts if text is not None]


_OPENERS: Mapping[str, Callable[[object, Dataset, Mapping[str, Reader], Columns], Openers]] = {
    "image": _images,
    "text": _texts,
}
"""How source inputs are opened, by modality."""
