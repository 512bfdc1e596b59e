"""Put a comparison into rows for tables and JSON."""

from __future__ import annotations

from typing import Any

from autotl import jsonio
from autotl.comparison.compared_run import ComparedRun
from autotl.comparison.content import Compared
from autotl.comparison.difference import Difference
from autotl.comparison.disagreements import disagreements
from autotl.comparison.sentences import sentences
from autotl.comparison.split_table import SharedImages

FORMAT = 1
DIFFERENCE = (
    "difference", "difference_low", "difference_high", "difference_metric", "p", "p_corrected", "answer",
    "better_images", "worse_images", "why_not_compared",
)  # fmt: skip
"""The columns that compare a run with the first."""


def records(content: Compared) -> list[dict[str, Any]]:
    """Return a row for each run; see :meth:`autotl.comparison.result.Comparison.table`."""
    rows = zip(
        content.runs,
        [None, *content.images],
        [None, *content.test_images],
        [None, *content.differences],
        strict=True,
    )
    return [
        {
            **_data(run, images, test_images),
            **_run(run),
            **_scores(run),
            **_difference(found),
        }
        for run, images, test_images, found in rows
    ]


def document(content: Compared) -> dict[str, Any]:
    """Return the whole comparison as plain data."""
    plain: dict[str, Any] = jsonio.plain(
        {
            "format": FORMAT,
            "first": content.first.name,
            "sentences": [each.replace("`", "") for each in sentences(content)],
            "runs": records(content),
            "options": content.options,
            "notes": [each.replace("`", "") for each in content.notes],
            "disagreements": disagreements(content.differences).to_dict(orient="records"),
        }
    )
    return plain


def _data(run: ComparedRun, images: SharedImages | None, test: SharedImages | None) -> dict[str, Any]:
    split = run.split
    return {
        "run": run.name,
        "folder": str(run.folder),
        "state": run.state,
        "data": run.report.name,
        "images": None if split is None else len(split),
        "same_images": None if images is None else images.same,
        "shared_images": None if images is None else images.shared,
        "test_images": None if split is None else int((split["part"] == "test").sum()),
        "same_test_images": None if test is None else test.same,
        "shared_test_images": None if test is None else test.shared,
        "scored_images": run.report.test.n,
    }


def _run(run: ComparedRun) -> dict[str, Any]:
    report, seconds = run.report, run.report.cost.seconds
    if seconds is None and run.file is not None and run.file.elapsed:
        seconds = run.file.elapsed
    return {
        "budget_seconds": report.cost.budget_seconds,
        "seconds": seconds,
        "trials": report.search.trials,
        "strategies": ", ".join(tried(run)),
        "strategy": report.verdict.strategy,
        "backbone": report.verdict.backbone,
        "image_size": report.how.image_size,
        "latency_ms": report.cost.latency_ms,
        "size_mb": report.cost.size_mb,
    }


def tried(run: ComparedRun) -> list[str]:
    """Return the strategies with a trial, in the order of the report."""
    return list(dict.fromkeys(arm.strategy for arm in run.report.arms if arm.strategy and arm.trials))


def _scores(run: ComparedRun) -> dict[str, Any]:
    test, gain = run.report.test, run.report.when.transfer_gain
    low, high = test.ci95 or (None, None)
    gain_low, gain_high = (gain.ci95 if gain else None) or (None, None)
    return {
        "metric": test.metric if run.state != "not finished" else None,
        "test": test.value,
        "test_low": low,
        "test_high": high,
        "calibration_error": test.calibration_error,
        "transfer": run.report.verdict.transfer,
        "gain": gain.value if gain else None,
        "gain_low": gain_low,
        "gain_high": gain_high,
        "baseline": gain.baseline if gain else None,
    }


def _difference(found: Difference | None) -> dict[str, Any]:
    if found is None:  # the first run
        return dict.fromkeys(DIFFERENCE)
    gain = found.gain
    low, high = gain.ci95 if gain is not None else (None, None)
    values = (
        gain.value if gain is not None else None,
        low,
        high,
        found.metric.name if found.metric is not None else None,
        gain.p if gain is not None else None,
        found.corrected_p,
        found.answer,
        found.better_images,
        found.worse_images,
        found.why or None,
    )
    return dict(zip(DIFFERENCE, values, strict=True))
