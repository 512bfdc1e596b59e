"""Read the class names that a Parquet file of the Hugging Face hub keeps beside its columns."""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Any

import numpy as np

_KEY = b"huggingface"


def class_names_of(metadata: dict[bytes, bytes] | None) -> dict[str, tuple[str, ...]]:
    """The names of the classes by column, for the columns that the file marks as ClassLabel."""
    try:
        found = json.loads((metadata or {}).get(_KEY, b"{}"))
    except (ValueError, RecursionError):
        return {}
    features = _inside(_inside(found, "info"), "features")
    return {str(column): names for column, feature in features.items() if (names := _names(feature))}


def named(values: Sequence[Any], names: Sequence[str]) -> list[Any]:
    """The class names that the numbers stand for; None for those below 0, as the hub writes a missing label.

    Values that are no such numbers come back as they are.
    """
    return [_named(value, names) for value in values]


def _named(value: Any, names: Sequence[str]) -> Any:
    whole = isinstance(value, int | np.integer) or (
        isinstance(value, float | np.floating) and float(value).is_integer()
    )
    if isinstance(value, bool) or not whole or value >= len(names):
        return value
    return names[int(value)] if value >= 0 else None


def _inside(found: Any, key: str) -> dict[str, Any]:
    value = found.get(key) if isinstance(found, dict) else None
    return value if isinstance(value, dict) else {}


def _names(feature: Any) -> tuple[str, ...]:
    names = feature.get("names") if isinstance(feature, dict) else None
    if not isinstance(names, list) or feature.get("_type") != "ClassLabel":
        return ()
    return tuple(names) if all(isinstance(name, str) for name in names) else ()
