"""Check the values of a row that is read from a file."""

from __future__ import annotations

import json
import math
from collections.abc import Mapping, Sequence
from typing import Any

POSITIVE = ("n_train", "n_test", "n_classes")
"""Numbers of images and classes of a measured row."""
LISTS = ("trials", "notes", "contributions")
"""Columns that hold JSON lists."""
_OBJECTS = ("params", "versions")
_GAIN_NUMBERS = ("gain", "low", "high", "p")
_GAIN_TEXTS = ("role", "strategy", "compared_with", "answer")
_PLACE_NUMBERS = ("unadapted", "delivered", "gain")
_PLACE_TEXTS = ("chosen", "reason")
_TARGETS = ("single_label", "multi_label", "regression")


def check_values(record: Mapping[str, Any]) -> None:
    """Check the types and sizes of a record with parsed JSON.

    Raises:
        ValueError: If a value is wrong.
    """
    for name, kind in (*((name, dict) for name in _OBJECTS), *((name, list) for name in LISTS)):
        if not isinstance(record[name], kind):
            raise ValueError(f"{name} must be a JSON {'object' if kind is dict else 'list'}.")
    for name in (*_OBJECTS, *LISTS, "adaptation"):
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
    for each in record["contributions"]:
        _check_object("each contribution", each, _GAIN_NUMBERS, _GAIN_TEXTS)
    if record["adaptation"] is not None:
        _check_object("adaptation", record["adaptation"], _PLACE_NUMBERS, _PLACE_TEXTS)
    if record.get("target", _TARGETS[0]) not in _TARGETS:
        raise ValueError(f"target must be one of {', '.join(_TARGETS)} (got {record['target'][:40]}).")


def _check_object(what: str, found: object, numbers: Sequence[str], texts: Sequence[str]) -> None:
    """Check the values that a leaderboard shows; a missing one counts as null."""
    if not isinstance(found, dict):
        raise ValueError(f"{what} must be a JSON object.")
    for name in numbers:
        _check_number(f"the {name} of {what}", found.get(name))
    for name in texts:
        value = found.get(name)
        if value is not None and not isinstance(value, str):
            raise ValueError(f"the {name} of {what} must be a text or null (got {str(value)[:40]}).")


def _check_trial(trial: object) -> None:
    if not isinstance(trial, dict):
        raise ValueError("each trial must be a JSON object.")
    _check_number("the val of a trial", trial.get("val"))


def _check_number(what: str, value: object) -> None:
    if value is None:
        return
    if not isinstance(value, int | float) or isinstance(value, bool) or not math.isfinite(value):
        raise ValueError(f"{what} must be a finite number or null (got {str(value)[:40]}).")
