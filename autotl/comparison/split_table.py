"""Compare the images of two runs by the digests of their pixels."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import pandas as pd

from autotl.errors import RunError
from autotl.results.by_target.target_columns import TRUE
from autotl.results.csv_text import original_text

SPLIT_FILE = "split.csv"
LABEL = "label"
"""The column of classes or labels."""


@dataclass(frozen=True, slots=True)
class SharedImages:
    """Images of two runs that have the same pixels.

    Attributes:
        ours: Images of the first run.
        theirs: Images of the second run.
        shared: Images of both.
        relabelled: Different images of both whose targets differ.
    """

    ours: int
    theirs: int
    shared: int
    relabelled: int

    @property
    def same(self) -> bool:
        """Whether both runs have the same images with the same targets."""
        return self.ours == self.theirs == self.shared and not self.relabelled


@contextmanager
def readable(path: Path) -> Iterator[None]:
    """Raise RunError if the block finds the table damaged."""
    try:
        yield
    except (OSError, ValueError, KeyError) as error:
        raise RunError(
            f"{path} cannot be read ({type(error).__name__}: {error}). Restore the file, or copy the run "
            "folder again as a whole."
        ) from error


def read_split(folder: Path) -> pd.DataFrame | None:
    """Return the images that a run trained or tested on.

    It is None without ``split.csv``. Columns are texts: ``item``, ``digest``, ``part`` and ``target``.
    Several numbers are joined by a space.

    Raises:
        RunError: The file is damaged.
    """
    path = folder / SPLIT_FILE
    if not path.is_file():
        return None
    with readable(path):
        table = pd.read_csv(path, dtype=str, keep_default_na=False)
        targets = [name for name in table.columns if name == LABEL or name.startswith(TRUE)]
        texts = [" ".join(row) for row in table[targets].itertuples(index=False, name=None)]
        found = pd.DataFrame(
            {
                "item": [original_text(each) for each in table["item"]],
                "digest": table["digest"],
                "part": table["part"],
                "target": [original_text(each) for each in texts],
            },
            dtype=object,
        )
        return found[found["part"] != ""].reset_index(drop=True)


def shared_images(ours: pd.DataFrame, theirs: pd.DataFrame) -> SharedImages:
    """Count the images that two runs share.

    Args:
        ours: Rows of :func:`read_split` of the first run.
        theirs: Rows of the second run.
    """
    both = Counter(ours["digest"]) & Counter(theirs["digest"])
    targets = [_targets(each) for each in (ours, theirs)]
    relabelled = sum(targets[0][digest] != targets[1][digest] for digest in both)
    return SharedImages(len(ours), len(theirs), both.total(), relabelled)


def _targets(rows: pd.DataFrame) -> dict[str, set[str]]:
    """Return the targets of each digest."""
    found: dict[str, set[str]] = {}
    for digest, target in zip(rows["digest"], rows["target"], strict=True):
        found.setdefault(digest, set()).add(target)
    return found
