"""What the field's rule of thumb suggests, before any training."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from autotl.api import Task

SMALL, PER_CLASS, SIMILAR = 2000, 100, 0.5
FAR = "On such data a small network trained from scratch often comes close or wins."
"""The rule says so of large data only; measurements say it of small data too."""


@dataclass(frozen=True, slots=True)
class Advice:
    """What the size-and-similarity rule suggests, before any training.

    ``freezes``: whether stages should stay as the source left them; None where the rule does not say.
    """

    strategy: str
    sentence: str
    freezes: bool | None = None


def rule_of_thumb(task: Task, likeness: float | None) -> Advice:
    """Return the field's rule (Stanford CS231n, "Transfer Learning"), corrected by measurement.

    The smaller the data, the less is trained; the farther from the source, the more. The field expects
    training from scratch to come close if data is far and plenty. On public data sets it did with few images
    too (``docs/when.md``).

    Args:
        task: The data, of which the number of images counts.
        likeness: To the nearest source, calibrated in [0, 1]; None if unknown.
    """
    small = task.train_rows < SMALL or task.min_per_class < PER_CLASS
    size = f"{task.train_rows:,} training images, {task.min_per_class} in the smallest class, are " + (
        "few" if small else "many"
    )
    if likeness is None:
        chosen = "linear_probe" if small else "finetune"
        return Advice(chosen, f"{size}, and the likeness to the source is unknown: try {chosen}.")
    near = likeness >= SIMILAR
    place = f"the images are {'near' if near else 'far from'} the source ({likeness:.2f} of 1)"
    if small and near:
        return Advice("linear_probe", f"{size} and {place}: frozen features should do.", True)
    if small:
        return Advice(
            "finetune", f"{size} but {place}: fine-tune carefully, early stages frozen. {FAR}", True
        )
    if near:
        return Advice("finetune", f"{size} and {place}: fine-tune everything.", False)
    return Advice(
        "finetune",
        f"{size} but {place}: fine-tune everything. {FAR}",
        False,
    )


def nearest(likeness: Mapping[str, Mapping[str, float]]) -> float | None:
    """The likeness to the nearest source, in the middle of the measures."""
    middles = [float(np.median(list(measures.values()))) for measures in likeness.values() if measures]
    return max(middles, default=None)
