"""Images of things with several frames each, and a search prepared from them."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image

from autotl import plugins
from autotl.cache import Store
from autotl.clock import WallClock
from autotl.pipeline.prepare import Prepared, prepare
from autotl.pipeline.services import Plugins, Services
from autotl.preparation.record import NEW_RUN, PreparationRecord
from autotl.terminal import Silence
from autotl.testing import tiny_images
from tests.support.settings import settings

CATALOG = plugins.load()
THINGS, FRAMES = 12, 4


class Heard(Silence):
    """Records all messages."""

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
    """Write frames of things in two classes that differ by chance only."""
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
    """Return a meaningless name that a test can recognize."""
    return (
        "".join(chr(97 + digit) for digit in np.random.default_rng(100 * thing + frame).permutation(20))
        + ".png"
    )


def prepared(
    folder: Path,
    data: object,
    *,
    record: PreparationRecord = NEW_RUN,
    watch: Silence | None = None,
    **options: Any,
) -> Prepared:
    options = {"backbone": "tiny", "image_size": 32, "experience": False, **options}
    return prepare(
        settings(data=data, **options),
        replace(Plugins.of(CATALOG, {}), similarities={}),
        Services(Store(folder), WallClock(), watch or Silence()),
        record,
    )
