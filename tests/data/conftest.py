"""Small datasets in memory, and downloaded ones if they are available."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import partial
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from autotl.api import Applies, Columns, Dataset, Item, Listing, Part
from autotl.data import read


class Listed:
    """A reader that lists the items it is given."""

    name = "listed"
    summary = "a list of items"

    def reads(self, source: object) -> Applies:
        return Applies(isinstance(source, list), "it is a list or not")

    def read(self, source: object, columns: Columns) -> Listing:
        assert isinstance(source, list)
        return Listing(source)


def noise(seed: int) -> Image.Image:
    rng = np.random.default_rng(seed)
    return Image.fromarray(rng.integers(0, 256, (4, 4, 3), dtype=np.uint8))


Make = Callable[..., Dataset]


@pytest.fixture
def make() -> Make:
    """A dataset with one image of noise per label; ``pictures`` numbers the images."""

    def build(
        labels: Sequence[str],
        *,
        groups: Sequence[str | None] | None = None,
        parts: Sequence[Part | None] | None = None,
        pictures: Sequence[int] | None = None,
        order: Sequence[int] | None = None,
        prefix: str = "",
    ) -> Dataset:
        n = len(labels)
        items = [
            Item(
                f"{prefix}{row}",
                labels[row],
                partial(noise, row if pictures is None else pictures[row]),
                None if groups is None else groups[row],
                None if parts is None else parts[row],
            )
            for row in (range(n) if order is None else order)
        ]
        return read(items, readers={"listed": Listed()})

    return build


@pytest.fixture(scope="session")
def hymenoptera() -> Path:
    path = Path(__file__).parents[2].parent / "shared" / "data" / "hymenoptera.zip"
    if not path.exists():
        pytest.skip(f"{path} is not there")
    return path
