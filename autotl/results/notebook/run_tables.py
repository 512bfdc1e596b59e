"""Put the arms and trials of a report into tables."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import pandas as pd

LEADERBOARD = (
    "strategy", "backbone", "best_val", "test", "low", "high", "ci95", "trials", "folds", "seconds", "state",
    "reason",
)  # fmt: skip
"""The columns of a leaderboard."""
SETTING = "params."
"""The beginning of the columns of settings."""


def leaderboard_table(arms: Sequence[Mapping[str, Any]]) -> pd.DataFrame:
    """Return a row for each arm.

    ``low`` and ``high`` are the ends of ``ci95``.

    Args:
        arms: The part ``arms`` of a report.
    """
    rows = [{**arm, **_ends(arm.get("ci95"))} for arm in arms if isinstance(arm, Mapping)]
    table = pd.DataFrame(rows)
    return table[[column for column in LEADERBOARD if column in table.columns]]


def trial_table(trials: Sequence[Mapping[str, Any]]) -> pd.DataFrame:
    """Return a row for each trial.

    Each setting of any trial has a column ``params.NAME``.

    Args:
        trials: The part ``trials`` of a report.
    """
    rows = [trial for trial in trials if isinstance(trial, Mapping)]
    table = pd.DataFrame(rows)
    settings = [params if isinstance(params := each.get("params"), Mapping) else {} for each in rows]
    names = dict.fromkeys(str(name) for each in settings for name in each)
    for name in names:
        # as objects: a setting may be a number for one strategy and a text for another
        values = pd.Series([each.get(name) for each in settings], dtype=object, index=table.index)
        table[f"{SETTING}{name}"] = values.infer_objects()
    return table


def _ends(ci95: Any) -> dict[str, float | None]:
    whole = isinstance(ci95, Sequence) and len(ci95) == 2
    low, high = ci95 if whole else (None, None)
    return {"low": low, "high": high}
