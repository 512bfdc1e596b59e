"""Collect the parts of a report that are known before training."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from autotl import jsonio
from autotl.api import Likeness, Splits, Task


def profile(
    *,
    task: Task,
    splits: Splits,
    likeness: Mapping[str, Mapping[str, Likeness]],
    overlap: Any,
    copies: Any,
    ranking: Any,
    outlook: Any,
    advice: Any,
    quality: Any,
    examined: Mapping[str, Any],
) -> dict[str, Any]:
    """Return the ``when`` and ``quality`` parts of a report, as far as they are known before training.

    Args:
        task: The classes and sizes of the training images.
        splits: The division into training and test images.
        likeness: Similarities by backbone and measure.
        overlap: Known classes by backbone.
        copies: Near copies of source images; None if no source images were given.
        ranking: The ranking of the backbones by their transferability scores.
        outlook: The learning curve of the linear probe; None if not measured.
        advice: The rule of thumb.
        quality: Data issues found without a network.
        examined: Data issues found with a network.
    """
    when = {
        "n_train": len(splits.train),
        "n_test": len(splits.test),
        "n_classes": len(task.classes),
        "min_per_class": task.min_per_class,
        "image_side": task.side,
        "similarity": likeness,
        "label_overlap": overlap,
        "source_copies": copies,
        "transferability": ranking.scores,
        "choice": {
            "by": ranking.by or None,
            "order": ranking.order,
            "kept": ranking.kept,
            "aside": ranking.aside,
            "sentence": ranking.sentence,
        },
        "learning_curve": outlook,
        "rule_of_thumb": {
            "advice": advice.strategy,
            "freezes": advice.freezes,
            "sentence": advice.sentence,
        },
    }
    known: dict[str, Any] = jsonio.plain({"when": when, "quality": quality})
    known["quality"] |= jsonio.plain(examined)
    return known
