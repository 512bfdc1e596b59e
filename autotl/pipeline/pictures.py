"""Keep thumbnails of the images that the report shows."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from autotl import report
from autotl.budget.policy import POLICY
from autotl.clock import Deadline
from autotl.evaluation.number_text import significant
from autotl.finalize.phase import FinalPhase
from autotl.pipeline.prepare import Prepared

if TYPE_CHECKING:  # slow to import, and only tables need it
    import pandas as pd

_WRITING = 0.5
"""Fraction of the report's seconds that remains for writing it."""


def keep_pictures(
    prepared: Prepared,
    mistakes: pd.DataFrame,
    quality: Mapping[str, Any],
    phase: FinalPhase,
    folder: Path,
) -> dict[str, Any]:
    """Write thumbnails, and return the ``pictures`` part of the report.

    Args:
        prepared: The prepared search.
        mistakes: The wrong predictions, the most confident first.
        quality: The ``quality`` of the report.
        phase: The final phase, for the time.
        folder: The run folder.
    """
    dataset = prepared.dataset
    rows = mistakes.head(report.MAX_SHOWN).to_dict("records")
    evidence = report.PictureEvidence(
        dataset,
        prepared.splits.train,
        [_mistake({str(key): value for key, value in row.items()}) for row in rows],
        None if dataset.target.kind == "regression" else len(mistakes),
        quality,
    )
    return report.keep_pictures(evidence, folder, end=_end(phase))


def _mistake(row: Mapping[str, Any]) -> dict[str, Any]:
    """Return a wrong prediction as in ``report.json``; numbers are in words."""
    given, predicted = (row[key] for key in ("given", "predicted"))
    number = row.get("number")
    return {
        "item": row["path"],
        "given": given if number is None else significant(float(given)),
        "predicted": predicted if number is None else significant(float(predicted)),
        "probability": row.get("probability"),
        "missed": row.get("missed"),
        "wrong": row.get("wrong"),
        "number": number,
    }


def _end(phase: FinalPhase) -> Deadline:
    """Return when to stop: before the budget ends, but not at once."""
    now = phase.clock.now()
    left = phase.end - now - _WRITING * POLICY.report_seconds
    seconds = min(max(left, (1 - _WRITING) * POLICY.report_seconds), POLICY.thumbnail_seconds)
    return Deadline(phase.clock, now + seconds)
