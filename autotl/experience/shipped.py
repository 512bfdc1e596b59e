"""What comes with the package: rows of experience and measured gains."""

from __future__ import annotations

from autotl.experience.csv_form import shipped
from autotl.experience.gains import Gain
from autotl.experience.row import Row


def shipped_rows() -> list[Row]:
    """Return the rows of experience that come with the package."""
    return shipped(Row, "shipped.csv")


def shipped_gains() -> list[Gain]:
    """Return the measured gains that come with the package."""
    return shipped(Gain, "gains.csv")
