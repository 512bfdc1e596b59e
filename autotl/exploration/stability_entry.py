"""Write the stability of clusters as plain data."""

from __future__ import annotations

from typing import Any

from autotl.exploration.grouping.stability import Stability


def stability_entry(each: Stability) -> dict[str, Any]:
    """Return the figures of a number of clusters, as ``explore.json`` has them."""
    return {
        "k": each.k,
        "mean": each.mean,
        "spread": each.spread,
        "error": each.error,
        "null_mean": each.null_mean,
        "null_error": each.null_error,
        "gain": each.gain,
        "explained": each.explained,
        "null_explained": each.null_explained,
        "null_explained_error": each.null_explained_error,
        "clear": each.is_clear,
    }
