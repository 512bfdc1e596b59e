"""The situations, what is true in each, and the data set and network of each run."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from autotl.bench.generated import draw
from autotl.seeds import derive
from benchmarks.truth import network

DIFFICULTY, CLASSES = 0.5, 4
LEARN, TEST = 20, 100
"""Of each class: images to learn from, and to test on."""
FRESH = 2500
"""Of each class: images the true gain of two trained networks is measured on."""
SOURCE: dict[str, Any] = {
    "family": "shapes",
    "first": CLASSES,  # no kind is in both source and target
    "classes": 8,
    "per_class": 1500,
    "difficulty": DIFFICULTY,
}


def fresh(family: str) -> tuple[NDArray[np.uint8], NDArray[np.int64]]:
    """Images that no run learns from or is tested on."""
    return draw(family, per_class=FRESH, seed=derive(0, "fresh"), classes=CLASSES, difficulty=DIFFICULTY)


@dataclass(frozen=True, slots=True)
class Situation:
    """Where transfer is known to help, to hurt, or to change nothing.

    ``truth`` is the right verdict. ``exact`` is the expected gain where it is known without measuring.
    """

    name: str
    family: str
    strategies: tuple[str, ...]
    truth: str
    why: str
    exact: float | None = None

    def data(self, seed: int) -> tuple[NDArray[np.uint8], NDArray[np.int64]]:
        """The images to learn from and to test on, together: another draw for every seed."""
        return draw(
            self.family,
            per_class=LEARN + TEST,
            seed=derive(seed, "target"),
            classes=CLASSES,
            difficulty=DIFFICULTY,
        )

    def backbone(self, folder: Path) -> Path:
        """The network that transfer starts from; made below ``folder`` where it is not there yet."""
        if self.name == "hurts":
            made = folder / "blind"
            if not made.is_dir():
                network.blind(made, **SOURCE)
        elif self.name == "helps":
            made = folder / "sighted"
            if not made.is_dir():
                network.pretrained(made, **SOURCE)
        else:
            made = folder / "random"
            if not made.is_dir():
                network.random(made, seed=0, classes=CLASSES)
        return made


SITUATIONS: Mapping[str, Situation] = {
    each.name: each
    for each in (
        Situation(
            "helps",
            "shapes",
            ("finetune", "from_scratch"),
            "helps",
            "the source is the same family, with eight other classes and 12,000 images",
        ),
        Situation(
            "nothing",
            "shapes",
            ("same_recipe", "from_scratch"),
            "no_measurable_difference",
            "both arms are the same way to train, from another random start every time",
            exact=0.0,
        ),
        Situation(
            "hurts",
            "colours",
            ("linear_probe", "from_scratch"),
            "hurts",
            "frozen features that see luminance alone, and labels that are hues",
        ),
    )
}
