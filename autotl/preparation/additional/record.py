"""Record the additional images of a run, which a resumed run keeps."""

from __future__ import annotations

from dataclasses import dataclass

from autotl.api import ROLES, Dataset
from autotl.preparation.data_changes import changed, digests


@dataclass(frozen=True, slots=True)
class AdditionalRecord:
    """The images of one role that were read.

    Attributes:
        images: How many.
        digest: The digest of the images and their classes.
        read: How many images were read, if not all were; else None.
        left_out: The digests of images that are copies of labelled ones.
    """

    images: int
    digest: str
    read: int | None = None
    left_out: tuple[str, ...] = ()

    def check(self, role: str, dataset: Dataset) -> None:
        """Raise RunError if the images have changed."""
        if dataset.digest == self.digest:
            return
        counts = f"there were {self.images} and are {len(dataset)}"
        if self.images == len(dataset):
            counts = "their number is the same, but some have other pixels or classes"
        raise changed(f"the {ROLES[role]} differ: {counts} ({digests(self.digest, dataset.digest)})")
