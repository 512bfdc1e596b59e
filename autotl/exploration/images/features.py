"""Compute the features of all images, in blocks on disk."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray

from autotl.api import Backbone, BackboneSource, Weights
from autotl.backbone import Workload, candidates, create, describe, find, pooled
from autotl.clock import Clock
from autotl.data import (
    UnlabelledImage,
    failure_reason,
    map_in_threads,
    upright_rgb,
    view_of,
    without_pillow_warnings,
)
from autotl.errors import DataError
from autotl.exploration.images.scan import Scan
from autotl.exploration.work_folder import Matrix, RowFile
from autotl.modalities import modality_of
from autotl.progress import report_progress
from autotl.training import forward_in_batches, to_device

AUTO = ("auto",)
BLOCK = 256
"""Images in a block: 38 MB of pixels at 224 px, and seconds of work."""
ONE_BACKBONE_SECONDS = 599.0
"""A budget for which ``candidates`` chooses a single backbone."""
FEW_IMAGES = 1000
"""The images that the choice of the backbone counts on, because each image passes through it only once."""


@dataclass(frozen=True, slots=True)
class ImageRows:
    """The distinct images, row by row."""

    images: Sequence[UnlabelledImage]
    scan: Scan

    def __len__(self) -> int:
        return len(self.scan.numbers)

    def image(self, row: int) -> UnlabelledImage:
        """Return the image of a row."""
        return self.images[self.scan.numbers[row]]


def choose_weights(
    names: Sequence[str], sources: Mapping[str, BackboneSource], *, device: str, images: int
) -> tuple[list[Weights], list[str]]:
    """Return the named backbones, or the default one with notes.

    Args:
        names: The names, or "auto" alone.
        sources: The sources of backbones, by name.
        device: Runs the networks.
        images: The number of images.

    Raises:
        UnknownName: No source opens a name.
        WeightsError: No backbone can be opened.
    """
    if tuple(names) != AUTO:
        return [find(name, sources) for name in names], []
    chosen, notes = candidates(
        sources, device=device, seconds=ONE_BACKBONE_SECONDS, images=min(images, FEW_IMAGES)
    )
    name = chosen[0].name
    reason = "without labels, there is no measurement by which another would be better"
    return chosen[:1], [*notes[:-1], f"Uses {name}, the strongest backbone at hand: {reason}."]


def describe_backbones(
    chosen: Sequence[Weights], rows: ImageRows, *, image_size: int | None, device: str, clock: Clock
) -> list[Backbone]:
    """Open backbones, with the image size that suits the images.

    Args:
        chosen: The weights.
        rows: The images.
        image_size: The image size in pixels; None for the recommended one.
        device: Runs the networks.
        clock: The clock.

    Raises:
        DataError: A backbone does not take the image size, or two have the same name.
    """
    found: dict[str, Backbone] = {}
    for weights in chosen:
        report_progress(f"loading {weights.name}")
        facts = describe(
            weights,
            typical_size=rows.scan.typical_size,
            device=device,
            workload=Workload(len(rows), None, len(chosen)),
            clock=clock,
        )
        if facts.name in found:
            raise DataError(f"Two backbones are called {facts.name!r}. Name each once, or rename a folder.")
        if image_size is not None and facts.config.fixed and image_size != facts.config.input_size:
            raise DataError(
                f"image_size must be {facts.config.input_size} for {facts.name} (got {image_size}). "
                "Leave it out, or choose another backbone."
            )
        found[facts.name] = facts if image_size is None else replace(facts, input_size=image_size)
    return list(found.values())


def compute_features(rows: ImageRows, backbone: Backbone, folder: Path, *, device: str) -> RowFile:
    """Compute the pooled features (rows, features) of a backbone.

    Blocks that an interrupted process has computed are kept.

    Args:
        rows: The images.
        backbone: The network.
        folder: The folder of unfinished work.
        device: Runs the network.

    Raises:
        DataError: An image has changed since it was read, or has features that are not finite.
    """
    view = view_of(backbone.config, input_size=backbone.input_size)
    key = f"{rows.scan.digest} {backbone.digest} {view.key}"
    file = RowFile(folder, key, (len(rows), backbone.features))
    if file.done == len(rows):
        return file
    model = to_device(create(backbone.weights), device).eval()
    normalise = modality_of(backbone.config).to_batch(backbone.config, device)
    transform = view.transform()

    def pixels_of(row: int) -> NDArray[np.uint8]:
        image = rows.image(row)
        try:
            return transform(upright_rgb(image.open(), rows.scan.scale))
        except Exception as error:  # a plugin's opener may raise anything
            why = failure_reason(error).removesuffix(".")
            raise DataError(
                f"{image.name} has changed since it was read: {why}. Restore the file."
            ) from error

    with without_pillow_warnings():
        for start in range(file.done, len(rows), BLOCK):
            block = range(start, min(start + BLOCK, len(rows)))
            pixels = torch.from_numpy(np.stack(list(map_in_threads(pixels_of, block))))
            found = forward_in_batches(partial(pooled, model), pixels, to_batch=normalise, device=device)
            _write(file, block, found.numpy(), rows)
            report_progress(f"computing features by {backbone.name}: image", block.stop, len(rows))
    return file


def _write(file: RowFile, block: range, values: Matrix, rows: ImageRows) -> None:
    """Write a block of features. Raises DataError if some are not finite."""
    wrong = np.flatnonzero(~np.isfinite(values).all(axis=1))
    if len(wrong):
        name = rows.image(block[int(wrong[0])]).name
        raise DataError(f"The network returned no finite features for {name}. Choose another backbone.")
    file.write(slice(block.start, block.stop), values)
