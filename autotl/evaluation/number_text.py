"""Write metrics' names and numbers in users' units for sentences."""

from __future__ import annotations

import math

SPECIAL_NAMES = {"mae": "MAE", "rmse": "RMSE", "r2": "R²", "spearman": "Spearman correlation"}
IN_UNITS = frozenset({"mae", "rmse"})
"""Metrics whose numbers have the unit of the predicted numbers."""
DIGITS = 3
"""Significant digits of a number."""


def metric_name(name: str) -> str:
    """Return the metric's name as sentences write it."""
    return SPECIAL_NAMES.get(name, name.replace("_", " "))


def significant(number: float, *, signed: bool = False) -> str:
    """Return a number with three significant digits, such as ``"5.10"`` or ``"12,300"``."""
    sign = "+" if signed else ""
    if number == 0 or not math.isfinite(number):
        return "0" if number == 0 else "–"
    size = math.floor(math.log10(abs(number)))
    if size < -4:
        return f"{number:{sign}.{DIGITS - 1}e}".replace("-", "−")
    rounded = round(number, DIGITS - 1 - size)
    return f"{rounded:{sign},.{max(0, DIGITS - 1 - size)}f}".replace("-", "−")
