"""Put the test scores of a report into tables."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import pandas as pd

from autotl.errors import DataError, RunError
from autotl.report.document.report import Report
from autotl.results.by_target.mistakes import label_confusion, read_answers

_SCORES = {"single_label": "per_class", "multi_label": "per_label", "regression": "per_column"}
"""The part of ``test`` in the report that has the scores, by the kind of target."""
_INTERVAL = "_ci95"
_LEADERBOARD = (
    "strategy", "backbone", "best_val", "test", "ci95", "trials", "folds", "seconds", "state", "reason",
)  # fmt: skip


def confusion_table(report: Report, folder: Path) -> pd.DataFrame:
    """Return the counts behind :meth:`autotl.results.Result.confusion`.

    Args:
        report: The report.
        folder: The run folder.

    Raises:
        DataError: The model predicts numbers.
        RunError: The run was not finished, or the report was edited.
    """
    names = report.class_names
    if report.target.kind == "regression":
        raise DataError(
            f"confusion() needs classes or labels (got numbers: {', '.join(names)}). Use mistakes() for the "
            "largest errors, or per_class() for the scores of each number."
        )
    if report.target.kind == "multi_label":
        return label_confusion(read_answers(folder))
    if not report.confusion:
        raise RunError(
            f"{folder / 'report.json'} has no confusion matrix: the run was not finished. Resume it with "
            "autotl resume."
        )
    given, predicted = (pd.Index(names, name=axis, dtype=object) for axis in ("given", "predicted"))
    return pd.DataFrame(report.confusion, index=given, columns=predicted)


def leaderboard_table(arms: Sequence[Mapping[str, Any]]) -> pd.DataFrame:
    """Return the rows behind :meth:`autotl.results.Result.leaderboard`."""
    table = pd.DataFrame(arms)
    return table[[name for name in _LEADERBOARD if name in table.columns]]


def score_table(test: Mapping[str, Any], kind: str) -> pd.DataFrame:
    """Return the scores behind :meth:`autotl.results.Result.per_class`.

    Args:
        test: The ``test`` part of the report.
        kind: The kind of target.
    """
    rows = [_flat(each) for each in test.get(_SCORES.get(kind, "per_class")) or ()]
    return pd.DataFrame(rows)


def _flat(scores: Mapping[str, Any]) -> dict[str, Any]:
    """Return the scores with a column for each end of an interval.

    Lists and histograms are left out.
    """
    row: dict[str, Any] = {}
    for key, value in scores.items():
        if key.endswith(_INTERVAL):
            name, ends = key.removesuffix(_INTERVAL), value if _is_interval(value) else (None, None)
            row |= {f"{name}_low": ends[0], f"{name}_high": ends[1]}
        elif not isinstance(value, Sequence | Mapping) or isinstance(value, str):
            row[key] = value
    return row


def _is_interval(value: Any) -> bool:
    return isinstance(value, Sequence) and len(value) == 2
