"""The experience rows and measured gains that are shipped with the package."""

from __future__ import annotations

from autotl.experience.csv_form import shipped
from autotl.experience.gains import Gain
from autotl.experience.row import Row


def shipped_rows() -> list[Row]:
    """Return the experience rows shipped with the package."""
    return shipped(Row, "shipped.csv")


def shipped_gains() -> list[Gain]:
    """Return the measured gains shipped with the package."""
    return shipped(Gain, "gains.csv")
