"""Images of things, several frames of each, and what a search prepares from them."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image

from autotl import plugins
from autotl.cache import Store
from autotl.clock import Budget, WallClock
from autotl.config.run_config import RunConfig
from autotl.pipeline.prepare import Prepared, prepare
from autotl.preparation.record import PreparationRecord
from autotl.terminal import Silence
from autotl.testing import tiny_images

CATALOG = plugins.load()
THINGS, FRAMES = 12, 4


class Heard(Silence):
    """Keeps what it is told."""

    def __init__(self) -> None:
        self.said: list[str] = []

    def say(self, text: str) -> None:
        self.said.append(text)


def frames(
    folder: Path,
    name: Callable[[int, int], str],
    *,
    noise: float = 4.0,
    part: str = "",
    seed: int = 0,
    things: int = 2 * THINGS,
) -> Path:
    """Write frames of things, two classes of them that differ by nothing but chance."""
    rng = np.random.default_rng(seed)
    images, _ = tiny_images(classes=5, each=THINGS, side=32, noise=0.0, seed=seed)
    for thing, row in enumerate(rng.permutation(len(images))[:things].tolist()):
        for frame in range(FRAMES):
            noisy = images[row] + rng.normal(scale=noise, size=images[row].shape)
            path = folder / part / "ab"[thing % 2] / name(thing, frame)
            path.parent.mkdir(parents=True, exist_ok=True)
            Image.fromarray(noisy.clip(0, 255).astype(np.uint8)).save(path)
    return folder


def track(thing: int, frame: int) -> str:
    return f"{thing:03}_{frame:03}.png"


def nameless(thing: int, frame: int) -> str:
    """A name that says nothing, but to a test."""
    return (
        "".join(chr(97 + digit) for digit in np.random.default_rng(100 * thing + frame).permutation(20))
        + ".png"
    )


def prepared(
    folder: Path,
    data: object,
    *,
    decided: PreparationRecord | None = None,
    watch: Silence | None = None,
    **told: Any,
) -> Prepared:
    names = {"budget": Budget(trials=1), "backbones": ("tiny",), "image_size": 32, "experience": False}
    return prepare(
        RunConfig(data=data, **(names | told)),
        readers=CATALOG.readers.items,
        sources=CATALOG.backbones.items,
        similarities={},
        transferabilities=CATALOG.transferabilities.items,
        strategies={},
        store=Store(folder),
        clock=WallClock(),
        watch=watch or Silence(),
        decided=decided,
    )
