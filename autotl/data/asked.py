"""Check what a call says of its data, as far as that needs no look at an image."""

from __future__ import annotations

from difflib import get_close_matches
from pathlib import Path

from autotl.data.forms import as_path
from autotl.errors import DataError


def check_path(source: object) -> None:
    """Raise DataError if ``source`` is a path and nothing is there; the nearest name is suggested."""
    path = as_path(source)
    if path is not None and not path.exists():
        raise DataError(f"There is no {path}.{_near(path)}")


def check_share(test: float) -> None:
    """Raise DataError if ``test`` is not a share of the images that can be kept for the test."""
    if test == 0:
        raise DataError(
            "A test share of 0 was asked for: the test part is what makes the report honest. "
            "Give a share such as 0.2."
        )
    if isinstance(test, bool) or not 0 < test <= 0.9:
        raise DataError(f"The test share {test} is not in (0, 0.9]. Give a share such as 0.2.")


def _near(path: Path) -> str:
    """A hint at what the path may have been meant to be."""
    parent = path.parent
    if not parent.is_dir():
        return f" There is no folder {parent} either: check the path, from {Path.cwd()}."
    close = get_close_matches(path.name, [each.name for each in parent.iterdir()], n=1)
    return f" Did you mean {parent / close[0]}?" if close else f" Check the path, from {Path.cwd()}."
