"""Find additional images that are copies of labelled ones."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from autotl.api import ROLES, Dataset
from autotl.preparation.copies import ComparedRows, copies_between, needs_features
from autotl.workbench.run_cache import RunCache

Rows = NDArray[np.int64]


@dataclass(frozen=True, slots=True)
class Copies:
    """The additional images that are left out.

    Attributes:
        rows: Their rows, ascending.
        tested: How many of them are copies of test images.
        learned: How many are copies of other labelled images, validation images included.
    """

    rows: Rows
    tested: int = 0
    learned: int = 0

    def note(self, role: str, images: int) -> str:
        """Return a sentence for the user, or "".

        Args:
            role: The role of the images.
            images: How many images were compared.
        """
        if not len(self.rows):
            return ""
        verb = "is" if len(self.rows) == 1 else "are"
        return (
            f"{len(self.rows):,} of {images:,} {ROLES[role]} {verb} left out as copies of labelled images: "
            f"{self.tested:,} of test images, {self.learned:,} of training images."
        )


def find_copies(
    run_cache: RunCache,
    additional: Dataset,
    tested: Rows,
    *,
    backbone: str,
    features: NDArray[np.float32] | None,
) -> Copies:
    """Compare additional images with all labelled ones, test images included.

    Images with equal pixels or equal perceptual hashes are copies. If features are given, near copies are
    found as among the labelled images. Near copies of texts are found by their words. Validation images are
    training images of other folds, so their copies are left out too. Even without a label, a copy shows the
    network an image that it will be validated on.

    Args:
        run_cache: The labelled images, and their features.
        additional: The additional images.
        tested: The rows of the test images.
        backbone: The name of the backbone of the features.
        features: Features of the additional images, (m, features); None to compare hashes alone.
    """
    own = run_cache.dataset
    pairs = _equal_pixels(own.table["digest"].to_numpy(), additional.table["digest"].to_numpy())
    labelled = ComparedRows(own, np.arange(len(own)))
    given = ComparedRows(additional, np.arange(len(additional)))
    pairs += copies_between(labelled, given)
    if features is not None and needs_features(additional):
        rows, known = _known_features(run_cache, backbone)
        near = copies_between(
            ComparedRows(own, rows, known), replace(given, features=features), among_first=True
        )
        pairs += [(int(rows[place]), each) for place, each in near]
    is_test = np.zeros(len(own), dtype=bool)
    is_test[tested] = True
    of_test = {each for own_row, each in pairs if is_test[own_row]}
    found = {each for _, each in pairs}
    return Copies(np.array(sorted(found), dtype=np.int64), len(of_test), len(found - of_test))


def _equal_pixels(own: NDArray[np.object_], given: NDArray[np.object_]) -> list[tuple[int, int]]:
    """Return pairs of a labelled and an additional row with equal pixels."""
    place = {digest: row for row, digest in enumerate(own)}
    return [(place[digest], row) for row, digest in enumerate(given) if digest in place]


def _known_features(run_cache: RunCache, backbone: str) -> tuple[Rows, NDArray[np.float32]]:
    """Return the labelled rows with known features, and these."""
    size = run_cache.backbones[backbone].input_size
    rows, features = run_cache.order, run_cache.features(backbone, input_size=size).numpy()
    if (looked := run_cache.extra_features.get((backbone, size))) is None:
        return rows, features
    return np.concatenate([rows, looked[0]]), np.concatenate([features, looked[1]])
