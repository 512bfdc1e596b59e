"""Apply the field's rule of thumb for transfer, before any training."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from autotl.api import Task

SMALL, PER_CLASS, SIMILAR = 2000, 100, 0.5
FAR = "On such data a small network trained from scratch often comes close or wins."
"""The rule says this of large data only; measurements show it on small data too."""


@dataclass(frozen=True, slots=True)
class Advice:
    """The advice of the rule of thumb.

    ``freezes`` is whether stages should keep the source's weights; None if the rule does not decide it.
    """

    strategy: str
    sentence: str
    freezes: bool | None = None


def rule_of_thumb(task: Task, likeness: float | None) -> Advice:
    """Return the field's rule (Stanford CS231n, "Transfer Learning"), corrected by measurement.

    The smaller the data, the less is trained; the farther from the source, the more. The field expects
    training from scratch to come close if the data is far from the source and large. On public data sets it
    did so with few images too (``docs/before-training.md``).

    Args:
        task: The task with its number of images.
        likeness: The similarity to the nearest source, calibrated in [0, 1]; None if unknown.
    """
    classes = task.target.kind == "single_label"
    small = task.train_rows < SMALL or (classes and task.smallest_stratum < PER_CLASS)
    smallest = f", {task.smallest_stratum} in the smallest class," if classes else ""
    size = f"{task.train_rows:,} training images{smallest} are {'few' if small else 'many'}"
    if likeness is None:
        chosen = "linear_probe" if small else "finetune"
        return Advice(chosen, f"{size}, and the similarity to the source is unknown: try {chosen}.")
    near = likeness >= SIMILAR
    place = f"the images are {'near' if near else 'far from'} the source ({likeness:.2f} of 1)"
    if small and near:
        return Advice("linear_probe", f"{size} and {place}: frozen features should suffice.", True)
    if small:
        return Advice(
            "finetune", f"{size} but {place}: fine-tune carefully, early stages frozen. {FAR}", True
        )
    if near:
        return Advice("finetune", f"{size} and {place}: fine-tune everything.", False)
    return Advice("finetune", f"{size} but {place}: fine-tune everything. {FAR}", False)


def nearest(likeness: Mapping[str, Mapping[str, float]]) -> float | None:
    """Return the median similarity to the nearest source, if it is known."""
    medians = [float(np.median(list(measures.values()))) for measures in likeness.values() if measures]
    return max(medians, default=None)
