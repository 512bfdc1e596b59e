"""Define the situations: the true verdict, the data sets and the networks."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from autotl.bench import draw
from autotl.seeds import derive
from benchmarks.truth.networks import Source, write_colour_blind, write_pretrained, write_random

DIFFICULTY, CLASSES = 0.5, 4
TRAIN, TEST = 20, 100
"""Images per class for training and validation, and for the test."""
FRESH = 2500
"""Images per class on which the true gain of trained networks is measured."""
SOURCE = Source(
    family="shapes",
    first=CLASSES,  # so that no class is in both source and target
    classes=8,
    per_class=1500,
    difficulty=DIFFICULTY,
)


@dataclass(frozen=True, slots=True)
class Situation:
    """A data set, a network and two strategies with a known verdict.

    Attributes:
        name: Its name in the rows.
        family: Family of generated images.
        strategies: The transfer strategy and the baseline.
        truth: The right verdict.
        reason: The reason why this verdict is right.
        network: Name of the network that transfer starts from.
        per_class: Images per class for training and validation.
        difficulty: Difficulty of the images, in [0, 1].
        known_gain: The expected gain, if it is known without a measurement.
        longer_baseline: The same baseline trained to its plateau; "" if the run trains it that long.
    """

    name: str
    family: str
    strategies: tuple[str, str]
    truth: str
    reason: str
    network: str
    per_class: int = TRAIN
    difficulty: float = DIFFICULTY
    known_gain: float | None = None
    longer_baseline: str = ""

    def data(self, seed: int) -> tuple[NDArray[np.uint8], NDArray[np.int64]]:
        """Return images and labels for training and test; every seed draws others."""
        return draw(
            self.family,
            per_class=self.per_class + TEST,
            seed=derive(seed, "target"),
            classes=CLASSES,
            difficulty=self.difficulty,
        )

    def fresh(self) -> tuple[NDArray[np.uint8], NDArray[np.int64]]:
        """Return images and labels that no run uses."""
        return draw(
            self.family,
            per_class=FRESH,
            seed=derive(0, "fresh"),
            classes=CLASSES,
            difficulty=self.difficulty,
        )

    def backbone(self, folder: Path) -> Path:
        """Return the folder of the network in ``folder``; create it if it does not exist."""
        path = folder / self.network
        if path.is_dir():
            return path
        if self.network == "colour_blind":
            write_colour_blind(path, SOURCE)
        elif self.network == "pretrained":
            write_pretrained(path, SOURCE)
        else:
            write_random(path, seed=0, classes=CLASSES)
        return path


SITUATIONS: Mapping[str, Situation] = {
    each.name: each
    for each in (
        Situation(
            "helps",
            "shapes",
            ("finetune", "from_scratch"),
            "helps",
            "the source is the same family, with eight other classes and 12,000 images",
            "pretrained",
        ),
        Situation(
            "nothing",
            "shapes",
            ("same_recipe", "from_scratch"),
            "no_measurable_difference",
            "both arms use the same recipe, and each training starts from other random weights",
            "random",
            known_gain=0.0,
        ),
        Situation(
            "hurts",
            "colours",
            ("linear_probe", "from_scratch"),
            "hurts",
            "frozen features of the luminance, and labels that are hues",
            "colour_blind",
        ),
        Situation(
            "scratch_wins",
            "colours",
            ("linear_probe", "scratch_small"),
            "hurts",
            "frozen features of shapes, labels that are hues, and 50 images per class",
            "pretrained",
            per_class=50,
        ),
        Situation(
            "scratch_later",
            "shapes",
            ("linear_probe", "hasty_scratch"),
            "helps",
            "the source is the same family, and the baseline is stopped after a tenth of its training",
            "pretrained",
            per_class=50,
            longer_baseline="scratch_small",
        ),
        Situation(
            "tie",
            "colours",
            ("finetune", "scratch_small"),
            "no_measurable_difference",
            "distinct hues without noise, which both networks classify without error",
            "pretrained",
            per_class=50,
            difficulty=0.0,
        ),
    )
}
