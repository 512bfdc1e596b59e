"""Labelled images, from what a reader finds to the parts of a split."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Literal, Protocol, runtime_checkable

from autotl.api.pixel_scale import PixelScale
from autotl.api.task import Applies

if TYPE_CHECKING:
    import numpy as np
    import pandas as pd
    from numpy.typing import NDArray
    from PIL import Image

    Rows = NDArray[np.int64]

Part = Literal["train", "val", "test"]

NO_GROUPS = "none"
"""Given as the group column: use no groups and look for none, unless a column has this name."""


@dataclass(frozen=True, slots=True)
class Item:
    """One labelled image as a reader found it.

    ``open`` decodes it, and may raise: an unreadable image is listed and skipped. ``part`` is the part of a
    split the user's own data puts it in; images of one ``group`` never straddle a split.
    """

    name: str
    label: str
    open: Callable[[], Image.Image]
    group: str | None = None
    part: Part | None = None


@dataclass(frozen=True, slots=True)
class Listing:
    """What a reader found; ``notes`` say what it inferred, in sentences shown to the user."""

    items: Sequence[Item]
    notes: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Columns:
    """Which columns of a table hold what; None where the reader is to find out.

    ``group`` may be ``NO_GROUPS``.
    """

    image: str | None = None
    label: str | None = None
    group: str | None = None


@runtime_checkable
class Reader(Protocol):
    """Turns one form of data into a listing. The first reader, by name, that says it reads a form is used."""

    name: str
    summary: str

    def reads(self, source: object) -> Applies:
        """Whether this form is mine. Looks, but reads no image."""
        ...

    def read(self, source: object, columns: Columns) -> Listing:
        """List the images. Raises :class:`autotl.errors.DataError` where the form is right and its content
        wrong.
        """
        ...


@runtime_checkable
class ReadsUnlabelled(Protocol):
    """A :class:`Reader` that also lists images without labels, for ``predict``."""

    def images(self, source: object, columns: Columns) -> Sequence[tuple[str, Callable[[], Image.Image]]]:
        """List the name of each image, and what opens it. Raises as :meth:`Reader.read` does."""
        ...


@dataclass(frozen=True, slots=True)
class Dataset:
    """Images that can be opened, in the order of their content digests.

    ``table`` has one row per image, indexed 0…n-1: ``item`` (its name), ``label`` (an index into
    ``classes``), ``group``, ``digest`` (of the decoded pixels), ``part``, ``height`` and ``width`` in pixels,
    ``looks`` (a 64-bit perceptual hash: few bits differ between copies of a picture), ``taken`` (the camera
    and the second, or None). If groups were found, ``together`` has the number of each image's group, or -1.
    ``openers[i]`` gives row i as an upright RGB image. ``unreadable`` maps the items left out to the reason.
    ``digest`` names the content as a whole. ``left_out`` images were not read for lack of time. ``scale``
    says how pixel values of more than 8 bits become those of the RGB images; None if each image tells.
    """

    table: pd.DataFrame
    openers: Sequence[Callable[[], Image.Image]]
    classes: tuple[str, ...]
    digest: str
    notes: tuple[str, ...] = ()
    unreadable: Mapping[str, str] = field(default_factory=dict)
    left_out: int = 0
    scale: PixelScale | None = None

    def __len__(self) -> int:
        return len(self.openers)


@dataclass(frozen=True, slots=True)
class Fold:
    """Rows to learn from and rows to validate on."""

    train: Rows
    val: Rows


@dataclass(frozen=True, slots=True)
class Splits:
    """Rows by part. ``train`` holds validation too; ``folds`` say how it is divided.

    Small data is divided ``repeats`` times over, each time otherwise: the folds of a repeat follow those of
    the one before, as many in each. Within a repeat no row is validated twice; over repeats every row is.
    ``kind`` is ``"kfold"`` or ``"holdout"``, or ``"given"`` where the user's own validation part was kept.
    ``hash`` depends on the digests in each part alone: the same images split the same way have the same hash.
    """

    train: Rows
    test: Rows
    folds: tuple[Fold, ...]
    kind: Literal["kfold", "holdout", "given"]
    hash: str
    repeats: int = 1

    @property
    def first(self) -> tuple[Fold, ...]:
        """The folds of the first repeat: no two of them validate on the same row."""
        return self.folds[: len(self.folds) // self.repeats]

    @property
    def held_out(self) -> float:
        """The share of the training rows that a fold leaves for validation, and a network that is to be
        delivered may learn from: 0 where the user's own validation part is kept.
        """
        fold = self.folds[0]
        return 0.0 if self.kind == "given" else len(fold.val) / max(1, len(fold.train) + len(fold.val))
