"""Read the class names that the hub stores in Parquet files."""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Any

import numpy as np

_METADATA_KEY = b"huggingface"


def parquet_class_names(metadata: dict[bytes, bytes] | None) -> dict[str, tuple[str, ...]]:
    """Return the class names of each ClassLabel column."""
    try:
        document = json.loads((metadata or {}).get(_METADATA_KEY, b"{}"))
    except (ValueError, RecursionError):
        return {}
    features = _mapping_in(_mapping_in(document, "info"), "features")
    return {str(column): names for column, feature in features.items() if (names := _class_names(feature))}


def names_of_ids(values: Sequence[Any], names: Sequence[str]) -> list[Any]:
    """Replace class numbers by class names.

    Args:
        values: The cells. Negative numbers, which mark a missing label on the hub, become None. Other values
            are returned unchanged.
        names: The class names.
    """
    return [_name_of_id(value, names) for value in values]


def _name_of_id(value: Any, names: Sequence[str]) -> Any:
    is_whole = isinstance(value, int | np.integer) or (
        isinstance(value, float | np.floating) and float(value).is_integer()
    )
    if isinstance(value, bool) or not is_whole or value >= len(names):
        return value
    return names[int(value)] if value >= 0 else None


def _mapping_in(document: Any, key: str) -> dict[str, Any]:
    value = document.get(key) if isinstance(document, dict) else None
    return value if isinstance(value, dict) else {}


def _class_names(feature: Any) -> tuple[str, ...]:
    names = feature.get("names") if isinstance(feature, dict) else None
    if not isinstance(names, list) or feature.get("_type") != "ClassLabel":
        return ()
    return tuple(names) if all(isinstance(name, str) for name in names) else ()
