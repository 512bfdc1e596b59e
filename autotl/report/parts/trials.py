"""Build the part of report.json that lists all trials."""

from __future__ import annotations

from dataclasses import asdict
from typing import Any

from autotl.api import Record
from autotl.report.evidence import Evidence


def trial_rows(e: Evidence) -> list[dict[str, Any]]:
    """Return the ``trials`` part, with scores in the metric's own numbers."""
    sign = 1.0 if e.findings.test.higher_is_better else -1.0
    return [_row(record, sign) for record in e.records]


def _row(record: Record, sign: float) -> dict[str, Any]:
    row = asdict(record)
    arm, score = row.pop("arm"), None if record.score is None else sign * record.score
    curve = [(done, sign * each) for done, each in record.curve]
    number = row.pop("number")
    return {
        "number": number, "strategy": arm["strategy"], "backbone": arm["backbone"],
        **row, "score": score, "curve": curve,
    }  # fmt: skip
