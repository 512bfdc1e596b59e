"""Tell how many words of the texts the backbones know."""

from __future__ import annotations

from collections.abc import Iterable

from autotl.api import Backbone, Dataset, Splits
from autotl.modalities import word_coverage

LITTLE = 0.5
"""The share of known words below which the note is a warning."""
MAX_TEXTS = 2_000
"""The training texts that are looked at."""


def vocabulary_notes(backbones: Iterable[Backbone], dataset: Dataset, splits: Splits) -> list[str]:
    """Return a note with the share of known words for each backbone.

    Backbones that have no vectors of words get none.

    Args:
        backbones: The backbones.
        dataset: The data, of any kind.
        splits: Its split.
    """
    notes = list[str]()
    texts = [dataset.openers[row] for row in splits.train[:MAX_TEXTS].tolist()]
    for facts in backbones:
        share = word_coverage(facts.config, (str(opener()) for opener in texts))
        if share is not None and share < LITTLE:
            notes.append(
                f"Warning: {facts.name} has vectors for only {share:.0%} of the words in the training texts, "
                "so it misses much of them. Use vectors of the same language and field."
            )
        elif share is not None:
            notes.append(f"{facts.name} has vectors for {share:.0%} of the words in the training texts.")
    return notes
