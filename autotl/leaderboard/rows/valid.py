"""Check the values of a row that is read from a file."""

from __future__ import annotations

import json
import math
from collections.abc import Mapping
from typing import Any

POSITIVE = ("n_train", "n_test", "n_classes")
"""Numbers of images and classes of a measured row."""
LISTS = ("trials", "notes", "contributions")
"""Columns that hold JSON lists."""
_OBJECTS = ("params", "versions")
_TARGETS = ("single_label", "multi_label", "regression")


def check_values(record: Mapping[str, Any]) -> None:
    """Check the types and sizes of a record with parsed JSON.

    Raises:
        ValueError: If a value is wrong.
    """
    for name, kind in (*((name, dict) for name in _OBJECTS), *((name, list) for name in LISTS)):
        if not isinstance(record[name], kind):
            raise ValueError(f"{name} must be a JSON {'object' if kind is dict else 'list'}.")
    for name in (*_OBJECTS, *LISTS):
        json.dumps(record[name], ensure_ascii=False).encode()  # a lone surrogate has no seal
    for name in POSITIVE if record["logits"] is not None else ():
        if record[name] < 1:
            raise ValueError(f"{name} must be at least 1 (got {record[name]}).")
    for name, value in record.items():
        if isinstance(value, float) and not math.isfinite(value):
            raise ValueError(f"{name} must be finite (got {value}).")
    if any(not isinstance(note, str) for note in record["notes"]):
        raise ValueError("notes must be texts.")
    for trial in record["trials"]:
        _check_trial(trial)
    _check_additions(record)


def _check_additions(record: Mapping[str, Any]) -> None:
    """Check the columns of other targets and additional images, which older files lack."""
    if any(not isinstance(each, dict) for each in record["contributions"]):
        raise ValueError("each contribution must be a JSON object.")
    if record.get("target", _TARGETS[0]) not in _TARGETS:
        raise ValueError(f"target must be one of {', '.join(_TARGETS)} (got {record['target'][:40]}).")


def _check_trial(trial: object) -> None:
    if not isinstance(trial, dict):
        raise ValueError("each trial must be a JSON object.")
    value = trial.get("val")
    is_number = isinstance(value, int | float) and not isinstance(value, bool)
    if value is not None and not (is_number and math.isfinite(value)):
        raise ValueError(f"the val of a trial must be a finite number or null (got {str(value)[:40]}).")
