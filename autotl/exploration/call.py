"""Offer the call that explores images without labels."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import fields
from numbers import Integral
from pathlib import Path
from typing import TYPE_CHECKING, Any

from autotl import plugins, progress, terminal
from autotl.clock import WallClock
from autotl.config.argument_types import check_arguments
from autotl.errors import ArgumentError

if TYPE_CHECKING:
    from autotl.api import Watch
    from autotl.exploration.result import Exploration
    from autotl.exploration.run import Options

MAX_CLUSTERS = 200
"""The largest number of clusters that a page can show."""


def explore(
    images: Any,
    *,
    source: Any = None,
    out: str | Path | None = None,
    backbone: str | Path | Sequence[str | Path] = "auto",
    clusters: int | None = None,
    max_clusters: int = 30,
    image: str | None = None,
    image_size: int | None = None,
    projection: str = "auto",
    device: str = "auto",
    seed: int = 0,
    watch: Watch | None = None,
) -> Exploration:
    """Explore ``images`` without labels: clusters, map, outliers, copies.

    The number of clusters is chosen by their stability. "No clear clusters" is a possible answer. The folder
    has a page to look at, and a table to label from. An interrupted exploration resumes in its folder: the
    features of finished blocks are kept.

    The source images whiten the features by the covariance within their classes (Hariharan, Malik and
    Ramanan, ECCV 2012). It is a form of self-taught clustering (Dai et al., ICML 2008).

    Args:
        images: A folder, a zip, a table, arrays, a data set, or a list of paths or images. Labels are
            ignored.
        source: Labelled images of other classes, in a form that ``fit`` takes. Distances then ignore what
            varies within these classes, if the clusters are more stable with them.
        out: The new folder, or that of an interrupted exploration. By default it is chosen as by
            :func:`autotl.fit`.
        backbone: Names of timm models, or folders with weights. With several, the one with the most stable
            clusters is used, and labels of maximal margin in all spaces are searched for.
        clusters: The number of clusters, from 2 to 200; by default it is chosen.
        max_clusters: The largest number of clusters to try, from 2 to 200.
        image: The column of image paths, in a table.
        image_size: The image size in pixels; by default a size that suits backbone and images.
        projection: The map: "umap", "tsne" or "pca". By default UMAP if it is installed, else t-SNE.
        device: "auto", "cpu", "cuda", "cuda:N" or "mps".
        seed: The seed of all random choices.
        watch: An object that is informed of the progress; by default nothing is printed.

    Returns:
        The clusters, the map and the tables.

    Raises:
        DataError: There are fewer than 20 different images, or they cannot be read, or the source has no
            labels.
        RunError: The folder is in use or holds other files.
    """
    arguments = dict(locals())
    _check(arguments)
    from autotl.data import torch_within_cores
    from autotl.exploration.run import explore_images
    from autotl.training import keep_freed_memory, pick_device

    options, catalog = _options(arguments | {"device": pick_device(device)}), plugins.load()
    with (
        progress.watched_by(terminal.Silence() if watch is None else watch),
        torch_within_cores(),
        keep_freed_memory(options.device == "cpu"),
    ):
        return explore_images(
            images,
            source=source,
            out=out,
            options=options,
            readers=lambda: catalog.readers.items,
            sources=catalog.backbones.items,
            clock=WallClock(),
        )


def _check(arguments: Mapping[str, Any]) -> None:
    """Check the arguments before torch is imported."""
    from autotl.exploration.projection import check_projection

    check_arguments(arguments)
    if arguments["clusters"] is not None:
        _check_number("clusters", arguments["clusters"])
    _check_number("max_clusters", arguments["max_clusters"])
    check_projection(arguments["projection"])


def _options(arguments: Mapping[str, Any]) -> Options:
    """Return the options of a call, with its backbones as a tuple of names."""
    from autotl.exploration.run import Options

    given = arguments["backbone"]
    names = [given] if isinstance(given, str | Path) else given
    values = {each.name: arguments[each.name] for each in fields(Options)}
    return Options(**values | {"backbone": tuple(map(str, names)) or ("auto",)})


def _check_number(name: str, value: object) -> None:
    """Check a number of clusters. Raises ArgumentError."""
    if not isinstance(value, Integral) or isinstance(value, bool) or not 2 <= int(value) <= MAX_CLUSTERS:
        raise ArgumentError(f"{name} must be an integer from 2 to {MAX_CLUSTERS} (got {value!r}).")
