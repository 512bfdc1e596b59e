"""Keep a diary of a search: a JSON line for each event, in the file that AUTOTL_DIARY names."""

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
    _note("search_started", plan=plan)


@hookimpl
def autotl_trial_finished(record: Record) -> None:
    _note("trial_finished", record=record)


@hookimpl
def autotl_search_finished(result: Result) -> None:
    _note("search_finished", folder=result.folder, verdict=result.verdict, test=result.report.get("test"))


def _note(event: str, **facts: Any) -> None:
    if not (file := os.environ.get(VARIABLE)):
        return
    line = {"at": datetime.now(UTC).isoformat(timespec="seconds"), "event": event, **plain(facts)}
    # one write: the lines of several runs in one file stay whole
    with Path(file).open("a", encoding="utf-8", errors="replace") as diary:
        diary.write(json.dumps(line, ensure_ascii=False) + "\n")
