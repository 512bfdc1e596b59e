"""Find the images of a run again, for the comparison."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from PIL import Image

from autotl.api import Item, Target
from autotl.config.run_config import RunConfig, all_options
from autotl.config.run_json import check_json
from autotl.config.run_settings import columns_of
from autotl.data import UnlabelledImage, list_images, prediction_images
from autotl.errors import DataError
from autotl.results import is_run, read_run_file
from autotl.results.csv_text import original_text
from autotl.seeds import derive

if TYPE_CHECKING:
    from autotl.results import Result

RANDOM_IMAGES = 64
"""Random images for a run without images on disk."""
MIN_SIDE, MAX_SIDE = 40, 400
"""The sides of random images, in pixels."""


@dataclass(frozen=True, slots=True)
class FoundImages:
    """Images for a comparison.

    Attributes:
        source: The kind of images: "test images", "training images", "given images" or "random images".
        images: Their names and openers.
        targets: Their encoded targets, one row for each; None if they are unknown.
        root: The folder that the names are relative to; None if they are no files of a folder.
        why: Why these are not the test images of the run; "" if they are.
    """

    source: str
    images: tuple[UnlabelledImage, ...]
    targets: NDArray[Any] | None = None
    root: Path | None = None
    why: str = ""

    def __len__(self) -> int:
        return len(self.images)

    def take(self, rows: Sequence[int]) -> FoundImages:
        """Return some of the images."""
        targets = None if self.targets is None else self.targets[list(rows)]
        return replace(self, images=tuple(self.images[row] for row in rows), targets=targets)

    def is_readable(self) -> bool:
        """Return whether an image can be opened."""
        for each in self.images:
            try:
                each.open()
            except Exception:  # decoders raise anything for files that are no images
                continue
            return True
        return False

    def shuffled(self, seed: int) -> FoundImages:
        """Return the images in a random order."""
        order = np.random.default_rng(derive(seed, "export")).permutation(len(self))
        return self.take(order.tolist())


def images_of_part(result: Result, part: Literal["train", "test"], target: Target) -> FoundImages:
    """List the images of a part of a run.

    Args:
        result: The result of the run.
        part: The part.
        target: The target of the model.

    Raises:
        DataError: The run had its images in memory, or they are no longer there.
        RunError: A file of the run was edited.
    """
    data, columns = _data_of(result)
    names = _names_of_part(result.folder / "split.csv", part)
    listing = list_images(data, result.installed.readers(), columns)
    items = sorted((item for item in listing.items if item.name in names), key=lambda item: item.name)
    if not items:
        raise DataError(f"The images of the run are no longer in {data}.")
    root = Path(data) if Path(data).is_dir() else Path(data).parent
    images = tuple(UnlabelledImage(item.name, item.open) for item in items)
    word = "test images" if part == "test" else "training images"
    return FoundImages(word, images, _encoded(items, target), root)


def given_images(result: Result, images: Any) -> FoundImages:
    """List images that a caller gives."""
    found = tuple(prediction_images(images, readers=result.installed.readers))
    return FoundImages("given images", found, root=Path())


def seed_of(result: Result) -> int:
    """Return the seed of the run; 0 if it is unknown."""
    return int(result.report.get("seed") or 0)


def random_images(why: str, *, seed: int) -> FoundImages:
    """Draw images of coloured noise in several sizes.

    Args:
        why: Why the test images of the run are not used.
        seed: The seed.
    """
    rng = np.random.default_rng(derive(seed, "random images"))
    images = []
    for number in range(RANDOM_IMAGES):
        height, width = rng.integers(MIN_SIDE, MAX_SIDE, 2).tolist()
        coarse = rng.integers(0, 256, (rng.integers(2, 12), rng.integers(2, 12), 3), dtype=np.uint8)
        image = Image.fromarray(coarse).resize((width, height), Image.Resampling.BICUBIC)
        images.append(UnlabelledImage(f"random {number}", image.copy))
    return FoundImages("random images", tuple(images), why=why)


def _data_of(result: Result) -> tuple[str, Any]:
    """Return the path of a run's data, and the columns of a table."""
    if not is_run(result.folder):
        raise DataError(f"{result.folder} holds no run, so its images are unknown.")
    arguments, _ = check_json(read_run_file(result.folder).arguments, result.folder)
    data = arguments.get("data")
    if not isinstance(data, str):
        raise DataError("The run had its images in memory, so they cannot be read again.")
    if not Path(data).exists():
        raise DataError(f"The images of the run are no longer at {data}.")
    known = {name: value for name, value in arguments.items() if name in all_options() and value is not None}
    return data, columns_of(RunConfig.of(**known))


def _names_of_part(path: Path, part: str) -> set[str]:
    if not path.is_file():
        raise DataError(f"There is no {path}: the run was not prepared to its end.")
    table = pd.read_csv(path, dtype=str, keep_default_na=False, usecols=["item", "part"])
    return {original_text(name) for name in table.loc[table["part"] == part, "item"]}


def _encoded(items: Sequence[Item], target: Target) -> NDArray[Any] | None:
    """Return the targets of items; None if the data was relabelled."""
    try:
        return target.encode([item.target for item in items])
    except DataError:
        return None
