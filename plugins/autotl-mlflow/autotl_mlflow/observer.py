"""Keep a search in MLflow: a run for the search, and below it one for each trial."""

from __future__ import annotations

import atexit
from collections.abc import Callable, Mapping
from contextlib import suppress
from contextvars import ContextVar
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

from autotl import hookimpl
from autotl.api import Plan, Record
from autotl.jsonio import plain
from autotl_mlflow import runs

if TYPE_CHECKING:  # listing plugins must not cost the time it takes to import torch
    from autotl.results import Result

ARTIFACTS = ("report.html", "report.json", "trials.csv")
STATUS = {"complete": "FINISHED", "failed": "FAILED", "pruned": "KILLED", "stopped": "KILLED"}
DESCRIPTION = "mlflow.note.content"
"""The tag that MLflow shows as a run's description."""


@dataclass(slots=True)
class Search:
    """A search that is being kept: its run, and the run and the score of each trial told so far.

    ``leave`` ends the run of a search that ended without a result.
    """

    run: runs.Run
    leave: Callable[[], None]
    told: int = 0
    trials: dict[int, runs.Run] = field(default_factory=dict)
    scores: dict[int, float] = field(default_factory=dict)


_current: ContextVar[Search | None] = ContextVar("autotl_mlflow", default=None)
"""Hooks are told of a search without being told which; each thread runs its own."""


@hookimpl
def autotl_search_started(plan: Plan) -> None:
    if left := _current.get():  # an error ended the search before this one
        atexit.unregister(left.leave)
        _current.set(None)
        left.leave()
    run = runs.start(_name(plan))

    def leave() -> None:
        with suppress(Exception):  # a stranger's code, when nobody is left to tell
            run.end("KILLED")

    atexit.register(leave)
    _current.set(Search(run, leave))
    task = plan.task
    run.log(
        params={
            "images": task.train_rows,
            "classes": len(task.classes),
            "smallest_class": task.min_per_class,
            "metric": task.metric,
            "folds": plan.folds,
            "budget_seconds": plan.seconds,
            "budget_trials": plan.trials,
        },
        tags={
            "autotl.arms": "; ".join(map(str, plan.arms)),
            "autotl.skipped": "; ".join(f"{arm}: {why}" for arm, why in plan.skipped.items()) or None,
        },
    )


@hookimpl
def autotl_trial_finished(record: Record) -> None:
    """A trial that ran on more folds is told again: its run then has one more step."""
    search = _search()
    search.told += 1
    if record.score is not None:
        search.scores[record.number] = record.score
    best = max(search.scores.values(), default=None)
    params: dict[str, Any] = {}  # MLflow lets none be set twice
    if record.number not in search.trials:
        name = f"{record.number:03} {record.arm.strategy} · {Path(record.arm.backbone).name}"
        search.trials[record.number] = search.run.child(name, seconds=record.seconds)
        about = {"strategy": record.arm.strategy, "backbone": record.arm.backbone, "default": record.default}
        params = {**plain(record.params), **about}
    run = search.trials[record.number]
    numbers = {
        "score": record.score,
        "best_score": best,
        "epochs": record.epochs,
        "folds": record.folds,
        "seconds": record.seconds,
    }
    run.log(
        params=params,
        metrics=numbers,
        tags={"autotl.state": record.state, "autotl.why": record.why or None},
        step=record.folds,
    )
    run.end(STATUS.get(record.state, "FINISHED"))
    search.run.log(metrics=numbers, step=search.told)


@hookimpl
def autotl_search_finished(result: Result) -> None:
    search, report = _search(), result.report
    atexit.unregister(search.leave)
    _current.set(None)
    try:
        search.run.log(
            params={
                "strategy": _at(report, "verdict", "strategy"),
                "backbone": _at(report, "verdict", "backbone"),
                **{f"winner.{name}": value for name, value in (_at(report, "how", "params") or {}).items()},
            },
            metrics={
                **_measured("test", _at(report, "test")),
                **_measured("transfer_gain", _at(report, "when", "transfer_gain")),
                "transfer_gain_p": _at(report, "when", "transfer_gain", "p"),
                "total_seconds": _at(report, "cost", "seconds"),
                "trials": _at(report, "search", "trials"),
            },
            tags={
                "autotl.verdict": _at(report, "verdict", "transfer"),
                "autotl.folder": result.folder,
                "autotl.command": _at(report, "command"),
                "autotl.version": _at(report, "environment", "autotl"),
                DESCRIPTION: _at(report, "verdict", "sentence"),
            },
        )
        for file in (result.folder / name for name in ARTIFACTS):
            if file.is_file():  # a reporter may have been left out
                search.run.keep(file)
    finally:
        search.run.end("FINISHED")


def _search() -> Search:
    if search := _current.get():
        return search
    raise LookupError("A search went on whose start this plugin was not told of.")


def _name(plan: Plan) -> str:
    """The time, and what is known of the data: ``2026-03-01 14:05:09, 5 classes, 3670 images, resnet18``."""
    backbones = {Path(arm.backbone).name for arm in plan.arms}
    only = f", {backbones.pop()}" if len(backbones) == 1 else ""
    now, task = datetime.now().astimezone(), plan.task
    return f"{now:%Y-%m-%d %H:%M:%S}, {len(task.classes)} classes, {task.train_rows} images{only}"


def _measured(name: str, found: Any) -> dict[str, float | None]:
    """A value of the report with its interval, as three metrics; None where it was not measured."""
    low, high = _at(found, "ci95") or (None, None)
    return {name: _at(found, "value"), f"{name}_low": low, f"{name}_high": high}


def _at(report: Any, *keys: str) -> Any:
    """The value at a path of keys; None where any of it is missing."""
    found: Any = report
    for key in keys:
        found = found.get(key) if isinstance(found, Mapping) else None
    return found
