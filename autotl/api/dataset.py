"""Labelled images, from a reader's listing to the parts of a split."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Literal, Protocol, runtime_checkable

from autotl.api.modality.configs import UNNAMED_MODALITY, ModalityName
from autotl.api.pixel_scale import PixelScale
from autotl.api.target import RawTarget, TargetKind, TargetSpec
from autotl.api.task import Applies

if TYPE_CHECKING:
    import numpy as np
    import pandas as pd
    from numpy.typing import NDArray

    from autotl.api.target import Targets

    Rows = NDArray[np.int64]

Part = Literal["train", "val", "test"]

NO_GROUPS = "none"
"""Given as the group column: use no groups and look for none, unless a column has this name."""


@dataclass(frozen=True, slots=True)
class Item:
    """A labelled image or text as a reader found it.

    Attributes:
        name: The image's name.
        target: The target as the data has it: the name of its class, the names of its labels, or its numbers.
        open: Decodes the image or returns the text, and may raise: what is unreadable is listed and skipped.
        group: Images of one group never straddle a split.
        part: The part of a split that the user's own data assigns to the image.
    """

    name: str
    target: RawTarget
    open: Callable[[], Any]
    group: str | None = None
    part: Part | None = None


@dataclass(frozen=True, slots=True)
class Listing:
    """The images or texts that a reader found.

    ``notes`` are sentences for the user about the reader's inferences. ``target`` is None for classes.
    ``modality`` is the kind of all items.
    """

    items: Sequence[Item]
    notes: tuple[str, ...] = ()
    target: TargetSpec | None = None
    modality: ModalityName = UNNAMED_MODALITY


@dataclass(frozen=True, slots=True)
class Columns:
    """The columns of a table by their content.

    None lets the reader find the column.

    Attributes:
        image: The column of images or their paths.
        text: The column of texts, for data without images.
        label: The column of labels. Several columns hold a label or a number each.
        group: The column of groups, or ``NO_GROUPS``.
        target: The kind of target; None lets the reader infer it.
        blank_labels: Whether labels may be missing; the target of such an image is then "". A reader that
            cannot do this refuses such data as usual.
    """

    image: str | None = None
    label: str | tuple[str, ...] | None = None
    group: str | None = None
    target: TargetKind | None = None
    blank_labels: bool = False
    text: str | None = None

    @property
    def labels(self) -> tuple[str, ...]:
        """The named label columns."""
        return (self.label,) if isinstance(self.label, str) else self.label or ()


@runtime_checkable
class Reader(Protocol):
    """Turns one form of data into a listing.

    The first reader, by name, that accepts a form is used.
    """

    name: str
    summary: str

    def reads(self, source: object) -> Applies:
        """Return whether this reader reads the form of ``source``.

        May look at the source, but reads no image.
        """
        ...

    def read(self, source: object, columns: Columns) -> Listing:
        """List the images.

        Raises:
            DataError: :class:`autotl.errors.DataError`, if the form is right and its content is wrong.
        """
        ...


@runtime_checkable
class ReadsUnlabelled(Protocol):
    """A :class:`Reader` that also lists images without labels, for ``predict``."""

    def images(self, source: object, columns: Columns) -> Sequence[tuple[str, Callable[[], Any]]]:
        """List names of images or texts with functions that open them.

        Raises as :meth:`Reader.read` does.
        """
        ...


@dataclass(frozen=True, slots=True)
class Dataset:
    """Images or texts in the order of their content digests.

    Attributes:
        table: A row per image, indexed 0…n-1. ``item`` is the name, ``label`` an index into ``classes``,
            ``digest`` the hash of the decoded pixels. Without classes there is no ``label``, but a float32
            column ``target 0``, ``target 1``, … for each label or number. ``group`` and ``part`` are those of
            the :class:`Item`. ``looks`` is a 64-bit hash of which few bits differ between near copies. Images
            have ``height`` and ``width`` in pixels, and ``taken``: the camera and the second, or None. Texts
            have ``length`` in words, and a ``digest`` that ignores case and white space. If
            groups were found, ``together`` has the number of each image's group, or -1.
        openers: ``openers[i]`` returns row i as an upright RGB image, or as a text.
        target: The kind of target, and the names of its classes, labels or numbers.
        digest: Hash of the content as a whole.
        notes: Sentences for the user.
        unreadable: The reason for each item that was left out.
        left_out: Number of images that were not read because time was short.
        scale: Conversion of pixel values of more than 8 bits to RGB; None if each image has its own.
        modality: The kind of all inputs.
    """

    table: pd.DataFrame
    openers: Sequence[Callable[[], Any]]
    target: TargetSpec
    digest: str
    notes: tuple[str, ...] = ()
    unreadable: Mapping[str, str] = field(default_factory=dict)
    left_out: int = 0
    scale: PixelScale | None = None
    modality: ModalityName = UNNAMED_MODALITY

    def __len__(self) -> int:
        return len(self.openers)

    @property
    def targets(self) -> Targets:
        """The encoded targets, one row for each image.

        Classes are int64 (n,). Labels and numbers are float32 (n, k): labels are 0 or 1, numbers are in the
        user's units.
        """
        if self.target.kind == "single_label":
            return self.table["label"].to_numpy(dtype="int64")
        return self.table[target_columns(self.target)].to_numpy(dtype="float32")

    @property
    def classes(self) -> tuple[str, ...]:
        """The names of the network's outputs: of classes, labels or numbers."""
        return self.target.names


def target_columns(target: TargetSpec) -> list[str]:
    """Return the columns of :attr:`Dataset.table` that hold the encoded targets."""
    if target.kind == "single_label":
        return ["label"]
    return [f"target {number}" for number in range(target.outputs)]


@dataclass(frozen=True, slots=True)
class Fold:
    """Rows to learn from and rows to validate on."""

    train: Rows
    val: Rows


@dataclass(frozen=True, slots=True)
class Splits:
    """Rows by part, with the division of the training rows into folds.

    Attributes:
        train: Rows of the training part, validation rows included.
        test: Rows of the test part.
        folds: The divisions of ``train``. Small data is divided ``repeats`` times, each time differently. The
            folds of one repeat follow those of the previous repeat, and all repeats have equally many. Within
            a repeat no row is validated twice; over repeats every row is.
        kind: ``"kfold"``, ``"holdout"``, or ``"given"`` if the user's own validation part was kept.
        hash: Depends only on the digests in each part. The same images split the same way have the same hash.
        repeats: Number of repeats, at least 1.
    """

    train: Rows
    test: Rows
    folds: tuple[Fold, ...]
    kind: Literal["kfold", "holdout", "given"]
    hash: str
    repeats: int = 1

    @property
    def first(self) -> tuple[Fold, ...]:
        """The folds of the first repeat.

        No two of them validate on the same row.
        """
        return self.folds[: len(self.folds) // self.repeats]

    @property
    def held_out(self) -> float:
        """The share of training rows that a fold holds out.

        The fold validates on these rows. A network that will be delivered may also learn from them. The share
        is 0 if the user's own validation part is kept.
        """
        fold = self.folds[0]
        return 0.0 if self.kind == "given" else len(fold.val) / max(1, len(fold.train) + len(fold.val))
