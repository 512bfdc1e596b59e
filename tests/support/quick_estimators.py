"""Estimators whose fits take a second or two."""

from __future__ import annotations

from typing import Any

QUICK: dict[str, Any] = {
    "backbone": "tiny",
    "strategies": "linear_probe",
    "trials": 1,
    "device": "cpu",
    "fit_args": {"image_size": 32},
}
"""Parameters of one trial with frozen features."""
