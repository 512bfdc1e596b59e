"""Look things up in a report document, any part of which may be missing or null."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

Report = Mapping[str, Any]
"""The content of report.json, described key by key in docs/report.md."""

SCRATCH = "from_scratch"
"""The strategy every transfer is compared with, unless the report names another baseline."""


def at(report: Any, *path: str) -> Any:
    """What lies at ``path``, or None as soon as anything on the way is missing or null."""
    for key in path:
        report = report.get(key) if isinstance(report, Mapping) else None
    return report


def section(report: Any, *path: str) -> Mapping[str, Any]:
    """The mapping at ``path``; empty where there is none."""
    found = at(report, *path)
    return found if isinstance(found, Mapping) else {}


def rows(report: Any, *path: str) -> list[Any]:
    """The sequence at ``path`` without its nulls; empty where there is none."""
    found = at(report, *path)
    if not isinstance(found, Sequence) or isinstance(found, str):
        return []
    return [each for each in found if each is not None]


def baseline(report: Report) -> str:
    """The name of the strategy that transfer is compared with."""
    return str(at(report, "when", "transfer_gain", "baseline") or SCRATCH).split()[0]


def is_winner(report: Report, arm: Mapping[str, Any]) -> bool:
    """Whether ``arm`` is the one the verdict names."""
    verdict = section(report, "verdict")
    return bool(verdict.get("strategy")) and all(
        arm.get(k) == verdict.get(k) for k in ("strategy", "backbone")
    )


def ranked_arms(report: Report) -> list[Mapping[str, Any]]:
    """The arms: the winner first, then by test score, then by validation score; those without either last."""

    def place(arm: Mapping[str, Any]) -> tuple[bool, bool, float, float]:
        test, val = arm.get("test"), arm.get("best_val")
        sign = 1 if at(report, "test", "higher_is_better") is False else -1
        return not is_winner(report, arm), test is None, sign * (test or 0.0), sign * (val or 0.0)

    return sorted((arm for arm in rows(report, "arms") if isinstance(arm, Mapping)), key=place)


def class_names(report: Report) -> list[str]:
    """The classes in label order."""
    named = at(report, "classes") or [at(each, "class") for each in rows(report, "test", "per_class")]
    return ["?" if each is None else str(each) for each in named]


def confusion(report: Report) -> list[list[int]]:
    """The confusion matrix; empty unless it is whole: one row and one column of counts per class."""
    matrix, classes = rows(report, "test", "confusion"), len(class_names(report))
    whole = len(matrix) == classes and all(
        isinstance(row, Sequence) and len(row) == classes for row in matrix
    )
    if not whole or not all(isinstance(cell, int | float) for row in matrix for cell in row):
        return []
    return [[int(cell) for cell in row] for row in matrix]


def confused_pairs(report: Report) -> list[tuple[str, str, int, int]]:
    """(true class, answer, images, images of the true class) of every mistake, the most frequent first."""
    names = class_names(report)
    found = [
        (names[i], names[j], cell, sum(row))
        for i, row in enumerate(confusion(report))
        for j, cell in enumerate(row)
        if i != j and cell
    ]
    return sorted(found, key=lambda pair: -pair[2])
