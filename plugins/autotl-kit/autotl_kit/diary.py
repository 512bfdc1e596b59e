"""Append a JSON line for each event of a search to the file in AUTOTL_DIARY."""

import json
import os
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from autotl import hookimpl
from autotl.api import Plan, Record
from autotl.jsonio import plain
from autotl.results import Result

VARIABLE = "AUTOTL_DIARY"


@hookimpl
def autotl_search_started(plan: Plan) -> None:
    """Write the plan."""
    _write("search_started", plan=plan)


@hookimpl
def autotl_trial_finished(record: Record) -> None:
    """Write the trial."""
    _write("trial_finished", record=record)


@hookimpl
def autotl_search_finished(result: Result) -> None:
    """Write the verdict and the test score."""
    _write("search_finished", folder=result.folder, verdict=result.verdict, test=result.report.get("test"))


def _write(event: str, **values: Any) -> None:
    if not (file := os.environ.get(VARIABLE)):
        return
    line = {"at": datetime.now(UTC).isoformat(timespec="seconds"), "event": event, **plain(values)}
    # a single write, so that lines of parallel runs do not mix
    with Path(file).open("a", encoding="utf-8", errors="replace") as stream:
        stream.write(json.dumps(line, ensure_ascii=False) + "\n")
