"""The result of an exploration."""

from __future__ import annotations

import shutil
import weakref
from collections.abc import Mapping
from dataclasses import dataclass
from html import escape
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from autotl.errors import RunError
from autotl.exploration.labelled import Labelled, write_labelled
from autotl.exploration.table import TABLE
from autotl.results.card import BOX, CELL
from autotl.results.card import TABLE as TABLE_STYLE

if TYPE_CHECKING:
    import pandas as pd

FEATURES, PAGE = "features.npy", "explore.html"
"""File names in the folder of an exploration."""
MAX_SHOWN = 12
"""Clusters that a notebook shows."""


@dataclass(frozen=True, eq=False)
class Exploration:
    """Clusters, map and findings of images without labels.

    Row i of ``clusters``, ``embedding`` and ``features`` is the same image, which has ``row`` i in
    :meth:`table`.

    >>> found = autotl.explore("photos/", out="explored")
    >>> found.k, found.clear, found.sentence

    Attributes:
        folder: The folder with the page, the tables and ``explore.json``.
        document: The content of ``explore.json``.
        clusters: The cluster of each distinct image, int64 (n,); -1 for images in none.
        embedding: The positions on the map, float32 (n, 2), in [0, 1].
        images: The table of images.
    """

    folder: Path
    document: Mapping[str, Any]
    clusters: NDArray[np.int64]
    embedding: NDArray[np.float32]
    images: pd.DataFrame

    @property
    def k(self) -> int:
        """The number of clusters; 1 if there are no clear ones."""
        return int(self.document["k"])

    @property
    def clear(self) -> bool:
        """Whether the clusters are clear."""
        return bool(self.document["clear"])

    @property
    def sentence(self) -> str:
        """The main result as a sentence."""
        return str(self.document["sentence"])

    @property
    def stability(self) -> Mapping[str, Any] | None:
        """The stability of the chosen number of clusters, with its spread.

        It is None if all features are equal.
        """
        found: Mapping[str, Any] | None = self.document["stability"]
        return found

    @property
    def features(self) -> Path:
        """The file of the features, float32 (n, features), for ``numpy.load``."""
        return self.folder / FEATURES

    def table(self) -> pd.DataFrame:
        """Return the content of ``clusters.csv``: a row per image, representatives first."""
        return self.images.copy()

    def write_labelled(self, out: str | Path) -> Labelled:
        """Write the images with a label as a table for ``fit``.

        Fill in the column ``label`` of ``clusters.csv`` or ``cluster_labels.csv`` before.
        """
        return write_labelled(self.folder / TABLE, out)

    def save(self, folder: str | Path) -> Path:
        """Copy the whole folder.

        Raises RunError if the target is not empty.
        """
        target = Path(folder)
        if target.exists() and any(target.iterdir() if target.is_dir() else [target]):
            raise RunError(f"{target} exists and is not empty. Give a new folder to save to.")
        shutil.copytree(self.folder, target, dirs_exist_ok=True)
        return target

    def remove_with_result(self) -> None:
        """Remove the folder as soon as this result is no longer used."""
        weakref.finalize(self, shutil.rmtree, self.folder, ignore_errors=True)

    def __repr__(self) -> str:
        return f"<autotl.Exploration {self.sentence} [{self.folder}]>"

    def _repr_html_(self) -> str:
        head = "".join(f'<th style="{CELL}">{name}</th>' for name in ("cluster", "images", "example"))
        shown = self.document["clusters"][:MAX_SHOWN]
        body = "".join(
            f'<tr><td style="{CELL}">{each["cluster"]}</td><td style="{CELL}">{each["size"]:,}</td>'
            f'<td style="{CELL}">{escape(each["representatives"][0])}</td></tr>'
            for each in shown
        )
        more = len(self.document["clusters"]) - len(shown)
        return (
            f'<div style="{BOX}"><div style="font-weight:600;font-size:1.1em">{escape(self.sentence)}</div>'
            f'<table style="{TABLE_STYLE}"><tr>{head}</tr>{body}</table>'
            + (f"<div>and {more} more</div>" if more else "")
            + f"<div>Page: <code>{escape(str(self.folder / PAGE))}</code></div></div>"
        )
