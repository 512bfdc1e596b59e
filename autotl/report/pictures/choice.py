"""Choose the images that a report shows."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from itertools import chain, zip_longest
from typing import TYPE_CHECKING, Any

from autotl.report.document.quality import Quality

if TYPE_CHECKING:  # a report is read without arrays
    import numpy as np
    from numpy.typing import NDArray

    from autotl.api import Dataset

MAX_SHOWN = 12
"""Mistakes, label issues, pairs of copies, leaks and outliers that are shown, each."""
MAX_CLASSES, SAMPLES = 12, 4
"""Classes with samples, and the samples of each."""


def class_samples(dataset: Dataset, rows: NDArray[np.int64]) -> list[dict[str, Any]]:
    """Return training images of the largest classes or labels, as in ``report.json``.

    The rows of a data set are in the order of their digests, so the first images of a class are a random
    sample. Equal images are taken once.

    Args:
        dataset: The images.
        rows: The rows of the training part, (n,).

    Returns:
        The name, number of images and sample of each class, the largest first; empty for numbers.
    """
    if dataset.target.kind == "regression":
        return []
    targets = dataset.targets[rows]
    single = dataset.target.kind == "single_label"
    members = [
        rows[targets == number if single else targets[:, number] > 0]
        for number in range(len(dataset.classes))
    ]
    largest = sorted(range(len(members)), key=lambda number: -len(members[number]))[:MAX_CLASSES]
    return [
        {
            "class": dataset.classes[number],
            "images": len(members[number]),
            "items": _sample(dataset, members[number]),
        }
        for number in largest
        if len(members[number])
    ]


def _sample(dataset: Dataset, rows: NDArray[np.int64]) -> list[str]:
    """Return the names of the first different images."""
    names, digests = (dataset.table[column].to_numpy() for column in ("item", "digest"))
    found: dict[str, str] = {}
    for row in rows.tolist():
        found.setdefault(digests[row], str(names[row]))
        if len(found) == SAMPLES:
            break
    return list(found.values())


def shown_items(mistakes: Iterable[str], samples: Sequence[Sequence[str]], quality: Quality) -> list[str]:
    """Return the names of all images that a report shows.

    Each is there once, the most important first.

    Args:
        mistakes: The names of wrongly predicted images.
        samples: The names of samples, by class.
        quality: The data issues.
    """
    issues = [each.item for each in (quality.label_issues or ())[:MAX_SHOWN]]
    outliers = [each.item for each in quality.outliers[:MAX_SHOWN]]
    by_class = chain.from_iterable(zip_longest(*samples))  # one image of each class, then the second ones
    pairs = chain.from_iterable((*leaked_pairs(quality), *copied_pairs(quality)))
    return list(dict.fromkeys(filter(None, (*mistakes, *issues, *pairs, *outliers, *by_class))))


def leaked_pairs(quality: Quality) -> list[tuple[str, str]]:
    """Return test images with the training images that they look like."""
    return [(pair[0], pair[1]) for pair in quality.near_leakage.examples if len(pair) == 2][:MAX_SHOWN]


def copied_pairs(quality: Quality) -> list[tuple[str, str]]:
    """Return the first two images of each set of copies."""
    sets = quality.near_duplicates.examples or quality.duplicates.examples
    return [(names[0], names[1]) for names in sets if len(names) > 1][:MAX_SHOWN]
