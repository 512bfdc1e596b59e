"""The situations, what is true in each, and the data set and network of each run."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from autotl.bench import draw
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


@dataclass(frozen=True, slots=True)
class Situation:
    """A data set, a network and two strategies for which it is known whether transfer pays.

    Attributes:
        name: What rows call it.
        family: The kind of drawn images.
        strategies: The strategy that transfers, and the baseline.
        truth: The right verdict.
        why: How it is known.
        network: The name of the network that transfer starts from.
        learn: Images of each class to learn from.
        difficulty: How hard the images are, in [0, 1].
        exact: The expected gain, if it is known without measuring.
        patient: A baseline like that of the run but trained to its plateau, "" if the run's own is.
    """

    name: str
    family: str
    strategies: tuple[str, str]
    truth: str
    why: str
    network: str
    learn: int = LEARN
    difficulty: float = DIFFICULTY
    exact: float | None = None
    patient: str = ""

    def data(self, seed: int) -> tuple[NDArray[np.uint8], NDArray[np.int64]]:
        """The images to learn from and to test on, together: another draw for every seed."""
        return draw(
            self.family,
            per_class=self.learn + TEST,
            seed=derive(seed, "target"),
            classes=CLASSES,
            difficulty=self.difficulty,
        )

    def fresh(self) -> tuple[NDArray[np.uint8], NDArray[np.int64]]:
        """Images that no run learns from or is tested on."""
        return draw(
            self.family,
            per_class=FRESH,
            seed=derive(0, "fresh"),
            classes=CLASSES,
            difficulty=self.difficulty,
        )

    def backbone(self, folder: Path) -> Path:
        """The network that transfer starts from; made below ``folder`` if it is not there yet."""
        made = folder / self.network
        if made.is_dir():
            return made
        if self.network == "blind":
            network.blind(made, **SOURCE)
        elif self.network == "sighted":
            network.pretrained(made, **SOURCE)
        else:
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
            "sighted",
        ),
        Situation(
            "nothing",
            "shapes",
            ("same_recipe", "from_scratch"),
            "no_measurable_difference",
            "both arms are the same way to train, from another random start every time",
            "random",
            exact=0.0,
        ),
        Situation(
            "hurts",
            "colours",
            ("linear_probe", "from_scratch"),
            "hurts",
            "frozen features that see luminance alone, and labels that are hues",
            "blind",
        ),
        Situation(
            "scratch_wins",
            "colours",
            ("linear_probe", "scratch_small"),
            "hurts",
            "frozen features of outlines, labels that are hues, and 50 images of each class",
            "sighted",
            learn=50,
        ),
        Situation(
            "scratch_later",
            "shapes",
            ("linear_probe", "hasty_scratch"),
            "helps",
            "the source is the same family, and the baseline is stopped after a tenth of its training",
            "sighted",
            learn=50,
            patient="scratch_small",
        ),
        Situation(
            "tie",
            "colours",
            ("finetune", "scratch_small"),
            "no_measurable_difference",
            "large hues without noise, which both kinds of network learn to the last image",
            "sighted",
            learn=50,
            difficulty=0.0,
        ),
    )
}
